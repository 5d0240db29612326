"""The result of `ledger verify`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from reconciler.documents.envelope import envelope
from reconciler.model.strings import plural

if TYPE_CHECKING:
    from reconciler.stores.ledger import Verification

UNDETECTED: Final = (
    "lines that were removed from the end, and a last line (or an end of several lines) that was"
    " written again with new digests"
)
"""What only a head that is kept elsewhere can detect."""


def checked(found: "Verification", *, anchored: bool) -> str:
    """Return the size of a valid ledger, and what was not checked without a head."""
    torn = f", {plural(len(found.torn), 'line')} cut short by a run that was killed"
    lines = plural(found.anchor.count, "line")
    valid = f"valid: {lines}, head {found.anchor.head}" + (torn if found.torn else "")
    if anchored:
        return valid
    return f"{valid}\nnot detected without --head: {UNDETECTED}"


def document(found: "Verification", *, anchored: bool) -> Mapping[str, object]:
    """Return what a check found as an object for a program."""
    return {
        **envelope("ledger-verify"),
        "valid": not found.broken,
        "anchored": anchored,
        "undetected": None if anchored else UNDETECTED,
        "count": found.anchor.count,
        "head": found.anchor.head,
        "torn": list(found.torn),
        "broken": [{"line": each.line or None, "message": each.why} for each in found.broken],
    }
