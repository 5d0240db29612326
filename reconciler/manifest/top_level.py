"""Resolve the top-level keys: the state, limits, the rollout and moves."""

from collections.abc import Mapping
from typing import Any, Final, Literal

from reconciler.manifest.error_collector import ErrorCollector, ManifestError, quoted
from reconciler.manifest.merge import ParsedManifest
from reconciler.manifest.yaml.source_map import Item, SourceMap
from reconciler.model.address import Address, is_instance_key
from reconciler.model.manifest import CountOrPercent, Limits, Moved, Rollout

_STATE_PATH: Final = "reconciler.state.json"
Kind = Literal["instance key", "address", "domain"]


def limits(manifest: ParsedManifest) -> Limits:
    """Return the limits."""
    return Limits(**{name: share(each) for name, each in manifest.section("limits").items()})


def share(value: float | str) -> CountOrPercent:
    """Return a valid count or percentage as a value."""
    if isinstance(value, str):
        return CountOrPercent(number=int(value.removesuffix("%")), percent=True)
    return CountOrPercent(number=int(value))


def rollout(
    manifest: ParsedManifest, source_map: SourceMap, report: ErrorCollector
) -> Rollout | None:
    """Return the rollout; report a canary that is not an instance."""
    if "rollout" not in manifest.once:
        return None
    section = manifest.section("rollout")
    canary = section.get("canary", 1)
    if isinstance(canary, list):
        for item in source_map.items(canary):
            _check_canary(item, manifest, report)
    made: dict[str, Any] = {
        "canary": tuple(canary) if isinstance(canary, list) else int(canary),
        "max_failures": int(section.get("max_failures", 0)),
    }
    if "then" in section:
        made["then"] = share(section["then"])
    return Rollout(**made)


def _check_canary(item: Item, manifest: ParsedManifest, report: ErrorCollector) -> None:
    known = manifest.names["instances"]
    if item.value in known or manifest.dropped.section("instances"):
        return
    report.add(
        ManifestError(
            code="unknown-instance",
            message=lambda word: f"unknown instance {word}",
            at=item.at,
            word=item.value,
            known=known,
            hint="a canary is a key under `instances`",
        )
    )


def moved(
    manifest: ParsedManifest, source_map: SourceMap, report: ErrorCollector
) -> tuple[Moved, ...]:
    """Return the moves; both ends must be of the same kind, and no name may move twice."""
    found: dict[str, Item] = {}
    result = []
    for item in manifest.moved:
        source, target = item.value["from"], item.value["to"]
        if error := _bad_move(item, source_map):
            report.add(error)
        elif (first := found.setdefault(source, item)) is not item:
            report.add(_moves_twice(item, first, source_map))
        else:
            result.append(Moved(source=source, target=target, place=source_map.place(item.at)))
    return tuple(result)


def _bad_move(item: Item, source_map: SourceMap) -> ManifestError | None:
    kinds = {}
    for end in ("from", "to"):
        at = source_map.value(item.value, end)
        kinds[end] = _kind(item.value[end])
        if kinds[end] is None:
            message = f"{quoted(item.value[end])} is no instance key, address or domain"
            hint = "write acme-prod, acme-prod/Reporting or acme-prod.domo.com"
            return ManifestError(code="invalid-move", message=message, at=at, hint=hint)
    if kinds["from"] != kinds["to"]:
        message = f"a move from {_article(kinds['from'])} to {_article(kinds['to'])}"
        hint = "both are instance keys, both addresses (with a `/`), or both domains (with a `.`)"
        return ManifestError(code="invalid-move", message=message, at=at, hint=hint)
    if item.value["from"] == item.value["to"]:
        message = f"{quoted(item.value['to'])} moves to itself"
        return ManifestError(code="invalid-move", message=message, at=at, hint="remove the entry")
    return None


def _article(kind: Kind | None) -> str:
    return f"a {kind}" if kind == "domain" else f"an {kind}"


def _kind(name: str) -> Kind | None:
    if "/" in name:
        try:
            address = Address.parse(name)
        except ValueError:
            return None
        return "address" if is_instance_key(address.instance) else None
    if "." in name:
        return "domain"
    return "instance key" if is_instance_key(name) else None


def _moves_twice(item: Item, first: Item, source_map: SourceMap) -> ManifestError:
    return ManifestError(
        code="moved-twice",
        message=f"{quoted(item.value['from'])} moves twice",
        at=source_map.value(item.value, "from"),
        also=((source_map.value(first.value, "from"), "first moved here"),),
    )


def state_path(manifest: ParsedManifest) -> str:
    """Return the state's path, relative to the manifest's folder."""
    return str(manifest.section("state").get("path", _STATE_PATH))


def encryption(manifest: ParsedManifest) -> Mapping[str, Any]:
    """Return `state.encryption.age`, empty if secrets are stored unencrypted."""
    section: Mapping[str, Any] = manifest.section("state").get("encryption", {}).get("age", {})
    return section
