"""Resolve creates without an answer: by listing, never by sending the create again."""

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
    "look at the instance's clients, then settle it by hand: reconciler state settle {address} "
    "--revoked | --abandon"
)


@dataclass(slots=True, kw_only=True)
class Settlement:
    """The result. `listing` is the last list; `withdrawn` were created, and are revoked.

    `answer` is the answer to the create, None for a create of an earlier run.
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
    """Resolve each attempt to `NotCreated` or `RolledBack`; the others stay open.

    If no list shows the client during the whole window (`Settings.window`), it was not created. If
    a client has the attempt's nonce, it was created and its secret is lost: it is revoked.

    Raises:
        Unreachable: the instance stopped answering; what is not resolved yet stays open.
        StateUnwritable: the journal cannot be written.

    """
    outcome = Settlement(listing=listing, answer=answer)
    waiting = list(intents)
    clock, window = run.ports.clock, run.settings.window
    began, pause, last = clock.monotonic(), 0.25, False
    while waiting:
        waiting = [
            each for each in waiting if not await _settled_by_one_list(run, session, each, outcome)
        ]
        if not waiting or last:
            break
        await clock.sleep(min(pause, max(0.0, window - (clock.monotonic() - began))))
        pause *= 2
        # Revoking one client can take longer than the window: only a list after it counts.
        last = clock.monotonic() - began >= window
        outcome.listing = await session.list_clients()
    for intent in waiting:
        await run.record(NotCreated(nonce=intent.nonce))
        run.emit(Settled(address=intent.address, how="it was not created"))
    return outcome


async def _settled_by_one_list(
    run: Run, session: Session, intent: Intent, outcome: Settlement
) -> bool:
    """Return whether one list is enough; False if the absence needs more lists."""
    found = find_by_nonce(intent, outcome.listing, lineage=run.working.lineage)
    if found is not None:
        await _withdraw(run, session, intent, found, outcome)
        return True
    if any(_carries(each.mark, intent) for each in outcome.listing.clients):
        _leave(run, intent, outcome, "several clients have its mark, and they cannot be told apart")
        return True
    holder = outcome.listing.named(intent.live_name)
    if holder is not None and not _is_another(run, intent, holder):
        _leave(
            run,
            intent,
            outcome,
            "a client of this name exists, and it cannot be attributed to this create",
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
            "it was created, its secret never arrived, and the list does not show its id",
        )
        return
    result = await revoke_confirmed(run, session, found, intent)
    if not isinstance(result, ClientRevoked):
        _leave(
            run,
            intent,
            outcome,
            f"it was created, its secret never arrived, and revoking it failed: {result.reason}",
        )
        return
    await run.record(RolledBack(nonce=intent.nonce))
    if found.client_id is not None:
        run.created.setdefault(client_id.key(found.client_id), intent.address)
    outcome.withdrawn.append(intent)
    clients = tuple(each for each in outcome.listing.clients if each is not found)
    outcome.listing = replace(outcome.listing, clients=clients)
    run.emit(
        Settled(
            address=intent.address,
            how="it was created, its secret never arrived, and it is revoked",
        )
    )


def _carries(mark: Mark | None, intent: Intent) -> bool:
    return mark is not None and mark.nonce == intent.nonce


def _is_another(run: Run, intent: Intent, listed: ListedClient) -> bool:
    """Return whether a client of that name is certainly not the attempt's.

    That is a client that the state contains, or one with our mark and another attempt's nonce: a
    suspected orphan, which blocks its address itself.
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
