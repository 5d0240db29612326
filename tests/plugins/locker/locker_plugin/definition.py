"""The definition of the sink `locker`; it imports nothing that works on files."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from reconciler.ports.plugin import Reading, Role, SinkDefinition, SinkTarget, fill


@dataclass(frozen=True, slots=True, kw_only=True)
class LockerSink(SinkDefinition):
    """An entry for each client in one file."""

    type: ClassVar = "locker"
    schema: ClassVar = {
        "properties": {
            "file": {"$ref": "#/$defs/line", "description": "The file of the locker."},
            "entry": {"$ref": "#/$defs/line", "description": "The name of a client's entry."},
            "format": {
                "title": "locker format",
                "description": "The version of the file's format.",
                "enum": [1, 2],
            },
        },
        "required": ["file", "entry"],
    }
    templates: ClassVar = {"entry": Role.TEXT}
    identity: ClassVar = ("file", "entry")
    noun: ClassVar = "entry"
    adapter: ClassVar = "locker_plugin.adapter:LockerAdapter"

    file: str
    entry: str

    @classmethod
    def decode(cls, name: str, value: Mapping[str, Any]) -> Self:
        """Return the definition."""
        if value["file"].endswith("/"):
            raise ValueError("`file` must not end in a slash")
        return cls(name=name, file=value["file"], entry=value["entry"])

    def definition(self) -> Mapping[str, object]:
        """Return what decides where secrets go."""
        return {"type": "locker", "file": self.file, "entry": self.entry}

    def target(self, values: Mapping[str, str]) -> SinkTarget:
        """Return the entry of one client."""
        entry = fill(self.entry, values)
        return SinkTarget(
            sink=self.name,
            kind="locker",
            text=f"locker {self.file} {entry}",
            data={"file": self.file, "entry": entry},
        )

    @property
    def reading(self) -> Reading:
        """Return that entries may be read at any time."""
        return Reading.ALWAYS


class HalfwaySink(LockerSink):
    """A definition whose adapter does not exist."""

    type: ClassVar = "halfway"
    adapter: ClassVar = "locker_plugin.adapter:Missing"

    def target(self, values: Mapping[str, str]) -> SinkTarget:
        """Return the entry of one client."""
        return SinkTarget(sink=self.name, kind="halfway", text=f"halfway {values['client']}")
