"""Why so much changes: the lines of the manifest from which several changes follow."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from reconciler.model.source_location import SourceLocation
from reconciler.plan.action import Action, Kind, Origin
from reconciler.plan.render.grouping import SUMMARY

MANY = 2
"""From so many changes on, a line is worth naming; a single change names its own line."""


@dataclass(slots=True, kw_only=True)
class RootCause:
    """A line that several changes follow from: a setting of a wider level, or a set's client.

    `setting` is the wider level's key, None if it is a client's entry in the set `client_set`.
    """

    place: SourceLocation
    setting: str | None
    client_set: str | None
    kinds: Counter[Kind] = field(default_factory=Counter)
    instances: set[str] = field(default_factory=set)

    @property
    def counts(self) -> str:
        """Return how many actions of each kind follow from the line."""
        counts = [(self.kinds[each], each.value) for each in SUMMARY]
        return ", ".join(f"{count:,} to {kind}" for count, kind in counts if count)


def root_causes(actions: Iterable[Action]) -> list[RootCause]:
    """Return the lines that several changes follow from, the one with the most first."""
    found: dict[tuple[SourceLocation, str | None], RootCause] = {}
    for each in actions:
        ended = each.kind in (Kind.REVOKE, Kind.FORGET) and not each.retires
        if each.origin is not None and not ended:  # where it left from is no line that wants it
            root = found.setdefault(_key(each.origin), _root(each.origin))
            root.kinds[each.kind] += 1
            root.instances.add(each.address.instance)
    several = [each for each in found.values() if each.kinds.total() >= MANY]
    return sorted(several, key=lambda each: (-each.kinds.total(), each.place))


def _key(origin: Origin) -> tuple[SourceLocation, str | None]:
    return (origin.cause.place, origin.cause.setting) if origin.cause else (origin.place, None)


def _root(origin: Origin) -> RootCause:
    if origin.cause is not None:
        setting, place = origin.cause
        return RootCause(place=place, setting=setting, client_set=None)
    return RootCause(place=origin.place, setting=None, client_set=origin.client_set)
