"""The reference `{keyring: {file: PATH, entry: NAME}}`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from reconciler.ports.plugin import CredentialRef


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyringRef(CredentialRef):
    """One entry of a file."""

    source: ClassVar = "keyring"
    schema: ClassVar = {
        "title": "keyring",
        "description": "An entry of a keyring.",
        "type": "object",
        "required": ["file", "entry"],
        "additionalProperties": False,
        "properties": {"file": {"$ref": "#/$defs/line"}, "entry": {"$ref": "#/$defs/line"}},
    }
    adapter: ClassVar = "keyring_plugin.adapter:KeyringAdapter"

    path: str
    entry: str

    @classmethod
    def decode(cls, value: Any, template: Any) -> Self:  # noqa: ARG003 (it names no fleet)
        """Return the reference."""
        return cls(path=value["file"], entry=value["entry"])

    def definition(self) -> Mapping[str, object]:
        """Return the reference as the manifest writes it."""
        return {"keyring": {"file": self.path, "entry": self.entry}}

    @property
    def file(self) -> str | None:
        """Return the keyring, over which no secret may be written."""
        return self.path

    def __str__(self) -> str:
        return f"entry `{self.entry}` of keyring {self.path}"
