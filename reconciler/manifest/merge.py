"""The files of a folder, united: maps come together, the rest is said once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from reconciler.manifest.positions import Atlas, Entry, Item
from reconciler.manifest.report import Finding, Report, quoted

_MAPS: Final = {"instances": "instance", "sinks": "sink", "client_sets": "client set"}
_ONCE: Final = ("state", "endpoints", "defaults", "limits", "rollout", "mark")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A manifest in plain values of the published shape.

    `instances`, `sinks` and `client_sets` are sorted by key; `once` has the keys that only one file
    may have. `names` are all keys of the three maps as written, also of entries that were too wrong
    to be here. `whole` is false where something had to be left out: what seems to be absent may
    not be.
    """

    instances: tuple[Entry, ...]
    sinks: tuple[Entry, ...]
    client_sets: tuple[Entry, ...]
    once: Mapping[str, Entry] = field(default_factory=dict)
    moved: tuple[Item, ...] = ()
    names: Mapping[str, frozenset[str]] = field(default_factory=dict)
    whole: bool = True

    def section(self, key: str) -> Mapping[str, Any]:
        """Return the mapping under a key that stands once, empty where it does not stand."""
        return self.once[key].value if key in self.once else {}


def merge(
    documents: Iterable[Mapping[str, Any]],
    written: Iterable[Any],
    *,
    atlas: Atlas,
    report: Report,
    whole: bool,
) -> Manifest:
    """Unite documents; `written` are the same ones before wrong parts were left out."""
    maps: dict[str, dict[str, Entry]] = {each: {} for each in _MAPS}
    once: dict[str, Entry] = {}
    moved: list[Item] = []
    for document in documents:
        for entry in atlas.entries(document):
            if entry.key in maps:
                _unite(maps[entry.key], entry, atlas, report)
            elif entry.key in _ONCE:
                _once(once, entry, report)
            elif entry.key == "moved":
                moved += atlas.items(entry.value)
    return Manifest(
        **{name: tuple(found[key] for key in sorted(found)) for name, found in maps.items()},
        once=once,
        moved=tuple(moved),
        names=_names(written),
        whole=whole,
    )


def _unite(found: dict[str, Entry], section: Entry, atlas: Atlas, report: Report) -> None:
    for entry in atlas.entries(section.value):
        if (first := found.setdefault(entry.key, entry)) is not entry:
            what = f"the {_MAPS[section.key]} {quoted(entry.key)}"
            report.add(_twice(what, entry.key_at, first.key_at))


def _once(once: dict[str, Entry], entry: Entry, report: Report) -> None:
    if (first := once.setdefault(entry.key, entry)) is not entry:
        report.add(_twice(quoted(entry.key), entry.key_at, first.key_at))


def _twice(what: str, at: int, first: int) -> Finding:
    return Finding(
        code="defined-twice",
        message=f"{what} is defined twice",
        at=at,
        hint="keep one of the two",
        also=((first, "first defined here"),),
    )


def _names(written: Iterable[Any]) -> Mapping[str, frozenset[str]]:
    names: dict[str, set[str]] = {each: set() for each in _MAPS}
    for document in written:
        for section, found in names.items():
            if isinstance(document, dict) and isinstance(document.get(section), dict):
                found.update(document[section])
    return {section: frozenset(found) for section, found in names.items()}
