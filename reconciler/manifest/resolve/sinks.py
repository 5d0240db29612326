"""Resolve sink definitions, and check the sinks that clients refer to."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from heapq import nsmallest
from typing import Any

from reconciler import plugins
from reconciler.manifest.error_collector import ErrorCollector, ManifestError, quoted
from reconciler.manifest.merge import ParsedManifest
from reconciler.manifest.resolve.placeholders import CLIENT, PlaceholderFiller
from reconciler.manifest.yaml.source_map import Entry, SourceMap
from reconciler.model.placeholders import Role
from reconciler.model.sink import STATE, SinkDefinition


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A string of a sink that takes placeholders; `identifies` if it decides about the target."""

    text: str
    at: int
    role: Role
    identifies: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sink:
    """One sink with its templates and their positions.

    `fixed` are the values without placeholders that decide whether two targets are the same one.
    """

    definition: SinkDefinition
    templates: tuple[Template, ...]
    fixed: tuple[str, ...]
    at: int


def define(
    manifest: ParsedManifest,
    placeholders: PlaceholderFiller,
    source_map: SourceMap,
    report: ErrorCollector,
) -> dict[str, Sink]:
    """Return the sinks by name; unknown placeholders in them are reported."""
    sinks = {}
    for entry in manifest.sinks:
        if entry.key == STATE:
            report.add(_reserved(entry))
        kind = plugins.sink_type(entry.value["type"])
        if kind is None:  # the schema has reported it
            continue
        templates = tuple(_templates(kind, entry, source_map))
        known = [placeholders.known(each.text, each.at, CLIENT) for each in templates]
        definition = _decoded(kind, entry, report)
        if all(known) and definition is not None:
            sinks[entry.key] = Sink(
                definition=definition,
                templates=templates,
                fixed=tuple(_fixed(kind, entry.value)),
                at=entry.key_at,
            )
    return sinks


def _templates(
    kind: type[SinkDefinition], entry: Entry, source_map: SourceMap
) -> Iterator[Template]:
    for key, role in kind.templates.items():
        value = entry.value.get(key)
        if value is None:
            continue
        whole = [(value, source_map.value(entry.value, key))]
        for text, at in whole if isinstance(value, str) else source_map.items(value):
            identifies = kind.identity is None or key in kind.identity
            yield Template(text=text, at=at, role=role, identifies=identifies)


def _fixed(kind: type[SinkDefinition], value: Mapping[str, Any]) -> Iterator[str]:
    yield kind.type
    for key in sorted(value) if kind.identity is None else kind.identity:
        if key not in kind.templates and key in value and key != "type":
            yield f"{key}={value[key]}"


def _decoded(
    kind: type[SinkDefinition], entry: Entry, report: ErrorCollector
) -> SinkDefinition | None:
    try:
        return kind.decode(entry.key, entry.value)
    except ValueError as error:
        report.add(ManifestError(code="invalid-sink", message=str(error), at=entry.key_at))
    except Exception as error:
        raise plugins.failed(kind, error) from error
    return None


def _reserved(entry: Entry) -> ManifestError:
    return ManifestError(
        code="reserved-sink",
        message="the sink `state` always exists and cannot be defined",
        at=entry.key_at,
        hint="give this sink another name",
    )


def check_names(
    level: Mapping[str, Any],
    manifest: ParsedManifest,
    source_map: SourceMap,
    report: ErrorCollector,
) -> None:
    """Report references to undefined sinks in the settings of a level."""
    if manifest.dropped.section("sinks"):
        return
    sink = level["sink"]
    if isinstance(sink, str):
        named: Iterable[tuple[str, int]] = [(sink, source_map.value(level, "sink"))]
    else:
        named = source_map.items(sink)
    known = manifest.names["sinks"]
    for name, at in named:
        if name not in known:
            report.add(_unknown(name, at, known))


def _unknown(name: str, at: int, known: Collection[str]) -> ManifestError:
    return ManifestError(
        code="unknown-sink",
        message=lambda word: f"unknown sink {word}",
        at=at,
        word=name,
        known=known,
        hint=lambda: f"defined are {', '.join(map(quoted, nsmallest(20, known, key=_order)))}",
    )


def _order(name: str) -> tuple[bool, str]:
    return name != STATE, name
