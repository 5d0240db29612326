"""The settings that every level may give: the nearer value wins."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from reconciler.model.client import OnRemove, Replace
from reconciler.model.sink import STATE
from reconciler.model.text import seconds

SETTINGS: Final = frozenset(("sink", "on_remove", "protect", "rotate_after", "overlap", "replace"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What holds for a client where nothing nearer says otherwise; times are in seconds."""

    sinks: tuple[str, ...] = (STATE,)
    on_remove: OnRemove = "keep"
    protect: bool = False
    rotate_after: float | None = None
    overlap: float = 0.0
    replace: Replace = "create_first"

    def nearer(self, level: Mapping[str, Any]) -> "Policy":
        """Return what holds under a nearer level, which may give some settings anew."""
        if SETTINGS.isdisjoint(level):
            return self
        get = level.get
        return Policy(
            sinks=_names(level["sink"]) if "sink" in level else self.sinks,
            on_remove=get("on_remove", self.on_remove),
            protect=get("protect", self.protect),
            rotate_after=_due(level["rotate_after"])
            if "rotate_after" in level
            else self.rotate_after,
            overlap=duration(level["overlap"]) if "overlap" in level else self.overlap,
            replace=get("replace", self.replace),
        )


def _names(sink: str | list[str]) -> tuple[str, ...]:
    return (sink,) if isinstance(sink, str) else tuple(sink)


def _due(text: str) -> float | None:
    return None if text == "never" else seconds(text)


def duration(value: str | float) -> float:
    """Return a duration of the published shape in seconds; the number 0 may stand for `0`."""
    return seconds(value) if isinstance(value, str) else 0.0
