"""Tables whose columns line up."""

from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import Final

GAP: Final = "  "
INDENT: Final = "    "


def columns(rows: Sequence[Sequence[str]], room: int | None = None) -> Iterator[str]:
    """Yield each row as a line, every column as wide as its widest cell.

    A row longer than `room` continues on the next line, indented. Only a word that is longer than
    `room` exceeds it.
    """
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    parts = list(_parts(widths, room))
    for row in rows:
        padded = [f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)]
        for part in parts:
            line = GAP.join(padded[part]).rstrip()
            if line:
                yield from fold(INDENT + line if part.start else line, room, INDENT)


def _parts(widths: Sequence[int], room: int | None) -> Iterator[slice]:
    """Divide the columns so that each part fits, or is a single column."""
    start, taken = 0, 0
    for number, width in enumerate(widths):
        indent = len(INDENT) if start else 0
        if room is not None and number > start and indent + taken + width > room:
            yield slice(start, number)
            start, taken = number, 0
        taken += width + len(GAP)
    yield slice(start, len(widths))


def fold(line: str, room: int | None, indent: str) -> Iterator[str]:
    """Yield a line, broken between words if it is longer than `room`."""
    if room is None or len(line) <= room:
        yield line
        return
    yield from wrap(
        line, room, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
