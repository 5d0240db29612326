"""What a list says about a client that we know: the only ground on which one is revoked."""

from dataclasses import dataclass

from reconciler.model.client import ListedClient
from reconciler.model.mark import owner_of
from reconciler.ports import Listing
from reconciler.state.document import Entry, Retiring
from reconciler.state.journal import Intent


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The list shows it, with the numeric id that revoking needs."""

    listed: ListedClient
    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """It is not there, and this user would see it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotVisible:
    """The list proves nothing about it."""


Sight = Shown | Missing | NotVisible


def sight(known: Entry | Retiring, listing: Listing, *, lineage: str, domain: str) -> Sight:
    """Look for a client that the state knows.

    By its client id; where the list masks that, by the recorded numeric id together with our mark
    or with the recorded name and owner, or by the nonce that only this client has.
    """
    ours = owner_of(lineage=lineage, domain=domain)
    for listed in listing.clients:
        if listed.id is not None and _same(known, listed, ours):
            return Shown(listed=listed, id=listed.id)
    if any(_doubtful(known, listed) for listed in listing.clients):
        return NotVisible()
    if listing.would_show(owner=known.owner, principal=None):
        return Missing()
    return NotVisible()


def _same(known: Entry | Retiring, listed: ListedClient, ours: str) -> bool:
    if listed.client_id is not None:
        return listed.client_id == known.client_id
    mark = listed.mark
    marked = mark is not None and mark.owner == ours and mark.nonce == known.nonce
    if known.id is None:
        return marked
    named = known.owner is not None and (listed.name, listed.owner) == (
        known.live_name,
        known.owner,
    )
    return listed.id == known.id and (marked or named)


def _doubtful(known: Entry | Retiring, listed: ListedClient) -> bool:
    """Say whether a masked client may be this one, though nothing proves that it is."""
    if listed.client_id is not None:
        return listed.client_id == known.client_id
    return listed.name == known.live_name or (known.id is not None and listed.id == known.id)


def made_by(intent: Intent, listing: Listing, *, lineage: str) -> ListedClient | None:
    """Return the client that carries this attempt's nonce, under whatever name."""
    ours = owner_of(lineage=lineage, domain=intent.domain)
    for listed in listing.clients:
        mark = listed.mark
        if mark is not None and mark.owner == ours and mark.nonce == intent.nonce:
            return listed
    return None
