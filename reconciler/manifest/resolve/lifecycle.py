"""Resolve the settings that every level may have: the innermost value wins."""

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
"""Settings that cause an action for a client even if the client's own entry is unchanged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LifecycleSettings:
    """The settings of a level, inherited by the levels inside it; times are in seconds.

    `given` has the locations of inherited settings that cause an action by themselves.
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
        """Return the settings of an inner level, which may replace some of them.

        `source_map` is passed for a level with many clients, to record the settings' locations.
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
    """Return a valid duration in seconds; it may be the number 0."""
    return seconds(value) if isinstance(value, str) else 0.0
