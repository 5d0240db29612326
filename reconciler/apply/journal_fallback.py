"""If the journal cannot be written, save the secret to a second journal or revoke the client."""

from typing import NoReturn

from reconciler.apply.matching import find_by_nonce
from reconciler.apply.revoke import revoke_confirmed
from reconciler.apply.run_context import Run
from reconciler.model.client_id import is_same
from reconciler.model.errors import ReconcilerError, StateUnwritable
from reconciler.ports import ClientRevoked, Session
from reconciler.state.journal_records import Created, Intent, RolledBack


async def write_fallback_journal(
    run: Run, session: Session, intent: Intent, created: Created, error: StateUnwritable
) -> NoReturn:
    """Write the secret to a separate journal; if that fails as well, revoke the client.

    Raises:
        StateUnwritable: always, with the step that was taken.

    """
    try:
        path = run.ports.store.rescue(run.header, (intent, created))
    except StateUnwritable:
        outcome = await _revoke_unsaved(run, session, intent, created)
        raise StateUnwritable(f"{error.message}; {outcome}", hint=error.hint) from None
    run.working.apply(created)
    raise StateUnwritable(
        f"{error.message}; the new secret of {intent.address} is kept in {path}",
        hint="fix the disk and apply again: that file is read like any journal",
    ) from None


async def _revoke_unsaved(run: Run, session: Session, intent: Intent, created: Created) -> str:
    lives_on = (
        f"the new client {created.client_id} of {intent.address} still exists without its secret,"
        " and the next apply revokes it"
    )
    try:
        listing = await session.list_clients()
        listed = find_by_nonce(intent, listing, lineage=run.working.lineage)
        if listed is None and not created.taken:
            listed = next(
                (e for e in listing.clients if is_same(e.client_id, created.client_id)), None
            )
        if listed is None:
            return lives_on
        outcome = await revoke_confirmed(run, session, listed, intent)
    except ReconcilerError:
        return lives_on
    if isinstance(outcome, ClientRevoked):
        # Not durable, but the journal that is written at the end of the run must not contain it.
        run.working.apply(RolledBack(nonce=intent.nonce))
        return (
            f"the new client of {intent.address} is revoked again, because its secret could not"
            " be saved"
        )
    return lives_on
