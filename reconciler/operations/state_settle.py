"""Settles by hand what a journal left open: a create with an unknown outcome, or an orphan."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from reconciler.model.client import Delivery
from reconciler.model.errors import UsageError
from reconciler.model.strings import join_limited, plural
from reconciler.operations.secrets import open_stored
from reconciler.operations.workspace import LoadedState, load_state
from reconciler.state.journal_records import CreatedRecord, Intent
from reconciler.state.working_state import without_attempts

if TYPE_CHECKING:
    from reconciler.model.address import Address
    from reconciler.ports import StateStore
    from reconciler.stores.encryption import Identity

How = Literal["revoked", "abandon", "output"]

Open = Intent | CreatedRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What an operator decided about the open records of an address; `key` selects one of them."""

    address: "Address"
    how: How
    key: str | None = None


def settle(
    store: "StateStore",
    wanted: Settlement,
    *,
    deliver: Callable[[Delivery], None],
    identities: "Sequence[Identity]",
    lock_timeout: float,
) -> int:
    """Remove open records of an address from the journals, and return how many there were.

    With `output`, `deliver` receives the secret before the journal loses it. An error in `deliver`
    leaves the journal as it is.

    Raises:
        UsageError: nothing is open at the address, or `output` is asked of more than one secret.
        CredentialUnavailable: the secret stays sealed.
        LockHeld: another run holds the lock.

    """
    address, how = wanted.address, wanted.how
    with store.lock(purpose="state settle", timeout=lock_timeout):
        ground = load_state(store)
        found = _open_at(ground, address, wanted.key)
        if how == "output":
            # The secret goes out first: once the journal is rewritten, no file has it.
            deliver(_delivery(_with_secret(address, found), identities))
        for journal in ground.journals:
            left = without_attempts(journal.records, found, how=how)
            if left != journal.records:
                store.rewrite(journal, left)
    return len(found)


def key_of(each: Open) -> str:
    """Return the key of an open record: the nonce of an attempt, the client id of an orphan."""
    return each.nonce if isinstance(each, Intent) else each.key


def _open_at(ground: LoadedState, address: "Address", key: str | None) -> Sequence[Open]:
    """Return what is open at an address.

    Raises:
        UsageError: nothing is; the hint names the addresses at which something is.

    """
    working = ground.working
    attempts = {} if working is None else working.open
    orphans = {} if working is None else working.orphans
    ends: list[tuple[Address, Open]] = [
        *((each.address, each) for each in attempts.values()),
        *((each.intent.address, each) for each in orphans.values()),
    ]
    found = [each for at, each in ends if at == address and key in (None, key_of(each))]
    if found:
        return found
    others = sorted({str(at) for at, _ in ends})
    raise UsageError(
        f"no journal has anything open at `{address}`" + (f" with the key `{key}`" if key else ""),
        hint=f"open are: {join_limited(others)}" if others else "nothing is open anywhere",
    )


def _with_secret(address: "Address", found: Sequence[Open]) -> CreatedRecord:
    """Return the one open record whose secret is to be printed.

    Raises:
        UsageError: there are several records, or the only one has no secret.

    """
    if len(found) > 1:
        keys = ", ".join(map(key_of, found))
        raise UsageError(
            f"{plural(len(found), 'open end')} at `{address}`: {keys}",
            hint="--key KEY selects one",
        )
    if isinstance(found[0], CreatedRecord):
        return found[0]
    raise UsageError(
        f"no secret is known of what is open at `{address}`: its answer never came",
        hint="settle it with --revoked or --abandon",
    )


def _delivery(made: CreatedRecord, identities: "Sequence[Identity]") -> Delivery:
    intent, created = made.intent, made.created
    secret = open_stored(
        created.secret,
        address=intent.address,
        client_id=created.client_id,
        identities=identities,
    )
    return Delivery(
        address=intent.address,
        domain=intent.domain,
        live_name=intent.live_name,
        description=intent.description,
        scope=intent.scope,
        client_id=created.client_id,
        client_secret=secret,
        created_at=created.at,
    )
