"""Where a secret goes: the sinks as defined, and the targets that they become for one client."""

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

STATE = "state"
"""The sink that always exists: the state file itself."""

FileFormat = Literal["json", "dotenv", "raw"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSink:
    """A file for each client; `path` has placeholders, relative to the manifest's folder."""

    name: str
    path: str
    format: FileFormat = "json"

    def definition(self) -> Mapping[str, object]:
        """Return what the manifest says, for the plan's id."""
        return {"type": "file", "path": self.path, "format": self.format}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecSink:
    """A command for each client, fed JSON on standard input; `timeout` is in seconds.

    `read` prints back what the command was given; only `verify` runs it, so that it is no part of
    what a plan talks to.
    """

    name: str
    command: tuple[str, ...]
    timeout: float = 30.0
    read: tuple[str, ...] | None = None

    def definition(self) -> Mapping[str, object]:
        """Return what the manifest says, for the plan's id."""
        return {"type": "exec", "command": list(self.command), "timeout": self.timeout}


SinkDefinition = FileSink | ExecSink


@dataclass(frozen=True, slots=True, kw_only=True)
class StateTarget:
    """The state file keeps the secret."""

    sink: str = STATE

    def __str__(self) -> str:
        return STATE


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTarget:
    """One file, its placeholders filled in; `path` may be relative to the manifest's folder.

    `within` is the folder that the user wrote without placeholders ("" for the manifest's own):
    no name, label or symbolic link below it leads a secret out of it.
    """

    sink: str
    path: str
    format: FileFormat
    within: str = ""

    def __str__(self) -> str:
        return f"{self.format} file {self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecTarget:
    """Command lines, their placeholders filled in; `timeout` of each is in seconds."""

    sink: str
    argv: tuple[str, ...]
    timeout: float
    read: tuple[str, ...] | None = None

    def __str__(self) -> str:
        return "command " + " ".join(self.argv)


def file_target(sink: str, written: str) -> FileTarget | None:
    """Return the file that a delivery recorded, None if it was another kind of target.

    Nothing but the file's own folder is known of it, so that no link leads out of that. A path out
    of the manifest's folder is None as well: a state that was made by another must not choose it.
    """
    form, _, path = written.partition(" file ")
    if posixpath.isabs(path) or ".." in path.split("/"):
        return None
    for known in get_args(FileFormat):
        if form == known and path:
            return FileTarget(sink=sink, path=path, format=known, within=posixpath.dirname(path))
    return None


SinkTarget = StateTarget | FileTarget | ExecTarget
