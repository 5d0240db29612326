"""Finds out what became of creates whose answer never came: by listing, never by posting again."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from reconciler.apply.events import Cause, Settled, Unresolved
from reconciler.apply.matching import find_by_nonce
from reconciler.apply.revoke import revoke_confirmed
from reconciler.apply.run_context import Run
from reconciler.model import client_id
from reconciler.model.client import ListedClient
from reconciler.model.ownership_mark import Mark, owner_of
from reconciler.ports import Ambiguous, ClientRevoked, Listing, NotApplied, Session
from reconciler.state.journal_records import Intent, NotCreated, RolledBack

_SETTLE_HINT: Final = (
    "look at the instance's clients, then end it by hand: reconciler state settle {address} "
    "--revoked | --abandon"
)


@dataclass(slots=True, kw_only=True)
class Settlement:
    """What was found out. `listing` is the last list; `withdrawn` were made, and are revoked.

    `answer` is what came back for the create, None for one of an earlier run.
    """

    listing: Listing
    answer: NotApplied | Ambiguous | None = None
    unresolved: list[Unresolved] = field(default_factory=list)
    withdrawn: list[Intent] = field(default_factory=list)


async def settle(
    run: Run,
    session: Session,
    intents: Sequence[Intent],
    listing: Listing,
    *,
    answer: NotApplied | Ambiguous | None = None,
) -> Settlement:
    """Resolve each attempt to `NotCreated` or `RolledBack`; what cannot be resolved stays open.

    A client that no list shows for the whole window (`Settings.window`) was not made. One that
    carries the attempt's nonce was made and its secret never received: it is revoked.

    Raises:
        Unreachable: the instance stopped answering; what is not resolved yet stays open.
        StateUnwritable: the journal does not take the resolution.

    """
    outcome = Settlement(listing=listing, answer=answer)
    waiting = list(intents)
    clock, window = run.ports.clock, run.settings.window
    began, pause, last = clock.monotonic(), 0.25, False
    while waiting:
        waiting = [
            each for each in waiting if not await _settled_by_sight(run, session, each, outcome)
        ]
        if not waiting or last:
            break
        await clock.sleep(min(pause, max(0.0, window - (clock.monotonic() - began))))
        pause *= 2
        # Withdrawing one client can take longer than the window: only a list after it counts.
        last = clock.monotonic() - began >= window
        outcome.listing = await session.list_clients()
    for intent in waiting:
        await run.record(NotCreated(nonce=intent.nonce))
        run.emit(Settled(address=intent.address, how="it was not made"))
    return outcome


async def _settled_by_sight(
    run: Run, session: Session, intent: Intent, outcome: Settlement
) -> bool:
    """Say whether one look at the list is enough; False where absence needs a longer look."""
    found = find_by_nonce(intent, outcome.listing, lineage=run.working.lineage)
    if found is not None:
        await _withdraw(run, session, intent, found, outcome)
        return True
    if any(_carries(each.mark, intent) for each in outcome.listing.clients):
        _leave(
            run, intent, outcome, "clients with its mark are there, and nothing proves which is its"
        )
        return True
    holder = outcome.listing.named(intent.live_name)
    if holder is not None and not _is_another(run, intent, holder):
        _leave(
            run, intent, outcome, "a client of this name is there, and nothing proves whose it is"
        )
        return True
    if not outcome.listing.proves_absence_of(owner=intent.owner, principal=intent.principal):
        why = outcome.listing.missing or "this user may not be shown the client"
        _leave(run, intent, outcome, f"{why}, so its absence proves nothing")
        return True
    return False


async def _withdraw(
    run: Run, session: Session, intent: Intent, found: ListedClient, outcome: Settlement
) -> None:
    if found.id is None:
        _leave(
            run,
            intent,
            outcome,
            "it was made, its secret never arrived, and the list has no id of it",
        )
        return
    result = await revoke_confirmed(run, session, found, intent)
    if not isinstance(result, ClientRevoked):
        _leave(
            run,
            intent,
            outcome,
            f"it was made, its secret never arrived, and revoking failed: {result.reason}",
        )
        return
    await run.record(RolledBack(nonce=intent.nonce))
    if found.client_id is not None:
        run.created.setdefault(client_id.key(found.client_id), intent.address)
    outcome.withdrawn.append(intent)
    clients = tuple(each for each in outcome.listing.clients if each is not found)
    outcome.listing = replace(outcome.listing, clients=clients)
    run.emit(Settled(address=intent.address, how="it was made without its secret, and is revoked"))


def _carries(mark: Mark | None, intent: Intent) -> bool:
    return mark is not None and mark.nonce == intent.nonce


def _is_another(run: Run, intent: Intent, listed: ListedClient) -> bool:
    """Say whether the name is held by a client that is surely not the attempt's.

    That is one that the state knows, or one with our mark and another attempt's nonce: a suspected
    orphan, which blocks its address by itself.
    """
    mark = listed.mark
    if mark is not None and mark.owner == owner_of(
        lineage=run.working.lineage, domain=intent.domain
    ):
        return mark.nonce != intent.nonce
    if listed.client_id is None:
        return False
    return any(
        client_id.is_same(listed.client_id, known)
        for address, entry in run.working.clients.items()
        if address.instance == intent.address.instance
        for known in (entry.client_id, *(old.client_id for old in entry.retiring))
    )


def _leave(run: Run, intent: Intent, outcome: Settlement, message: str) -> None:
    hint, request = _SETTLE_HINT.format(address=f"'{intent.address}'"), ""
    if outcome.answer is not None:
        message, request = f"{message}; the create: {outcome.answer.reason}", outcome.answer.request
    cause = Cause(code="unresolved", message=message, hint=hint, request=request)
    event = Unresolved(address=intent.address, cause=cause)
    outcome.unresolved.append(event)
    run.emit(event)
