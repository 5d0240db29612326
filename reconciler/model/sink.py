"""Sinks as values: the definition of one in a manifest, and the target for one client's secret.

The types of sinks are in `reconciler.sinks` and in plugins. Everything else works with the two
classes of this module, so that a new type changes no code outside of its own.
"""

import posixpath
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Final, Self

from reconciler.model.placeholders import Role

STATE: Final = "state"
"""The sink that always exists: the state itself."""

_RECORDED: Final = re.compile(r"(?P<format>json|dotenv|raw) file (?P<path>.+)", re.DOTALL)


class Reading(StrEnum):
    """When `verify` reads a secret back from a sink.

    `ON_REQUEST` is for a sink that runs or asks something to read: `--from-sink` names it.
    """

    ALWAYS = "always"
    ON_REQUEST = "on-request"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkTarget:
    """The place of one client's secret in one sink, with its placeholders filled in.

    `kind` is the type of the sink. `text` describes the target: the plan and the state show and
    record it, and a delivery counts as long as the text stays the same. It begins with the kind
    unless the target is a file that the type `file` writes. `path` is the file on this machine
    that the secret is written to, relative to the manifest's folder, None without a file. `data`
    is for the adapter alone.
    """

    sink: str
    kind: str
    text: str
    path: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        return self.text


STATE_TARGET: Final = SinkTarget(sink=STATE, kind=STATE, text=STATE)
"""The state keeps the secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkDefinition(ABC):
    """One sink of a manifest. Each type is a subclass; `ports.plugin` is the guide for plugins.

    `schema` has the JSON Schema `properties` and the `required` keys of the type, without `type`.
    `templates` are the keys whose strings take placeholders. `identity` are the keys that decide
    whether two targets are the same one; None means all keys. `noun` names a target in messages.
    `adapter` is `module:Class`; it is imported when a secret is probed, delivered or read.
    """

    type: ClassVar[str]
    schema: ClassVar[Mapping[str, Any]]
    templates: ClassVar[Mapping[str, Role]] = {}
    identity: ClassVar[tuple[str, ...] | None] = None
    noun: ClassVar[str] = "target"
    adapter: ClassVar[str]

    name: str

    @classmethod
    @abstractmethod
    def decode(cls, name: str, value: Mapping[str, Any]) -> Self:
        """Return the definition of the sink `name`; `value` matches the schema.

        Raises:
            ValueError: a value is wrong in a way that the schema cannot express.

        """

    @abstractmethod
    def definition(self) -> Mapping[str, object]:
        """Return everything that decides where secrets go, as JSON values, for the plan's id."""

    @abstractmethod
    def target(self, values: Mapping[str, str]) -> SinkTarget:
        """Return the target of one client; `values` are those of the placeholders."""

    @property
    def reading(self) -> Reading:
        """Return when `verify` may read secrets back."""
        return Reading.NEVER

    @property
    def reading_hint(self) -> str:
        """Return what makes the sink readable, for a sink that is never read."""
        return f"sinks of type {self.type} are not read back"

    @property
    def path_template(self) -> str | None:
        """Return the template of the files that the sink writes on this machine, if it does."""
        return None


def recorded_file(text: str) -> tuple[str, str] | None:
    """Return the format and the path of a file that a delivery recorded; None for other targets.

    A path out of the manifest's folder is None as well: the state may come from another user, who
    must not choose which files are read or removed.
    """
    found = _RECORDED.fullmatch(text)
    if found is None or posixpath.isabs(found["path"]) or ".." in found["path"].split("/"):
        return None
    return found["format"], found["path"]
