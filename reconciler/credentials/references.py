"""The sources of credentials that are built in, as references of a manifest."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from reconciler.model.placeholders import Role
from reconciler.model.reference import CredentialRef


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvRef(CredentialRef):
    """The value of an environment variable."""

    source: ClassVar = "env"
    schema: ClassVar = {
        "description": "The name of an environment variable.",
        "$ref": "#/$defs/line",
    }
    role: ClassVar = Role.VARIABLE
    adapter: ClassVar = "reconciler.credentials.env:EnvSource"

    name: str
    template: str = field(default="", compare=False)

    @classmethod
    def decode(cls, value: Any, template: Any) -> Self:
        """Return the reference to the variable `value`."""
        return cls(name=value, template=template)

    def definition(self) -> Mapping[str, object]:
        """Return the reference as the manifest writes it."""
        return {"env": self.name}

    def texts(self) -> Iterator[tuple[str, str]]:
        """Yield the name with its template."""
        yield self.name, self.template

    @property
    def variables(self) -> tuple[str, ...]:
        """Return the variable."""
        return (self.name,)

    def __str__(self) -> str:
        return f"environment variable `{self.name}`"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRef(CredentialRef):
    """The content of a file without one trailing newline; relative to the manifest's folder."""

    source: ClassVar = "file"
    schema: ClassVar = {
        "description": "The path of a file, relative to the manifest's folder.",
        "$ref": "#/$defs/line",
    }
    role: ClassVar = Role.PATH
    adapter: ClassVar = "reconciler.credentials.file:FileSource"

    path: str
    template: str = field(default="", compare=False)

    @classmethod
    def decode(cls, value: Any, template: Any) -> Self:
        """Return the reference to the file `value`."""
        return cls(path=value, template=template)

    def definition(self) -> Mapping[str, object]:
        """Return the reference as the manifest writes it."""
        return {"file": self.path}

    def texts(self) -> Iterator[tuple[str, str]]:
        """Yield the path with its template."""
        yield self.path, self.template

    @property
    def file(self) -> str | None:
        """Return the path."""
        return self.path

    def __str__(self) -> str:
        return f"file {self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRef(CredentialRef):
    """The standard output of a command without one trailing newline; it runs without a shell."""

    source: ClassVar = "command"
    schema: ClassVar = {
        "$ref": "#/$defs/command",
        "description": "A command that prints the credential, as a list of its arguments.",
    }
    role: ClassVar = Role.ARGUMENT
    adapter: ClassVar = "reconciler.credentials.command:CommandSource"

    argv: tuple[str, ...]
    template: tuple[str, ...] = field(default=(), compare=False)

    @classmethod
    def decode(cls, value: Any, template: Any) -> Self:
        """Return the reference to the command line `value`."""
        return cls(argv=tuple(value), template=tuple(template))

    def definition(self) -> Mapping[str, object]:
        """Return the reference as the manifest writes it."""
        return {"command": list(self.argv)}

    def texts(self) -> Iterator[tuple[str, str]]:
        """Yield each argument with its template."""
        yield from zip(self.argv, self.template, strict=False)

    def __str__(self) -> str:
        return f"command {self.argv[0]}"
