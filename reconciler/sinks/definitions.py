"""The types of sinks that are built in: what a manifest contains of them, and their targets."""

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal, Self

from reconciler.model.placeholders import Role, fill, static_folder
from reconciler.model.sink import (
    Reading,
    SinkDefinition,
    SinkTarget,
    recorded_file,
)
from reconciler.model.strings import seconds

FileFormat = Literal["json", "dotenv", "raw"]

_TIMEOUT: Final = 30.0
"""Seconds that a command may take unless the manifest sets a `timeout`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSink(SinkDefinition):
    """A file for each client. `path` has placeholders and is relative to the manifest's folder."""

    type: ClassVar = "file"
    schema: ClassVar = {
        "properties": {
            "path": {
                "$ref": "#/$defs/line",
                "description": "The file, relative to the manifest's folder; it may contain"
                " placeholders.",
            },
            "format": {
                "title": "format",
                "description": "json (the default), dotenv, or raw for the secret alone.",
                "enum": ["json", "dotenv", "raw"],
            },
        },
        "required": ["path"],
    }
    templates: ClassVar = {"path": Role.PATH}
    identity: ClassVar = ("path",)
    noun: ClassVar = "file"
    adapter: ClassVar = "reconciler.sinks.file:FileAdapter"

    path: str
    format: FileFormat = "json"

    @classmethod
    def decode(cls, name: str, value: Mapping[str, Any]) -> Self:
        """Return the definition of the sink `name`."""
        return cls(name=name, path=value["path"], format=value.get("format", "json"))

    def definition(self) -> Mapping[str, object]:
        """Return the path's template and the format, for the plan's id."""
        return {"type": "file", "path": self.path, "format": self.format}

    def target(self, values: Mapping[str, str]) -> SinkTarget:
        """Return the file of one client."""
        return file_target(
            sink=self.name,
            path=fill(self.path, values),
            form=self.format,
            within=static_folder(self.path),
        )

    @property
    def reading(self) -> Reading:
        """Return that reading a file is harmless."""
        return Reading.ALWAYS

    @property
    def path_template(self) -> str | None:
        """Return the template of the files."""
        return self.path


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecSink(SinkDefinition):
    """A command for each client that gets JSON on standard input; `timeout` is in seconds.

    `read` is a command that prints what the first one was given. Only `verify` runs it, so the
    plan's id does not cover it.
    """

    type: ClassVar = "exec"
    schema: ClassVar = {
        "properties": {
            "command": {
                "$ref": "#/$defs/command",
                "description": "The command, as a list of its arguments; they may contain"
                " placeholders.",
            },
            "read": {
                "$ref": "#/$defs/command",
                "description": "A command that prints back what the first one was given, or the"
                " secret alone; run by `verify --from-sink` only.",
            },
            "timeout": {
                "$ref": "#/$defs/interval",
                "description": "How long each command may take; 30s by default.",
            },
        },
        "required": ["command"],
    }
    templates: ClassVar = {"command": Role.ARGUMENT, "read": Role.ARGUMENT}
    identity: ClassVar = ("command",)
    noun: ClassVar = "command"
    adapter: ClassVar = "reconciler.sinks.exec:ExecAdapter"

    command: tuple[str, ...]
    timeout: float = _TIMEOUT
    read: tuple[str, ...] | None = None

    @classmethod
    def decode(cls, name: str, value: Mapping[str, Any]) -> Self:
        """Return the definition of the sink `name`."""
        return cls(
            name=name,
            command=tuple(value["command"]),
            timeout=seconds(value["timeout"]) if "timeout" in value else _TIMEOUT,
            read=tuple(value["read"]) if "read" in value else None,
        )

    def definition(self) -> Mapping[str, object]:
        """Return the command's template and its timeout, for the plan's id."""
        return {"type": "exec", "command": list(self.command), "timeout": self.timeout}

    def target(self, values: Mapping[str, str]) -> SinkTarget:
        """Return the command lines for one client."""
        return exec_target(
            sink=self.name,
            argv=tuple(fill(part, values) for part in self.command),
            timeout=self.timeout,
            read=tuple(fill(part, values) for part in self.read) if self.read else None,
        )

    @property
    def reading(self) -> Reading:
        """Return whether there is a command that reads back; `verify` runs it on request."""
        return Reading.ON_REQUEST if self.read else Reading.NEVER

    @property
    def reading_hint(self) -> str:
        """Return how to give the sink such a command."""
        return "give it a `read`, a command that prints what it was given"


def file_target(*, sink: str, path: str, form: FileFormat, within: str = "") -> SinkTarget:
    """Return a file as a target.

    `within` is the part of the folder that the user wrote without placeholders ("" for the
    manifest's folder). No name, label or symbolic link below it leads a secret out of it.
    """
    return SinkTarget(
        sink=sink,
        kind="file",
        text=f"{form} file {path}",
        path=path,
        data={"format": form, "within": within},
    )


def exec_target(
    *, sink: str, argv: tuple[str, ...], timeout: float, read: tuple[str, ...] | None = None
) -> SinkTarget:
    """Return command lines as a target; the `timeout` of each is in seconds."""
    return SinkTarget(
        sink=sink,
        kind="exec",
        text="command " + " ".join(argv),
        data={"argv": argv, "timeout": timeout, "read": read},
    )


def recorded_target(text: str) -> SinkTarget | None:
    """Return the file that a delivery recorded, None if it recorded another kind of target.

    Only the folder of the file itself is trusted, so that no link leads out of it.
    """
    match recorded_file(text):
        case ("json" | "dotenv" | "raw" as form, path):
            return file_target(sink="", path=path, form=form, within=posixpath.dirname(path))
        case _:
            return None
