"""Mistakes as GitHub's workflow commands: each is an annotation at its line of the change."""

from collections.abc import Iterable, Iterator

from reconciler.model.diagnostic import Diagnostic
from reconciler.model.strings import printable


def render_github(diagnostics: Iterable[Diagnostic]) -> str:
    """Return one line for each mistake, as in `::error file=a.yaml,line=3,col=9,title=…::…`."""
    return "".join(f"{_annotation(each)}\n" for each in diagnostics)


def _annotation(diagnostic: Diagnostic) -> str:
    properties = ",".join(f"{key}={_property(text)}" for key, text in _properties(diagnostic))
    return f"::{diagnostic.severity} {properties}::{_data(_message(diagnostic))}"


def _properties(diagnostic: Diagnostic) -> Iterator[tuple[str, str]]:
    place = diagnostic.place
    if place is not None:
        yield "file", printable(place.file)
        yield "line", str(place.line)
        yield "col", str(place.column)
        if diagnostic.excerpt is not None:
            yield "endColumn", str(place.column + max(1, diagnostic.excerpt.width))
    yield "title", diagnostic.code


def _message(diagnostic: Diagnostic) -> str:
    related = [f"{each.place}: {each.message}" for each in diagnostic.related]
    hint = [f"hint: {diagnostic.hint}"] if diagnostic.hint else []
    return "\n".join(printable(line) for line in (diagnostic.message, *related, *hint))


def _data(text: str) -> str:
    """Escape as GitHub's runner reads it: a message ends at the line's end."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
