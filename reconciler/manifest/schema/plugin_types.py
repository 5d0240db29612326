"""Adds the plugins that a manifest uses to its schema: their types of sinks and their sources."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from reconciler import plugins
from reconciler.manifest.error_collector import ErrorCollector, ManifestError
from reconciler.manifest.yaml.source_map import SourceMap
from reconciler.model.errors import BrokenPlugin
from reconciler.model.reference import CredentialRef
from reconciler.model.sink import SinkDefinition

_Type = TypeVar("_Type")


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginTypes:
    """The definition classes of the plugins that some documents use."""

    sinks: tuple[type[SinkDefinition], ...] = ()
    sources: tuple[type[CredentialRef], ...] = ()

    def extend(self, schema: dict[str, Any]) -> None:
        """Accept the types in `schema`, the published schema of manifests."""
        defs = schema["$defs"]
        for source in self.sources:
            for place in ("reference", "email"):
                defs[place]["properties"][source.source] = source.schema
        for sink in self.sinks:
            defs["sink"]["properties"]["type"]["enum"].append(sink.type)
        for sink in self.sinks:
            # A plugin's key may have the name of another type's key, so its schema stands alone.
            chosen = {
                "type": "object",
                "required": ["type"],
                "properties": {"type": {"const": sink.type}},
            }
            defs["sink"] = {"if": chosen, "then": _sink_schema(sink), "else": defs["sink"]}


def used_plugins(
    documents: Iterable[Any], source_map: SourceMap, report: ErrorCollector
) -> PluginTypes | None:
    """Return the plugins that parsed documents use; report broken ones, and return None then.

    A name that no plugin provides is left to the schema, which rejects it. The documents are not
    validated yet, so they may have any shape.
    """
    documents = tuple(documents)
    sinks = _loaded(_sink_types, plugins.sink_type, documents, source_map, report)
    sources = _loaded(_sources, plugins.credential_source, documents, source_map, report)
    if sinks is None or sources is None:
        return None
    return PluginTypes(sinks=sinks, sources=sources)


def _loaded(
    names: Callable[[Any, SourceMap], Iterator[tuple[str, int]]],
    load: Callable[[str], type[_Type] | None],
    documents: Iterable[Any],
    source_map: SourceMap,
    report: ErrorCollector,
) -> tuple[type[_Type], ...] | None:
    found: dict[str, type[_Type] | None] = {}
    whole = True
    for name, at in (each for document in documents for each in names(document, source_map)):
        if name in found:
            continue
        found[name] = None
        try:
            found[name] = load(name)
        except BrokenPlugin as error:
            whole = False
            report.add(
                ManifestError(code=BrokenPlugin.code, message=error.message, at=at, hint=error.hint)
            )
    return tuple(each for each in found.values() if each is not None) if whole else None


def _sink_types(document: Any, source_map: SourceMap) -> Iterator[tuple[str, int]]:
    for sink in _mapping(_mapping(document).get("sinks")).values():
        name = _mapping(sink).get("type")
        if isinstance(name, str) and name not in plugins.BUILT_IN[plugins.SINKS]:
            yield name, source_map.value(sink, "type")


def _sources(document: Any, source_map: SourceMap) -> Iterator[tuple[str, int]]:
    known = plugins.BUILT_IN[plugins.CREDENTIALS]
    whole = _mapping(document)
    for level in (whole.get("defaults"), *_mapping(whole.get("instances")).values()):
        for reference in _mapping(_mapping(level).get("auth")).values():
            # A reference has one key; a mapping with more is wrong whatever its keys are.
            if isinstance(reference, dict) and len(reference) == 1:
                (name,) = reference
                if name not in known:
                    yield name, source_map.key(reference, name)


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _sink_schema(sink: type[SinkDefinition]) -> dict[str, Any]:
    properties = sink.schema.get("properties", {})
    return {
        "title": "sink",
        "type": "object",
        "required": ["type", *sink.schema.get("required", ())],
        "properties": {"type": {"const": sink.type}, **properties},
        "propertyNames": {
            "title": f"a sink of type `{sink.type}`",
            "enum": ["type", *properties],
        },
    }
