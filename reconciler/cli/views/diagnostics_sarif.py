"""Mistakes as SARIF 2.1.0, which code scanning reads."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote

from reconciler.model.diagnostic import Diagnostic, Excerpt, Related
from reconciler.model.source_location import SourceLocation
from reconciler.model.strings import printable

_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif(diagnostics: Sequence[Diagnostic], *, version: str) -> Mapping[str, object]:
    """Return the log of one run; `version` is this program's. Columns count code points."""
    rules = sorted({each.code for each in diagnostics})
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "reconciler",
                        "semanticVersion": version,
                        "rules": [_rule(code) for code in rules],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [_result(each, rules.index(each.code)) for each in diagnostics],
            }
        ],
    }


def _rule(code: str) -> Mapping[str, object]:
    return {"id": code, "shortDescription": {"text": code.replace("-", " ")}}


def _result(diagnostic: Diagnostic, rule: int) -> Mapping[str, object]:
    hint = f"\nhint: {diagnostic.hint}" if diagnostic.hint else ""
    place = diagnostic.place
    located = [_location(place, diagnostic.excerpt)] if place is not None else []
    related = [_related(number, each) for number, each in enumerate(diagnostic.related)]
    return {
        "ruleId": diagnostic.code,
        "ruleIndex": rule,
        "level": diagnostic.severity,
        "message": {"text": _plain(diagnostic.message + hint)},
        "locations": located,
        **({"relatedLocations": related} if related else {}),
    }


def _related(number: int, related: Related) -> Mapping[str, object]:
    location = _location(related.place, related.excerpt)
    return {"id": number, **location, "message": {"text": _plain(related.message)}}


def _location(place: SourceLocation, excerpt: Excerpt | None) -> Mapping[str, object]:
    region: dict[str, object] = {"startLine": place.line, "startColumn": place.column}
    if excerpt is not None:
        region["endColumn"] = place.column + max(1, excerpt.width)
        region["snippet"] = {"text": printable(excerpt.text)}
    return {"physicalLocation": {"artifactLocation": {"uri": _uri(place.file)}, "region": region}}


def _uri(file: str) -> str:
    path = Path(file)
    if path.is_absolute():
        return path.as_uri()
    # A colon is quoted too: `a:b.yaml` would be read as a scheme and its path.
    return quote(path.as_posix().encode("utf-8", "surrogateescape"))


def _plain(text: str) -> str:
    """Keep what a name holds from being read as SARIF's embedded link, `[text](target)`."""
    shown = "\n".join(printable(line) for line in text.split("\n"))
    if "](" not in shown:
        return shown
    return shown.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
