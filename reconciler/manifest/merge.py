"""Merge the files of a folder: mappings are combined, other keys occur once."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from reconciler.manifest.dropped import DroppedPaths
from reconciler.manifest.error_collector import ErrorCollector, ManifestError
from reconciler.manifest.schema.valid_subset import Path
from reconciler.manifest.yaml.parser import Document
from reconciler.manifest.yaml.source_map import Entry, Item, SourceMap
from reconciler.model.sink import STATE

ALLOW: Final = "allow_scopes"
_MAPS: Final = {"instances": "instance", "sinks": "sink", "client_sets": "client set"}
_ONCE: Final = ("state", "endpoints", "defaults", "limits", "rollout", "mark", ALLOW)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedManifest:
    """A manifest in plain values of the published shape.

    `instances`, `sinks` and `client_sets` are sorted by key. `once` contains the keys that may
    occur in one file only. `names` are all keys of the three mappings, including those of dropped
    entries, and the sink `state`. `dropped` are the paths of invalid parts. `nameless` are clients
    that were dropped because of their names; their sinks are checked nevertheless.
    """

    instances: tuple[Entry, ...]
    sinks: tuple[Entry, ...]
    client_sets: tuple[Entry, ...]
    once: Mapping[str, Entry] = field(default_factory=dict)
    moved: tuple[Item, ...] = ()
    names: Mapping[str, frozenset[str]] = field(default_factory=dict)
    dropped: DroppedPaths = field(default_factory=DroppedPaths)
    nameless: tuple[Mapping[str, Any], ...] = ()

    def section(self, key: str) -> Mapping[str, Any]:
        """Return the mapping under a top-level key, empty if it is absent."""
        return self.once[key].value if key in self.once else {}


def merge(
    files: Sequence[Document],
    written: Iterable[Any],
    *,
    source_map: SourceMap,
    report: ErrorCollector,
    dropped: Iterable[Path] = (),
) -> ParsedManifest:
    """Merge files; `written` are their documents with the invalid parts.

    `dropped` are paths in addition to those that each document records.
    """
    maps: dict[str, dict[str, Entry]] = {each: {} for each in _MAPS}
    once: dict[str, Entry] = {}
    moved: list[Item] = []
    missing = {*dropped, *(path for each in files for path in each.dropped)}
    for file in files:
        for entry in source_map.entries(file.value):
            if entry.key in maps:
                missing.update(_unite(maps[entry.key], entry, source_map, report))
            elif entry.key in _ONCE:
                missing.update(_once(once, entry, report))
            elif entry.key == "moved":
                moved += source_map.items(entry.value)
    return ParsedManifest(
        **{name: tuple(found[key] for key in sorted(found)) for name, found in maps.items()},
        once=once,
        moved=tuple(moved),
        names=_names(written),
        dropped=DroppedPaths(missing),
        nameless=tuple(client for each in files for client in each.nameless),
    )


def _unite(
    found: dict[str, Entry], section: Entry, source_map: SourceMap, report: ErrorCollector
) -> Iterator[Path]:
    """Add a file's entries; yield the paths of those that another file defines too."""
    for entry in source_map.entries(section.value):
        if (first := found.setdefault(entry.key, entry)) is not entry:
            report.add(_twice(f"the {_MAPS[section.key]} ", entry, first))
            yield section.key, entry.key


def _once(once: dict[str, Entry], entry: Entry, report: ErrorCollector) -> Iterator[Path]:
    if (first := once.setdefault(entry.key, entry)) is not entry:
        report.add(_twice("", entry, first))
        yield (entry.key,)


def _twice(what: str, entry: Entry, first: Entry) -> ManifestError:
    return ManifestError(
        code="defined-twice",
        message=lambda word: f"{what}{word} is defined twice",
        at=entry.key_at,
        word=entry.key,
        hint="keep one of the two",
        also=((first.key_at, "first defined here"),),
    )


def _names(written: Iterable[Any]) -> Mapping[str, frozenset[str]]:
    names: dict[str, set[str]] = {each: set() for each in _MAPS}
    names["sinks"].add(STATE)
    for document in written:
        for section, found in names.items():
            if isinstance(document, dict) and isinstance(document.get(section), dict):
                found.update(document[section])
    return {section: frozenset(found) for section, found in names.items()}
