"""Files that are distributed with the program, from the installed package or a checkout."""

from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).parents[1]


def shipped(path: str) -> str:
    """Return the text of a file by its path in the repository."""
    installed = _PACKAGE / "shipped" / path
    found = installed if installed.is_file() else _PACKAGE.parent / path
    return found.read_text(encoding="utf-8")
