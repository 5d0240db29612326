"""What each code means: every error, finding, notice and cause has an entry here.

An entry is three things: what the code means, why it can come up, and what to do about it. A code
of a family (`unknown-scope`, `invalid-domain`) is explained by its family where it has no entry of
its own. A test compares the entries with the codes that the source uses.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Explanation(NamedTuple):
    """What a code means, why it comes up, and what to do."""

    means: str
    why: str
    do: str


FAMILIES = ("invalid-", "unknown-")
"""The beginnings of codes that are made of the manifest's own words."""


def explanations() -> Mapping[str, Explanation]:
    """Return every entry by its code, in alphabetical order."""
    from reconciler.cli.codes.manifest import MANIFEST
    from reconciler.cli.codes.plans import PLANS
    from reconciler.cli.codes.runs import RUNS

    tables = (MANIFEST, PLANS, RUNS)
    found = sorted((code, table[code]) for table in tables for code in table)
    codes = [code for code, _ in found]
    if len(set(codes)) < len(codes):
        raise RuntimeError("a code has two entries, and only one of them would be shown")
    return {code: Explanation(*entry) for code, entry in found}


def explanation(code: str) -> Explanation | None:
    """Return the entry of a code or of its family, None where there is neither."""
    known = explanations()
    if code in known:
        return known[code]
    family = next((each for each in FAMILIES if code.startswith(each) and code != each), None)
    return known[family + "*"] if family is not None else None
