"""Resolve client sets: which instances each selects, and which clients each instance gets."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from reconciler.manifest.dropped import DroppedPaths
from reconciler.manifest.error_collector import ErrorCollector, ManifestError, quoted
from reconciler.manifest.merge import ParsedManifest
from reconciler.manifest.resolve.instance_selector import InstanceSelector
from reconciler.manifest.resolve.placeholders import PlaceholderFiller
from reconciler.manifest.schema.did_you_mean import Suggestions
from reconciler.manifest.yaml.source_map import Entry, Item, SourceMap
from reconciler.model.client_name import form
from reconciler.model.placeholders import has_braces
from reconciler.model.strings import plural


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSet:
    """One client set: its settings and its clients."""

    name: str
    settings: Mapping[str, Any]
    clients: tuple[Item, ...]


class ClientEntry(NamedTuple):
    """One client that an instance gets; `source` is None for the instance's own entry.

    `overrides` names the set whose client it replaces. `filled` is the name with its
    placeholders filled in, None if it has no braces.
    """

    client: Mapping[str, Any]
    at: int
    source: ClientSet | None
    overrides: str | None = None
    filled: str | None = None

    @property
    def name(self) -> str:
        """Return the client's name."""
        return str(self.client["name"]) if self.filled is None else self.filled


def client_sets(
    manifest: ParsedManifest, source_map: SourceMap, report: ErrorCollector
) -> Mapping[str, Sequence[ClientSet]]:
    """Return the sets that select each instance, in the order of the text.

    A set that selects no instance is reported.
    """
    fleet = InstanceSelector(manifest.instances)
    suggestions = Suggestions()
    selecting: dict[str, list[ClientSet]] = {}
    for entry in sorted(manifest.client_sets, key=lambda each: each.key_at):
        clients = tuple(source_map.items(entry.value["clients"]))
        made = ClientSet(name=entry.key, settings=entry.value, clients=clients)
        _check_names(made, source_map, report)
        select = entry.value["select"]
        selected = fleet.selected(select)
        if not selected and not manifest.dropped.selected_by(entry.key, labels="labels" in select):
            report.add(_selects_nothing(entry, fleet, suggestions, source_map))
        for number in selected if clients else ():
            selecting.setdefault(manifest.instances[number].key, []).append(made)
    return selecting


def _check_names(each: ClientSet, source_map: SourceMap, report: ErrorCollector) -> None:
    first: dict[str, ClientEntry] = {}
    for client, at in each.clients:
        claim = ClientEntry(client, at, each)
        # Names with placeholders are compared on each instance, when they are filled in.
        key = claim.name if has_braces(claim.name) else form(claim.name)
        if (other := first.setdefault(key, claim)) is not claim:
            report.add(_twice(claim, other, source_map))
        if "override" in client:
            report.add(_no_override(claim, source_map))


def _selects_nothing(
    entry: Entry, fleet: InstanceSelector, suggestions: Suggestions, source_map: SourceMap
) -> ManifestError:
    return ManifestError(
        code="selects-nothing",
        message=f"the client set {quoted(entry.key)} selects no instance",
        at=source_map.value(entry.value, "select"),
        hint=lambda: fleet.meant(entry.value["select"], suggestions),
    )


class ClientResolver:
    """Decides which clients each instance gets, and collects the clashes."""

    def __init__(
        self,
        source_map: SourceMap,
        report: ErrorCollector,
        dropped: DroppedPaths,
        placeholders: PlaceholderFiller,
    ) -> None:
        self._source_map = source_map
        self._report = report
        self._dropped = dropped
        self._placeholders = placeholders
        self._values: Mapping[str, str] = {}
        self._instance_at = 0
        self._doubled: set[tuple[int, int]] = set()
        self._clashes: dict[tuple[int, int], tuple[ClientEntry, ClientEntry, list[str]]] = {}

    def of(
        self, instance: Entry, sets: Iterable[ClientSet], values: Mapping[str, str]
    ) -> dict[str, ClientEntry]:
        """Return one instance's clients by the normalized form of their names.

        `values` are the instance's placeholder values.
        """
        self._values, self._instance_at = values, instance.key_at
        found, overriding = self._own(instance)
        overridden = set()
        for each in sets:
            for client, at in each.clients:
                claim = self._entry(client, at, each)
                name = form(claim.name)
                if name in overriding:
                    overridden.add(name)
                    found[name] = found[name]._replace(overrides=each.name)
                    continue
                if (other := found.setdefault(name, claim)) is not claim:
                    self._clash(claim, other, instance.key)
        if overriding and not self._may_override(instance.key):
            for name in sorted(overriding - overridden):
                self._report.add(_overrides_nothing(found[name], self._source_map))
        return found

    def _entry(self, client: Mapping[str, Any], at: int, source: ClientSet | None) -> ClientEntry:
        name = client["name"]
        if not has_braces(name):
            return ClientEntry(client, at, source)
        name_at = self._source_map.value(client, "name")
        filled = self._placeholders.fill(name, name_at, self._values, self._instance_at)
        if filled is not None and not filled.strip():
            self._report.add(_blank(name_at, self._instance_at))
        return ClientEntry(client, at, source, filled=filled)

    def _may_override(self, key: str) -> bool:
        """Return if a dropped part may have given the instance a client to override."""
        return self._dropped.a_set_client or self._dropped.of_instance(key, "labels")

    def _own(self, instance: Entry) -> tuple[dict[str, ClientEntry], set[str]]:
        """Return an instance's own entries by name, and the names of those that override."""
        found: dict[str, ClientEntry] = {}
        overriding = set()
        clients = instance.value.get("clients")
        for client, at in self._source_map.items(clients) if clients else ():
            claim = self._entry(client, at, None)
            if (other := found.setdefault(form(claim.name), claim)) is not claim:
                self._report.add(_twice(claim, other, self._source_map))
            elif client.get("override"):
                overriding.add(form(claim.name))
        return found, overriding

    def _clash(self, claim: ClientEntry, other: ClientEntry, instance: str) -> None:
        if claim.source is other.source:
            self._double(claim, other)
            return
        own, given = (other, claim) if other.source is None else (claim, other)
        _, _, keys = self._clashes.setdefault((own.at, given.at), (own, given, []))
        keys.append(instance)

    def _double(self, claim: ClientEntry, other: ClientEntry) -> None:
        """Report, once, two entries of a set whose names are equal after filling placeholders."""
        pair = (claim.at, other.at)
        if pair not in self._doubled and (claim.filled, other.filled) != (None, None):
            self._doubled.add(pair)
            self._report.add(_twice(claim, other, self._source_map))

    def report_clashes(self) -> None:
        """Report each pair of entries that clash, once for all instances where they do."""
        for claim, other, keys in self._clashes.values():
            self._report.add(_clashing(claim, other, keys, self._source_map))


def _clashing(
    claim: ClientEntry, other: ClientEntry, keys: list[str], source_map: SourceMap
) -> ManifestError:
    where = f"the instance {quoted(keys[0])}"
    if len(keys) > 1:
        where += f" (like {plural(len(keys) - 1, 'other instance')})"
    from_set = quoted(other.source.name if other.source else "")
    return ManifestError(
        code="client-clash",
        message=f"{where} gets the client {quoted(claim.name)} from two places" + _as(claim, other),
        at=source_map.value(claim.client, "name"),
        hint="rename one, or mark the instance's own entry `override: true`"
        if claim.source is None
        else "rename one, narrow a `select`, or give the instance an entry of its own that has "
        "`override: true`",
        also=(
            (source_map.value(other.client, "name"), f"the client set {from_set} gives it, too"),
        ),
    )


def _blank(at: int, instance_at: int) -> ManifestError:
    return ManifestError(
        code="blank-name",
        message="the placeholders of this name leave only spaces",
        at=at,
        hint="give the label a value, or add text to the name",
        also=((instance_at, "on this instance"),),
    )


def _twice(claim: ClientEntry, other: ClientEntry, source_map: SourceMap) -> ManifestError:
    return ManifestError(
        code="duplicate-client",
        message=f"the client {quoted(claim.name)} is already in this list" + _as(claim, other),
        at=source_map.value(claim.client, "name"),
        also=((source_map.value(other.client, "name"), "first defined here"),),
    )


def _as(claim: ClientEntry, other: ClientEntry) -> str:
    """Name the other spelling if the two names differ, because Domo may take them as equal."""
    if claim.name == other.name:
        return ""
    return f", the other time as {quoted(other.name)}: Domo may take these names as equal"


def _no_override(claim: ClientEntry, source_map: SourceMap) -> ManifestError:
    return ManifestError(
        code="misplaced-override",
        message="`override` is for an instance's own entry, not for one of a client set",
        at=source_map.key(claim.client, "override"),
        hint="remove it here; put it on the instance's entry that should win",
    )


def _overrides_nothing(claim: ClientEntry, source_map: SourceMap) -> ManifestError:
    return ManifestError(
        code="overrides-nothing",
        message=f"no client set gives {quoted(claim.name)} to this instance: there is nothing to "
        "override",
        at=source_map.key(claim.client, "override"),
        hint="remove `override`",
    )
