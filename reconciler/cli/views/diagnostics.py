"""Mistakes in the user's files: location, message, source line, caret and hint."""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from reconciler.documents.envelope import envelope
from reconciler.model.diagnostic import Diagnostic, Excerpt
from reconciler.model.source_location import SourceLocation
from reconciler.model.strings import printable

_COLOURS: Final = {"error": "31", "warning": "33", "note": "36"}


def render(diagnostics: Iterable[Diagnostic], *, colour: bool = False) -> str:
    """Return the report for a terminal, one blank line after each mistake."""
    return "".join("\n".join(_block(each, colour)) + "\n\n" for each in diagnostics)


def record(diagnostic: Diagnostic) -> Mapping[str, object]:
    """Return one mistake as an object for a program; what is not known is null."""
    return {
        "level": diagnostic.severity,
        "code": diagnostic.code,
        "message": diagnostic.message,
        "count": diagnostic.count,
        **_position(diagnostic.place),
        "hint": diagnostic.hint,
        "related": [
            {"message": each.message, **_position(each.place)} for each in diagnostic.related
        ],
    }


def document(diagnostics: Sequence[Diagnostic]) -> dict[str, object]:
    """Return the mistakes of a manifest as an object for a program."""
    return {
        **envelope("validate"),
        "valid": all(each.severity != "error" for each in diagnostics),
        "diagnostics": [record(each) for each in diagnostics],
    }


def _position(place: SourceLocation | None) -> Mapping[str, object]:
    return {
        "file": place.file if place else None,
        "line": place.line if place else None,
        "column": place.column if place else None,
    }


def _block(diagnostic: Diagnostic, colour: bool) -> Iterator[str]:
    yield _head(diagnostic.place, diagnostic.severity, diagnostic.message, colour)
    yield from _source(diagnostic.place, diagnostic.excerpt)
    for each in diagnostic.related:
        yield _head(each.place, "note", each.message, colour)
        yield from _source(each.place, each.excerpt)
    if diagnostic.hint:
        yield f"hint: {printable(diagnostic.hint)}"


def _head(place: SourceLocation | None, label: str, message: str, colour: bool) -> str:
    where = f"{printable(place.file)}:{place.line}:{place.column}: " if place else ""
    shown = f"\x1b[1;{_COLOURS[label]}m{label}:\x1b[0m" if colour else f"{label}:"
    return f"{where}{shown} {printable(message)}"


def _source(place: SourceLocation | None, excerpt: Excerpt | None) -> Iterator[str]:
    if excerpt is None:
        return
    number = str(place.line) if place else ""
    before, under = excerpt.text[: excerpt.start], excerpt.text[excerpt.start :][: excerpt.width]
    yield f"{number:>5} | {printable(excerpt.text)}".rstrip()
    yield f"      | {' ' * _cells(before)}{'^' * max(1, _cells(under))}"


def _cells(text: str) -> int:
    """Count terminal cells: an East Asian character takes two, a combining mark none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(each) else 1 + (unicodedata.east_asian_width(each) in "FW")
        for each in text
    )
