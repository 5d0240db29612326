"""The settings that every level may give: the nearer value wins."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from reconciler.manifest.yaml.source_map import SourceMap
from reconciler.model.client import OnRemove, Replace
from reconciler.model.sink import STATE
from reconciler.model.source_location import SourceLocation
from reconciler.model.strings import seconds

SETTINGS: Final = frozenset(("sink", "on_remove", "protect", "rotate_after", "overlap", "replace"))
_CAUSES: Final = ("sink", "rotate_after")
"""The settings from which an action follows although the client's own entry is as it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LifecycleSettings:
    """What holds for a client where nothing nearer says otherwise; times are in seconds.

    `given` says where the settings that change a client by themselves stand.
    """

    sinks: tuple[str, ...] = (STATE,)
    on_remove: OnRemove = "keep"
    protect: bool = False
    rotate_after: float | None = None
    overlap: float = 0.0
    replace: Replace = "create_first"
    given: Mapping[str, SourceLocation] = field(default_factory=dict)

    def override_with(
        self, level: Mapping[str, Any], source_map: SourceMap | None = None
    ) -> "LifecycleSettings":
        """Return what holds under a nearer level, which may give some settings anew.

        `atlas` is given for a level of many clients: the places of its settings are kept.
        """
        if SETTINGS.isdisjoint(level):
            return self
        get = level.get
        return LifecycleSettings(
            sinks=_names(level["sink"]) if "sink" in level else self.sinks,
            on_remove=get("on_remove", self.on_remove),
            protect=get("protect", self.protect),
            rotate_after=_due(level["rotate_after"])
            if "rotate_after" in level
            else self.rotate_after,
            overlap=duration(level["overlap"]) if "overlap" in level else self.overlap,
            replace=get("replace", self.replace),
            given=_given(self.given, level, source_map),
        )


def _given(
    wider: Mapping[str, SourceLocation], level: Mapping[str, Any], source_map: SourceMap | None
) -> Mapping[str, SourceLocation]:
    found = {name: place for name, place in wider.items() if name not in level}
    if source_map is not None:
        for name in _CAUSES:
            if name in level:
                found[name] = source_map.place(source_map.key(level, name))
    return found


def _names(sink: str | list[str]) -> tuple[str, ...]:
    return (sink,) if isinstance(sink, str) else tuple(sink)


def _due(text: str) -> float | None:
    return None if text == "never" else seconds(text)


def duration(value: str | float) -> float:
    """Return a duration of the published shape in seconds; the number 0 may stand for `0`."""
    return seconds(value) if isinstance(value, str) else 0.0
