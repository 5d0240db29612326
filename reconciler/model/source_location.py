"""Places in the user's files."""

from typing import NamedTuple


class SourceLocation(NamedTuple):
    """A file with a 1-based line and column (columns count characters).

    A named tuple and not a dataclass, because every client of a fleet has one.
    """

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"
