"""What a command asks of exactly these clients, whatever the manifest says: a rotation, an end."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from reconciler.model.address import Address
from reconciler.state.document import Entry, OpenPlan, State

What = Literal["rotate", "revoke", "forget"]
Ending = Literal["revoke", "forget"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """`clients` has the client id that each address had when it was asked for.

    A rotation is of that client: once the address has another one, it is done.
    """

    what: What
    clients: Mapping[Address, str]

    @property
    def addresses(self) -> frozenset[Address]:
        """Return what the wish is about, and a plan of it with it."""
        return frozenset(self.clients)

    def rotations(self, known: State | None) -> frozenset[Address]:
        """Return the addresses that still have the client whose rotation was asked for."""
        if self.what != "rotate" or known is None:
            return frozenset()
        return _having(self.clients, known.clients)

    def endings(self) -> Mapping[Address, Ending]:
        """Return how each address is to end."""
        return {} if self.what == "rotate" else dict.fromkeys(self.clients, self.what)


def wish(what: What, addresses: Iterable[Address], known: State) -> Wish:
    """Return the wish about these addresses, all of which the state knows.

    Of a rotation that was interrupted only what is left is asked for again: a client that has
    just been rotated is not rotated a second time.
    """
    chosen = sorted(addresses)
    if what == "rotate":
        left = still_asked(known.open_plan, known.clients)
        chosen = [each for each in chosen if each in left] or chosen
    return Wish(what=what, clients={each: known.clients[each].client_id for each in chosen})


def still_asked(plan: OpenPlan | None, clients: Mapping[Address, Entry]) -> frozenset[Address]:
    """Return the addresses whose rotation was asked for, and did not come to its end yet."""
    if plan is None:
        return frozenset()
    asked = {each.address: each.asked for each in plan.actions if each.asked is not None}
    return _having(asked, clients)


def _having(wanted: Mapping[Address, str], clients: Mapping[Address, Entry]) -> frozenset[Address]:
    return frozenset(
        address
        for address, client_id in wanted.items()
        if address in clients and clients[address].client_id == client_id
    )
