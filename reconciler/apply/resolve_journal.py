"""Resolve, on one instance, what the journals of earlier runs left unfinished."""

from dataclasses import replace
from typing import Final

from reconciler.apply.absence import Absence
from reconciler.apply.events import Cause, Settled, Unresolved
from reconciler.apply.new_secret import recheck
from reconciler.apply.resolve_creates import settle
from reconciler.apply.run_context import Run
from reconciler.plan.observation import Gone
from reconciler.ports import Listing, Session
from reconciler.state.client_index import of_attempts
from reconciler.state.journal_records import CreatedRecord, Revoked

_ORPHAN_HINT: Final = (
    "its secret is kept in the journal; settle it by hand: reconciler state settle '{address}' "
    "--revoked | --abandon | --output"
)


async def recover(
    run: Run, session: Session, instance: str, listing: Listing
) -> tuple[Listing, tuple[Unresolved, ...]]:
    """Return the newest list and the records that could not be resolved.

    Raises:
        Unreachable: the instance stopped answering; unresolved records stay open.
        StateUnwritable: the journal cannot be written.

    """
    intents = [each for each in run.working.open.values() if each.address.instance == instance]
    unresolved: tuple[Unresolved, ...] = ()
    orphans = [o for o in run.working.orphans.values() if o.intent.address.instance == instance]
    if intents or any(each.created.taken for each in orphans):
        run.doubted.add(instance)
    if intents:
        settlement = await settle(run, session, intents, listing)
        listing, unresolved = settlement.listing, tuple(settlement.unresolved)
    absence = Absence(run=run, session=session, instance=instance)
    left = [await _orphan(run, absence, orphan, listing) for orphan in orphans]
    return listing, (*unresolved, *(each for each in left if each is not None))


async def _orphan(
    run: Run, absence: Absence, made: CreatedRecord, listing: Listing
) -> Unresolved | None:
    """Drop an orphan that is gone; report one that exists beside its address's client."""
    address, client_id = made.intent.address, made.created.client_id
    if made.created.taken:
        cause = await recheck(run, absence.session, made)
        return _left(run, made, cause) if cause is not None else None
    (known,) = of_attempts((), (made,))
    principal = made.intent.principal
    seen = await absence.locate(known, listing, domain=known.domain, principal=principal)
    if isinstance(seen, Gone):
        await run.record(Revoked(address=address, client_id=client_id))
        run.emit(Settled(address=address, how="a client that an earlier run created is gone"))
        return None
    message = "an earlier run created a client for it, and the state has another one since"
    return _left(run, made, Cause(code="orphan", message=message))


def _left(run: Run, made: CreatedRecord, cause: Cause) -> Unresolved:
    address = made.intent.address
    hint = cause.hint or _ORPHAN_HINT.format(address=address)
    event = Unresolved(address=address, cause=replace(cause, hint=hint))
    run.emit(event)
    return event
