"""Ends clients: only what a list of this run shows, and a predecessor only after its successor."""

from reconciler.apply.events import Cause
from reconciler.apply.run import Run
from reconciler.apply.seen import sight
from reconciler.model.address import Address
from reconciler.model.client import ListedClient
from reconciler.model.instant import later
from reconciler.plan.observe import Gone as Missing
from reconciler.plan.observe import NotVisible, Present, Sight
from reconciler.ports import Ambiguous, Gone, Listing, NotMade, Session
from reconciler.state.document import Entry, Retiring
from reconciler.state.records import Revoked


async def revoke_shown(run: Run, session: Session, numeric_id: int) -> Gone | NotMade:
    """Revoke what the list has just shown; an answer that was lost is resolved by listing.

    Raises:
        Unreachable: the instance stopped answering; the client may or may not live on.

    """
    outcome = await session.revoke(numeric_id)
    for _ in range(run.settings.attempts):
        if isinstance(outcome, Gone):
            return outcome
        listing = await session.list_clients()
        if all(listed.id != numeric_id for listed in listing.clients):
            return Gone()
        if isinstance(outcome, NotMade):
            return outcome
        outcome = await session.revoke(numeric_id)
    if isinstance(outcome, Ambiguous):
        return NotMade(reason=outcome.reason, status=outcome.status)
    return outcome


async def revoke(
    run: Run, session: Session, listing: Listing, address: Address, known: Entry | Retiring
) -> Cause | None:
    """Revoke one client that the state knows and make that durable; say why where it cannot be.

    Raises:
        Unreachable: the instance stopped answering.
        StateUnwritable: it is revoked, and the journal did not take it: the next run's list will
            show that it is gone.

    """
    domain = run.desired.instances[address.instance].domain
    seen = sight(run, known, listing, domain=domain)
    if isinstance(seen, Missing) and known.id is None:
        seen = await _looked_for(run, session, known, domain)
    match seen:
        case Present(listed=ListedClient(id=int(numeric_id))):
            outcome = await revoke_shown(run, session, numeric_id)
            if isinstance(outcome, NotMade):
                return Cause(
                    code="revoke-refused",
                    message=f"Domo did not revoke it: {outcome.reason}",
                    hint=outcome.hint,
                )
        case Missing():
            run.gone.add(known.client_id)
        case Present() | NotVisible():
            return Cause(
                code="not-visible",
                message="the client is not among those that this user is shown",
                hint="sign on as its owner, or as an administrator who sees all clients",
            )
    await run.record(Revoked(address=address, client_id=known.client_id))
    return None


async def _looked_for(run: Run, session: Session, known: Entry | Retiring, domain: str) -> Sight:
    """Look again for what no list has ever shown: a list may lag behind the create.

    Raises:
        Unreachable: the instance stopped answering.

    """
    began, pause = run.ports.clock.monotonic(), 0.25
    while True:
        passed = run.ports.clock.monotonic() - began
        await run.ports.clock.sleep(min(pause, max(0.0, run.settings.window - passed)))
        pause *= 2
        seen = sight(run, known, await session.list_clients(), domain=domain)
        if not isinstance(seen, Missing) or passed >= run.settings.window:
            return seen


def at_once(entry: Entry) -> tuple[Retiring, ...]:
    """Return the predecessors that end in the run that has delivered their successor."""
    if entry.delivered_at is None:
        return ()
    return tuple(old for old in entry.retiring if old.overlap == 0)


def due(run: Run, entry: Entry) -> tuple[Retiring, ...]:
    """Return the predecessors whose overlap, counted from the delivery to all sinks, is over.

    It is reckoned at the plan's as-of, as what was reviewed is.
    """
    delivered = entry.delivered_at
    if delivered is None:
        return ()
    return tuple(
        old
        for old in entry.retiring
        if old.overlap == 0 or later(delivered, old.overlap) <= run.plan.as_of
    )


def successor_is_shown(run: Run, address: Address, entry: Entry, listing: Listing) -> bool:
    """Say whether the list shows the client that takes over, so that its predecessor may end."""
    domain = run.desired.instances[address.instance].domain
    return isinstance(sight(run, entry, listing, domain=domain), Present)
