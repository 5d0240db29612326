"""Sinks as they are defined, and the names by which clients ask for them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from heapq import nsmallest
from typing import Any

from reconciler.manifest.error_collector import ManifestError, Report, quoted
from reconciler.manifest.merge import ParsedManifest
from reconciler.manifest.resolve.placeholders import CLIENT, PlaceholderFiller
from reconciler.manifest.yaml.source_map import Entry, SourceMap
from reconciler.model.sink import STATE, ExecSink, FileSink, SinkDefinition
from reconciler.model.strings import seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Sink:
    """One sink with the strings that a client's secret is sent by, and their positions.

    `read` are those of the command that reads it back.
    """

    definition: SinkDefinition
    strings: tuple[tuple[str, int], ...]
    at: int
    read: tuple[tuple[str, int], ...] = ()


def define(
    manifest: ParsedManifest, holes: PlaceholderFiller, atlas: SourceMap, report: Report
) -> dict[str, Sink]:
    """Return the sinks by name; unknown placeholders in them are reported."""
    sinks = {}
    for entry in manifest.sinks:
        if entry.key == STATE:
            report.add(_reserved(entry))
        strings = tuple(_strings(entry, atlas))
        read = tuple(atlas.items(entry.value["read"])) if "read" in entry.value else ()
        known = [holes.known(text, at, CLIENT) for text, at in (*strings, *read)]
        if all(known):
            sinks[entry.key] = Sink(
                definition=_definition(entry), strings=strings, at=entry.key_at, read=read
            )
    return sinks


def _strings(entry: Entry, atlas: SourceMap) -> Iterable[tuple[str, int]]:
    if entry.value["type"] == "file":
        yield entry.value["path"], atlas.value(entry.value, "path")
    else:
        yield from atlas.items(entry.value["command"])


def _definition(entry: Entry) -> SinkDefinition:
    value = entry.value
    if value["type"] == "file":
        return FileSink(name=entry.key, path=value["path"], format=value.get("format", "json"))
    timeout = seconds(value.get("timeout", "30s"))
    read = tuple(value["read"]) if "read" in value else None
    return ExecSink(name=entry.key, command=tuple(value["command"]), timeout=timeout, read=read)


def _reserved(entry: Entry) -> ManifestError:
    return ManifestError(
        code="reserved-sink",
        message="the sink `state` always exists and cannot be defined",
        at=entry.key_at,
        hint="give this sink another name",
    )


def check_names(
    level: Mapping[str, Any], manifest: ParsedManifest, atlas: SourceMap, report: Report
) -> None:
    """Report the sinks that a level asks for and that nobody defines."""
    if manifest.lost.section("sinks"):
        return
    sink = level["sink"]
    if isinstance(sink, str):
        named: Iterable[tuple[str, int]] = [(sink, atlas.value(level, "sink"))]
    else:
        named = atlas.items(sink)
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
