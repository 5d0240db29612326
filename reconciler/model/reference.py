"""Where a credential is to be found: a manifest never holds one.

A `template` is the text of the manifest, before its placeholders were filled in for one instance.
It names the references of a fleet; two references are equal without it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvRef:
    """The value of an environment variable."""

    name: str
    template: str = field(default="", compare=False)

    def definition(self) -> Mapping[str, object]:
        """Return the reference as the manifest writes it; it goes into the plan's id."""
        return {"env": self.name}

    def texts(self) -> Iterator[tuple[str, str]]:
        """Yield what a message may show of the reference, with its template."""
        yield self.name, self.template

    def __str__(self) -> str:
        return f"environment variable `{self.name}`"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRef:
    """The content of a file, less one trailing newline; relative to the manifest's folder."""

    path: str
    template: str = field(default="", compare=False)

    def definition(self) -> Mapping[str, object]:
        """Return the reference as the manifest writes it; it goes into the plan's id."""
        return {"file": self.path}

    def texts(self) -> Iterator[tuple[str, str]]:
        """Yield what a message may show of the reference, with its template."""
        yield self.path, self.template

    def __str__(self) -> str:
        return f"file {self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRef:
    """The standard output of a command, less one trailing newline; run without a shell."""

    argv: tuple[str, ...]
    template: tuple[str, ...] = field(default=(), compare=False)

    def definition(self) -> Mapping[str, object]:
        """Return the reference as the manifest writes it; it goes into the plan's id."""
        return {"command": list(self.argv)}

    def texts(self) -> Iterator[tuple[str, str]]:
        """Yield what a message may show of the reference, with its template."""
        yield from zip(self.argv, self.template, strict=False)

    def __str__(self) -> str:
        return f"command {self.argv[0]}"


CredentialRef = EnvRef | FileRef | CommandRef
