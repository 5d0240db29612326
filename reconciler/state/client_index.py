"""By what a client is known to the state or a journal: its ids, its nonce, and its address."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.model.address import Address
from reconciler.state.model import Entry, Retiring

if TYPE_CHECKING:  # every plan imports this module, and only an apply needs the records
    from reconciler.state.journal_records import CreatedRecord, Intent


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a client is recognised by on its instance; `client_id` is None until it is known.

    `attempt` says that a journal knows the client, and the state does not.
    """

    address: Address
    domain: str
    live_name: str
    client_id: str | None
    id: int | None
    owner: int | None
    nonce: str | None
    attempt: bool = False


def of_clients(clients: Mapping[Address, Entry]) -> Iterator[Identity]:
    """Yield the identities of the clients that the state knows, predecessors included."""
    for address, entry in clients.items():
        yield _known(address, entry.domain, entry)
        for old in entry.retiring:
            yield _known(address, entry.domain, old)


def of_attempts(
    open_: "Iterable[Intent]", orphans: "Iterable[CreatedRecord]"
) -> Iterator[Identity]:
    """Yield the identities of clients that journals know beside the state."""
    for intent in open_:
        yield _attempt(intent, None, None, intent.owner)
    for made in orphans:
        created = made.created
        if created.taken:  # the id is another client's, so only the nonce tells this one
            yield _attempt(made.intent, None, None, created.owner)
        else:
            yield _attempt(made.intent, created.client_id, created.id, created.owner)


def _known(address: Address, domain: str, known: Entry | Retiring) -> Identity:
    return Identity(
        address=address,
        domain=domain,
        live_name=known.live_name,
        client_id=known.client_id,
        id=known.id,
        owner=known.owner,
        nonce=known.nonce,
    )


def _attempt(
    intent: "Intent", client_id: str | None, number: int | None, owner: int | None
) -> Identity:
    return Identity(
        address=intent.address,
        domain=intent.domain,
        live_name=intent.live_name,
        client_id=client_id,
        id=number,
        owner=owner,
        nonce=intent.nonce,
        attempt=True,
    )
