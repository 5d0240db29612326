"""Settles, on one instance, what the journals of earlier runs left open."""

from typing import Final

from reconciler.apply.events import Cause, Settled, Unresolved
from reconciler.apply.run import Run
from reconciler.apply.settle import settle
from reconciler.ports import Listing, Session
from reconciler.state.records import Made, Revoked

_ORPHAN_HINT: Final = (
    "its secret is kept in the journal; end it by hand: reconciler state settle '{address}' "
    "--revoked | --abandon | --output"
)


async def recover(
    run: Run, session: Session, instance: str, listing: Listing
) -> tuple[Listing, tuple[Unresolved, ...]]:
    """Return the newest list and what could not be settled.

    Raises:
        Unreachable: the instance stopped answering; what is not settled yet stays open.
        StateUnwritable: the journal does not take what was found out.

    """
    intents = [each for each in run.working.open.values() if each.address.instance == instance]
    unresolved: tuple[Unresolved, ...] = ()
    if intents:
        settlement = await settle(run, session, intents, listing)
        listing, unresolved = settlement.listing, tuple(settlement.unresolved)
    orphans = [o for o in run.working.orphans.values() if o.intent.address.instance == instance]
    left = [await _orphan(run, orphan, listing) for orphan in orphans]
    return listing, (*unresolved, *(each for each in left if each is not None))


async def _orphan(run: Run, made: Made, listing: Listing) -> Unresolved | None:
    """Drop an orphan that is gone; report one that lives, for its address has another client."""
    address, client_id = made.intent.address, made.created.client_id
    shown = any(each.client_id in (client_id, None) for each in listing.clients)
    if not shown and listing.would_show(owner=made.created.owner, principal=made.intent.principal):
        await run.record(Revoked(address=address, client_id=client_id))
        run.emit(Settled(address=address, how="a client that an earlier run made is gone"))
        return None
    event = Unresolved(
        address=address,
        cause=Cause(
            code="orphan",
            message="an earlier run made a client for it, and the state has another one since",
            hint=_ORPHAN_HINT.format(address=address),
        ),
    )
    run.emit(event)
    return event
