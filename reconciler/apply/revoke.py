"""Revoke clients: only those in a list of this run, and a predecessor only after its successor."""

from dataclasses import dataclass
from typing import Final

from reconciler.apply.absence import Absence, unlisted
from reconciler.apply.events import Cause
from reconciler.apply.matching import explain_unproved_absence, is_same_client, locate, view_of
from reconciler.apply.run_context import Run
from reconciler.model.address import Address
from reconciler.model.client import ListedClient
from reconciler.model.timestamps import later
from reconciler.plan.action import Action
from reconciler.plan.observation import Gone as Missing
from reconciler.plan.observation import Present
from reconciler.ports import Ambiguous, ClientRevoked, Listing, NotApplied, Session
from reconciler.state.journal_records import Intent, Revoked
from reconciler.state.model import Entry, Retiring

NOT_PROVED: Final = Cause(
    code="not-proven",
    message="the new client's secret has not signed in yet and cannot be opened here, so the old"
    " client stays",
    hint="apply with --identity KEY_FILE: it proves the secret first",
)
NOT_LISTED: Final = Cause(
    code="successor-not-listed",
    message="no list shows the new client in a form that identifies it, so the old one stays",
    hint="the next apply looks again; if lists always mask client ids, revoke the old"
    " client in Domo by hand",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A revoke that Domo answered with 204, and that no list has confirmed yet."""

    address: Address
    known: Entry | Retiring
    listed: ListedClient


async def revoke_shown(
    run: Run, session: Session, shown: ListedClient
) -> ClientRevoked | NotApplied:
    """Revoke a client that a list of this run shows; a lost answer is resolved by listing.

    A second request is sent only if a new list shows the numeric id with the same client.

    Raises:
        Unreachable: the instance stopped answering; the client may still exist.

    """
    if shown.id is None:
        return NotApplied(reason="the list shows no numeric id of it")
    outcome = await session.revoke(shown.id)
    for _ in range(run.settings.attempts):
        if isinstance(outcome, ClientRevoked):
            return outcome
        listing = await session.list_clients()
        found = next((each for each in listing.clients if each.id == shown.id), None)
        if found is None and not listing.missing:
            return ClientRevoked()
        if found is None:
            return _not_revoked(outcome, f"; {listing.missing}")
        if not is_same_client(found, shown):
            return _not_revoked(
                outcome, f"; the list shows another client with the id {shown.id} now"
            )
        if isinstance(outcome, NotApplied):
            return outcome
        outcome = await session.revoke(shown.id)
    return _not_revoked(outcome) if isinstance(outcome, Ambiguous) else outcome


def _not_revoked(outcome: NotApplied | Ambiguous, more: str = "") -> NotApplied:
    return NotApplied(
        reason=outcome.reason + more,
        status=outcome.status,
        hint=outcome.hint,
        request=outcome.request,
    )


async def revoke_confirmed(
    run: Run, session: Session, shown: ListedClient, intent: Intent
) -> ClientRevoked | NotApplied:
    """Revoke the client of an attempt, and list until no list shows it.

    Raises:
        Unreachable: the instance stopped answering; the client may still exist.

    """
    outcome = await revoke_shown(run, session, shown)
    if isinstance(outcome, ClientRevoked):
        absence = Absence(run=run, session=session, instance=intent.address.instance)
        listing, left = await unlisted(absence, [shown], domain=intent.domain)
        if left:
            return NotApplied(reason=unconfirmed(shown, listing).message)
    return outcome


def unconfirmed(shown: ListedClient, listing: Listing) -> Cause:
    """Return why a revoke does not count although Domo answered with 204."""
    why = listing.missing or "the list still shows the client"
    return Cause(
        code="revoke-unconfirmed",
        message=f"Domo answered 204 to the revoke, but {why} (id {shown.id})",
        hint="the state keeps the client; the next apply looks again",
    )


async def revoke(
    run: Run, absence: Absence, listing: Listing, address: Address, known: Entry | Retiring
) -> Cause | ListedClient | None:
    """Revoke one client of the state; return why it cannot be revoked, or what was revoked.

    The caller lists again and then records the revoke. None means that the client was gone
    already, and that this is recorded.

    Raises:
        Unreachable: the instance stopped answering.
        StateUnwritable: the journal cannot be written; the next run's list shows that it is gone.

    """
    domain = run.desired.instances[address.instance].domain
    match await absence.locate(known, listing, domain=domain):
        case Present(listed=listed) if listed.id is not None:
            outcome = await revoke_shown(run, absence.session, listed)
            if isinstance(outcome, NotApplied):
                return _refused(outcome)
            return listed
        case Missing():
            run.gone.add(known.client_id)
            await run.record(Revoked(address=address, client_id=known.client_id))
            return None
        case _:
            return invisible(run, address.instance, listing, domain=domain)


async def revoke_stray(
    run: Run, session: Session, listing: Listing, action: Action, *, domain: str
) -> Cause | Sent:
    """Revoke a client with this state's mark that neither the state nor a journal knows.

    Raises:
        Unreachable: the instance stopped answering.

    """
    instance = action.address.instance
    view = view_of(run, instance, listing, domain=domain, proves=frozenset())
    listed = view.stray(action.client_id)
    if listed is None or listed.id is None or action.client_id is None:
        return Cause(
            code="not-visible",
            message=f"the list shows no client {action.client_id} with this state's mark that the"
            " state does not know",
            hint="`reconciler plan --refresh` shows the clients of the instance",
        )
    outcome = await revoke_shown(run, session, listed)
    if isinstance(outcome, NotApplied):
        return _refused(outcome)
    known = Retiring(
        live_name=listed.name,
        client_id=action.client_id,
        id=listed.id,
        owner=listed.owner,
        scope=listed.scope,
    )
    return Sent(address=action.address, known=known, listed=listed)


def _refused(outcome: NotApplied) -> Cause:
    return Cause(
        code="revoke-refused",
        message=f"Domo did not revoke it: {outcome.reason}",
        hint=outcome.hint,
        request=outcome.request,
    )


async def is_back(
    absence: Absence, listing: Listing, known: Entry | Retiring, domain: str
) -> Cause | None:
    """Return why a client that was planned as gone does not count as gone, None if it does."""
    match await absence.locate(known, listing, domain=domain):
        case Missing():
            return None
        case Present():
            return Cause(
                code="not-gone",
                message="the plan counted the client as gone, and a list shows it",
                hint="plan again",
            )
        case _:
            return invisible(absence.run, absence.instance, listing, domain=domain)


def invisible(run: Run, instance: str, listing: Listing, *, domain: str) -> Cause:
    """Return why a client's absence in a list proves nothing."""
    if why := explain_unproved_absence(run, instance, listing, domain=domain):
        return Cause(
            code="not-visible",
            message=f"the client is not listed, which proves nothing: {why}",
            hint="apply again if the instance lists all of its clients",
        )
    return Cause(
        code="not-visible",
        message="the client is not among those that this user is shown",
        hint="sign on as its owner, or as an administrator who sees all clients",
    )


def retire_now(entry: Entry) -> tuple[Retiring, ...]:
    """Return the predecessors to revoke in the run that has delivered their successor."""
    if entry.delivered_at is None:
        return ()
    return tuple(old for old in entry.retiring if old.overlap == 0)


def retire_due(run: Run, entry: Entry) -> tuple[Retiring, ...]:
    """Return the predecessors whose overlap, counted from the delivery to all sinks, is over.

    The overlap is computed at the plan's as-of, the instant that was reviewed.
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
    """Return whether the list shows the successor, so that its predecessor may be revoked."""
    domain = run.desired.instances[address.instance].domain
    return isinstance(locate(run, address.instance, entry, listing, domain=domain), Present)
