"""What a command asks of exactly these clients, whatever the manifest says: a rotation, an end."""

import hashlib
import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from reconciler.model.address import Address
from reconciler.model.timestamps import parse
from reconciler.state.model import Entry, OpenPlan, State

RequestKind = Literal["rotate", "revoke", "forget", "revoke-stray"]
Ending = Literal["revoke", "forget"]

_DAY: Final = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRequest:
    """`clients` has the client id that each address had when it was asked for.

    A rotation is of that client: once the address has another one, it is done. None stands for a
    client that is not rotated now, while what it succeeded may end.
    """

    what: RequestKind
    clients: Mapping[Address, str | None]

    @property
    def addresses(self) -> frozenset[Address]:
        """Return what the wish is about, and a plan of it with it."""
        return frozenset(self.clients)

    def rotations(self, known: State | None) -> frozenset[Address]:
        """Return the addresses that still have the client whose rotation was asked for."""
        if self.what != "rotate" or known is None:
            return frozenset()
        return _still_has_client(self.clients, known.clients)

    def strays(self) -> Mapping[Address, str]:
        """Return the client ids of the clients to be revoked that the state does not know."""
        if self.what != "revoke-stray":
            return {}
        return {address: each for address, each in self.clients.items() if each is not None}

    def endings(self) -> Mapping[Address, Ending]:
        """Return how each address is to end."""
        match self.what:
            case "revoke" | "forget":
                return dict.fromkeys(self.clients, self.what)
            case "rotate" | "revoke-stray":
                return {}


def create_request(
    what: RequestKind,
    addresses: Iterable[Address],
    known: State,
    *,
    now: Collection[Address] | None = None,
) -> PlanRequest:
    """Return the wish about these addresses, all of which the state knows.

    `now` are those that are to be rotated by this plan, None for all of them.
    """
    clients = {
        each: known.clients[each].client_id if now is None or each in now else None
        for each in sorted(addresses)
    }
    return PlanRequest(what=what, clients=clients)


def due_in_rotation_window(
    addresses: Iterable[Address], known: State, *, as_of: str, spread: float
) -> frozenset[Address]:
    """Return those to rotate today, so that a daily run has rotated all in `spread` seconds.

    Each address has its day in every period, in an order that has nothing to do with names; one
    that missed it has its turn on the next. A client that had its turn early, as what is very old
    has at first, is left alone until half a period has passed. No day has more than its share, what
    was made that day counted; the oldest come first. A killed run continues with the same.
    """
    period = max(1, int(spread // _DAY))
    today = _day(as_of)
    ages = {each: today - _day(known.clients[each].created_at) for each in addresses}
    due = [
        each for each, age in ages.items() if _is_due(each, known.clients[each], age, today, period)
    ]
    due.sort(key=lambda each: (-ages[each], _shuffled(each)))
    share = math.ceil(len(ages) / period) - sum(age <= 0 for age in ages.values())
    return frozenset(due[: max(0, share)])


def _is_due(address: Address, entry: Entry, age: int, today: int, period: int) -> bool:
    since = (today - int.from_bytes(_shuffled(address)[:8])) % period
    if age <= since:  # made on its last day or later
        return False
    return entry.live_name == address.client or 2 * (age - since) >= period


def _day(stamp: str) -> int:
    return parse(stamp).toordinal()


def _shuffled(address: Address) -> bytes:
    return hashlib.sha256(str(address).encode()).digest()


def requested_rotations(plan: OpenPlan | None) -> frozenset[Address]:
    """Return the addresses of the rotations that an apply has begun, and not ended yet."""
    if plan is None:
        return frozenset()
    return frozenset(each.address for each in plan.actions if each.asked is not None)


def pending_rotations(
    plan: OpenPlan | None, clients: Mapping[Address, Entry]
) -> frozenset[Address]:
    """Return the addresses whose rotation was asked for, and did not come to its end yet."""
    if plan is None:
        return frozenset()
    asked = {each.address: each.asked for each in plan.actions if each.asked is not None}
    return _still_has_client(asked, clients)


def _still_has_client(
    wanted: Mapping[Address, str | None], clients: Mapping[Address, Entry]
) -> frozenset[Address]:
    return frozenset(
        address
        for address, client_id in wanted.items()
        if address in clients and clients[address].client_id == client_id
    )
