"""Files that come with the program: inside the installed package, or where a checkout has them."""

from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).parents[1]


def shipped(path: str) -> str:
    """Return the text of a file by its path in the repository."""
    installed = _PACKAGE / "shipped" / path
    found = installed if installed.is_file() else _PACKAGE.parent / path
    return found.read_text(encoding="utf-8")
