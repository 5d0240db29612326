"""Columns that line up, and lists that end in a count."""

from collections.abc import Iterator, Sequence
from typing import Final

from reconciler.model.text import printable

NAMED: Final = 5


def columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield each row as a line, every column as wide as its widest cell."""
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    for row in rows:
        padded = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        yield "  ".join(padded).rstrip()


def folded(names: Sequence[str], limit: int = NAMED) -> str:
    """Name the first few and count the rest."""
    shown = ", ".join(printable(name) for name in names[:limit])
    more = len(names) - limit
    return shown + (f" and {more:,} more" if more > 0 else "")
