"""The ownership mark at the end of the description that Domo stores.

`Nightly ETL [reconciler:9f3c1a-5be0d2c4]`: the first part is a hash of the state's lineage and
the instance's domain (ours, here), the second is drawn for each create and written to the journal
before the request. Everywhere else descriptions are shown and compared without it. A description
that Domo trimmed or cut has no mark any more; then nothing follows, and nothing is touched.
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Final, Self

_MARK: Final = re.compile(r"\s*\[reconciler:([0-9a-f]{6})-([0-9a-f]{8})\]\s*\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """`owner` says which state made the client (6 hex digits), `nonce` which attempt (8)."""

    owner: str
    nonce: str

    @classmethod
    def of(cls, *, lineage: str, domain: str, nonce: str) -> Self:
        """Return the mark of one attempt to make a client."""
        return cls(owner=owner_of(lineage=lineage, domain=domain), nonce=nonce)

    def __str__(self) -> str:
        return f"[reconciler:{self.owner}-{self.nonce}]"


def owner_of(*, lineage: str, domain: str) -> str:
    """Hash a state's lineage and an instance's domain into the mark's first part."""
    return hashlib.sha256(f"{lineage}\n{domain}".encode()).hexdigest()[:6]


def with_mark(description: str, mark: Mark | None) -> str:
    """Return the description as it is sent to Domo."""
    return " ".join(part for part in (description, str(mark) if mark else "") if part)


def split_mark(stored: str) -> tuple[str, Mark | None]:
    """Return what the user wrote and the mark, from a description that Domo stored."""
    found = _MARK.search(stored)
    if not found:
        return stored, None
    return stored[: found.start()], Mark(owner=found.group(1).lower(), nonce=found.group(2).lower())
