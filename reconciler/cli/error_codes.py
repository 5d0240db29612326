"""Explanations of error codes, read from `data/codes.toml` when a command needs them."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

_FILE: Final = Path(__file__).parents[1] / "data" / "codes.toml"
_FAMILIES: Final = ("invalid-", "unknown-")
"""Prefixes of the codes that are put together from the manifest's own words."""


class Explanation(NamedTuple):
    """What a code means, its usual causes, and what to do."""

    means: str
    why: str
    do: str


@cache
def explanations() -> Mapping[str, Explanation]:
    """Return every entry by its code, in alphabetical order."""
    import tomllib

    entries = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return {code: Explanation(**entries[code]) for code in sorted(entries)}


def explanation(code: str) -> Explanation | None:
    """Return the entry of a code or else of its family; None if there is neither."""
    known = explanations()
    if code in known:
        return known[code]
    family = next((each for each in _FAMILIES if code.startswith(each) and code != each), None)
    return known[family + "*"] if family is not None else None
