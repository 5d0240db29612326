"""Client sets: which instances each selects, and what an instance gets from where."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import translate
from typing import Any, NamedTuple

from reconciler.manifest.merge import Manifest
from reconciler.manifest.positions import Atlas, Entry, Item
from reconciler.manifest.report import Finding, Report, quoted
from reconciler.model.text import nearest, plural


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSet:
    """One client set: its settings, its clients, and a test of an instance's key and labels."""

    name: str
    settings: Mapping[str, Any]
    clients: tuple[Item, ...]
    selects: Callable[[str, Mapping[str, str]], bool]


class Claim(NamedTuple):
    """One client that an instance is to get; `source` is None for its own entry."""

    client: Mapping[str, Any]
    at: int
    source: ClientSet | None

    @property
    def name(self) -> str:
        """Return the client's name."""
        return str(self.client["name"])


def client_sets(manifest: Manifest, atlas: Atlas, report: Report) -> list[ClientSet]:
    """Return the sets in order of their names; one that matches no instance is reported."""
    sets = [_client_set(entry, atlas) for entry in manifest.client_sets]
    for entry, each in zip(manifest.client_sets, sets, strict=True):
        _check_names(each, atlas, report)
        if manifest.whole and not any(
            each.selects(instance.key, instance.value.get("labels", {}))
            for instance in manifest.instances
        ):
            report.add(_selects_nothing(entry, manifest, atlas))
    return sets


def _client_set(entry: Entry, atlas: Atlas) -> ClientSet:
    return ClientSet(
        name=entry.key,
        settings=entry.value,
        clients=tuple(atlas.items(entry.value["clients"])),
        selects=_selector(entry.value["select"]),
    )


def _check_names(each: ClientSet, atlas: Atlas, report: Report) -> None:
    first: dict[str, Claim] = {}
    for client, at in each.clients:
        claim = Claim(client, at, each)
        if (other := first.setdefault(claim.name, claim)) is not claim:
            report.add(_twice(claim, other, atlas))
        if "override" in client:
            report.add(_no_override(claim, atlas))


def _selector(select: Mapping[str, Any]) -> Callable[[str, Mapping[str, str]], bool]:
    wanted = select.get("labels", {}).items()
    globs = [re.compile(translate(glob)) for glob in select.get("instances", ())]

    def selects(key: str, labels: Mapping[str, str]) -> bool:
        named = not globs or any(glob.match(key) for glob in globs)
        return named and wanted <= labels.items()

    return selects


def _selects_nothing(entry: Entry, manifest: Manifest, atlas: Atlas) -> Finding:
    select = entry.value["select"]
    return Finding(
        code="selects-nothing",
        message=f"the client set {quoted(entry.key)} selects no instance",
        at=atlas.value(entry.value, "select"),
        hint=_near_selection(select, manifest.instances),
    )


def _near_selection(select: Mapping[str, Any], instances: Sequence[Entry]) -> str | None:
    for glob in select.get("instances", ()):
        if near := nearest(glob, (each.key for each in instances)):
            return f"Did you mean the instance `{near}`?"
    labels = {
        f"{name}: {value}"
        for each in instances
        for name, value in each.value.get("labels", {}).items()
    }
    for name, value in select.get("labels", {}).items():
        if (near := nearest(f"{name}: {value}", sorted(labels))) and near != f"{name}: {value}":
            return f"Did you mean the label `{near}`?"
    return None


class Claims:
    """Finds out which clients each instance gets, and gathers the clashes of all of them."""

    def __init__(self, atlas: Atlas, report: Report, *, whole: bool) -> None:
        self._atlas = atlas
        self._report = report
        self._whole = whole
        self._clashes: dict[tuple[int, int], tuple[Claim, Claim, list[str]]] = {}

    def of(self, instance: Entry, sets: Iterable[ClientSet]) -> dict[str, Claim]:
        """Return the claims on one instance by client name."""
        found = self._own(instance)
        overriding = {name for name, claim in found.items() if claim.client.get("override")}
        overridden = set()
        for each in sets:
            for client, at in each.clients:
                name = client["name"]
                if name in overriding:
                    overridden.add(name)
                    continue
                claim = Claim(client, at, each)
                if (other := found.setdefault(name, claim)) is not claim:
                    self._clash(claim, other, instance.key)
        if self._whole:
            for name in sorted(overriding - overridden):
                self._report.add(_overrides_nothing(found[name], self._atlas))
        return found

    def _own(self, instance: Entry) -> dict[str, Claim]:
        found: dict[str, Claim] = {}
        clients = instance.value.get("clients")
        for client, at in self._atlas.items(clients) if clients else ():
            claim = Claim(client, at, None)
            if (other := found.setdefault(client["name"], claim)) is not claim:
                self._report.add(_twice(claim, other, self._atlas))
        return found

    def _clash(self, claim: Claim, other: Claim, instance: str) -> None:
        if claim.source is other.source:
            return
        own, given = (other, claim) if other.source is None else (claim, other)
        _, _, keys = self._clashes.setdefault((own.at, given.at), (own, given, []))
        keys.append(instance)

    def report_clashes(self) -> None:
        """Report each pair of entries that clash, once for all instances where they do."""
        for claim, other, keys in self._clashes.values():
            self._report.add(_clashing(claim, other, keys, self._atlas))


def _clashing(claim: Claim, other: Claim, keys: list[str], atlas: Atlas) -> Finding:
    where = f"the instance {quoted(keys[0])}"
    if len(keys) > 1:
        where += f" (like {plural(len(keys) - 1, 'other instance')})"
    from_set = quoted(other.source.name if other.source else "")
    return Finding(
        code="client-clash",
        message=f"{where} gets the client {quoted(claim.name)} from two places",
        at=atlas.value(claim.client, "name"),
        hint="rename one, or mark the instance's own entry `override: true`"
        if claim.source is None
        else "rename one, narrow a `select`, or give the instance an entry of its own that has "
        "`override: true`",
        also=((atlas.value(other.client, "name"), f"the client set {from_set} gives it, too"),),
    )


def _twice(claim: Claim, other: Claim, atlas: Atlas) -> Finding:
    return Finding(
        code="duplicate-client",
        message=f"the client {quoted(claim.name)} is already in this list",
        at=atlas.value(claim.client, "name"),
        also=((atlas.value(other.client, "name"), "first defined here"),),
    )


def _no_override(claim: Claim, atlas: Atlas) -> Finding:
    return Finding(
        code="misplaced-override",
        message="`override` is for an instance's own entry, not for one of a client set",
        at=atlas.key(claim.client, "override"),
        hint="remove it here; put it on the instance's entry that is to win",
    )


def _overrides_nothing(claim: Claim, atlas: Atlas) -> Finding:
    return Finding(
        code="overrides-nothing",
        message=f"no client set gives {quoted(claim.name)} to this instance: there is nothing to "
        "override",
        at=atlas.key(claim.client, "override"),
        hint="remove `override`",
    )
