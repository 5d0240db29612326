"""Secret files that deliveries wrote and that no delivery of a client names any more."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """A file that had the secret of `client_id` when it was written.

    `target` is what the delivery recorded: the file's format and path. `digest` is the fingerprint
    of the client id and the secret, None if the delivery recorded none.
    """

    target: str
    client_id: str
    digest: str | None = None


class Fate(StrEnum):
    """What a look at a leftover found or did.

    `FOREIGN` is a file that holds something else by now. `UNPROVEN` is one that cannot be read, or
    whose content proves nothing: it is never removed.
    """

    ABSENT = "absent"
    FOREIGN = "foreign"
    UNPROVEN = "unproven"
    LEFT = "left"
    REMOVED = "removed"
