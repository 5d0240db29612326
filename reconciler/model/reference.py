"""Where a credential is to be found: a manifest never holds one."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvRef:
    """The value of an environment variable."""

    name: str

    def definition(self) -> Mapping[str, object]:
        """Return the reference as the manifest writes it; it goes into the plan's id."""
        return {"env": self.name}

    def __str__(self) -> str:
        return f"environment variable {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRef:
    """The content of a file, less one trailing newline; relative to the manifest's folder."""

    path: str

    def definition(self) -> Mapping[str, object]:
        """Return the reference as the manifest writes it; it goes into the plan's id."""
        return {"file": self.path}

    def __str__(self) -> str:
        return f"file {self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRef:
    """The standard output of a command, less one trailing newline; run without a shell."""

    argv: tuple[str, ...]

    def definition(self) -> Mapping[str, object]:
        """Return the reference as the manifest writes it; it goes into the plan's id."""
        return {"command": list(self.argv)}

    def __str__(self) -> str:
        return f"command {self.argv[0]}"


CredentialRef = EnvRef | FileRef | CommandRef
