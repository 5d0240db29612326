"""Store the secret of a new client, and check that its client id is no other client's."""

from dataclasses import dataclass, replace
from typing import Final

from reconciler.apply.events import Cause, Settled
from reconciler.apply.journal_fallback import write_fallback_journal
from reconciler.apply.run_context import Run
from reconciler.model.address import Address
from reconciler.model.errors import StateUnwritable
from reconciler.model.secret import Secret
from reconciler.ports import ClientCreated, Inconclusive, Invalid, Listing, Session, Valid
from reconciler.state.journal_records import Created, CreatedRecord, Intent, Revoked
from reconciler.state.model import Entry, Plain

_PROOF_PAUSES: Final = (0.0, 0.5, 1.5)
"""Seconds before each try to sign in: a client may take a moment until it works everywhere."""

_SETTLE: Final = "revoke this one in Domo, and end it here: reconciler state settle '{}' --revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedClient:
    """A client that Domo created; its secret is not durable or delivered yet."""

    intent: Intent
    made: ClientCreated


async def sign_in(
    run: Run,
    session: Session,
    client_id: str,
    secret: Secret,
    *,
    scope: tuple[str, ...],
    patient: bool = True,
) -> Invalid | Inconclusive | None:
    """Sign in with a secret, with several tries; return why it does not work, None if it does.

    Unless it is `patient`, the first unknown outcome is returned.
    """
    outcome: Invalid | Inconclusive = Inconclusive(reason="")
    for pause in _PROOF_PAUSES:
        await run.ports.clock.sleep(pause)
        proof = await session.prove(client_id=client_id, secret=secret, scope=scope)
        if isinstance(proof, Valid):
            run.proven.add(client_id)
            return None
        outcome = proof
        if isinstance(proof, Inconclusive) and not patient:
            break
    return outcome


def unproved(outcome: Invalid | Inconclusive) -> str:
    """Describe a failed proof of a secret."""
    if isinstance(outcome, Invalid):
        return "its secret does not sign in"
    return "Domo could not be asked whether its secret works"


async def persist_secret(
    run: Run, session: Session, posted: CreatedClient, listing: Listing
) -> Cause | None:
    """Make the secret durable; if the disk refuses, revoke the client rather than lose its secret.

    A known client id is another client's: the secret is stored, and the client is set aside. While
    the answer to another create is lost, an id may be that one's: the secret is set aside until it
    has signed in. Return why it must not be delivered.

    Raises:
        StateUnwritable: the journal cannot be written; the message describes where the secret is.

    """
    intent, made = posted.intent, posted.made
    kept = run.ports.sealing.keep(client_id=made.client_id, secret=made.secret)
    holder = run.holder(made.client_id, intent.address, listing)
    is_doubtful = intent.address.instance in run.doubted
    record = Created(
        nonce=intent.nonce,
        client_id=made.client_id,
        secret=kept,
        at=run.now(),
        owner=made.owner if made.owner is not None else session.user,
        id=made.id,
        taken=True if holder is not None or is_doubtful else None,
    )
    if not record.taken:
        run.secrets[made.client_id] = made.secret
    try:
        await run.record(record)
    except StateUnwritable as error:
        await write_fallback_journal(run, session, intent, record, error)
    if holder is not None:
        run.doubted.add(intent.address.instance)
        return _taken(made.client_id, holder, intent.address)
    if is_doubtful:
        return await release(
            run, session, CreatedRecord(intent=intent, created=record), made.secret
        )
    return None


def _taken(client_id: str, holder: str, address: Address) -> Cause:
    return Cause(
        code="client-id-taken",
        message=f"Domo answered the create with the client id {client_id}, which {holder} has:"
        " both secrets are kept, and this one is delivered to no sink",
        hint=f"look at both clients in Domo, {_SETTLE.format(address)}",
    )


async def release(run: Run, session: Session, made: CreatedRecord, secret: Secret) -> Cause | None:
    """Count a client that was set aside as created if its secret signs in; else return why not."""
    created = made.created
    outcome = await sign_in(run, session, created.client_id, secret, scope=made.intent.scope)
    if outcome is not None:
        return Cause(
            code="not-proven",
            message="the answer to another create was lost, so the client id"
            f" {created.client_id} may be that one's, and {unproved(outcome)}: {outcome.reason}",
            hint="the secret is kept: apply again; if it never signs in,"
            f" {_SETTLE.format(made.intent.address)}",
            request=outcome.request,
        )
    run.secrets[created.client_id] = secret
    await run.record(replace(created, taken=None))
    address = made.intent.address
    run.addresses.setdefault(address.instance, set()).add(address)
    return None


async def recheck(run: Run, session: Session, made: CreatedRecord) -> Cause | None:
    """Check a client that an earlier run set aside; return None if it counts as created now."""
    address, created = made.intent.address, made.created
    holder = run.holder(created.client_id, address)
    if holder is not None:
        message = f"Domo answered its create with the client id {created.client_id}, which {holder}"
        return Cause(code="orphan", message=f"{message} has")
    kept = created.secret
    if isinstance(kept, Plain):
        secret: Secret | None = kept.secret
    else:
        secret = run.ports.sealing.open(client_id=created.client_id, sealed=kept)
    if secret is None:
        return Cause(
            code="orphan",
            message="its client id may be another client's, and its secret, which is to sign in"
            " first, cannot be opened here",
            hint="apply with --identity KEY_FILE",
        )
    cause = await release(run, session, made, secret)
    if cause is None:
        run.emit(Settled(address=address, how="its secret signs in, so it counts as created"))
    return cause


async def set_aside(run: Run, session: Session, address: Address, entry: Entry) -> Cause | None:
    """Store the secret of a client that lists show with another client id, and forget that id.

    The address gets its previous entry again. Without the secret, nothing changes.
    """
    made = run.working.made.get(entry.client_id)
    kept = run.working.secret_of(entry.client_id, entry)
    if kept is None and entry.client_id in run.secrets:
        secret = run.secrets[entry.client_id]
        kept = run.ports.sealing.keep(client_id=entry.client_id, secret=secret)
    if entry.nonce is None:
        return None
    if kept is not None:
        intent = made.intent if made is not None else _intent(session, address, entry, entry.nonce)
        created = Created(
            nonce=entry.nonce,
            client_id=entry.client_id,
            secret=kept,
            at=entry.created_at,
            owner=entry.owner,
            taken=True,
        )
        await run.record(intent, created, Revoked(address=address, client_id=entry.client_id))
        run.secrets.pop(entry.client_id, None)
        run.doubted.add(address.instance)
    return _taken(entry.client_id, "another client in the list", address)


def _intent(session: Session, address: Address, entry: Entry, nonce: str) -> Intent:
    """Return the record of a create whose own record has gone into the state."""
    return Intent(
        address=address,
        nonce=nonce,
        domain=entry.domain,
        live_name=entry.live_name,
        scope=entry.scope,
        sinks=entry.sinks,
        at=entry.created_at,
        principal=session.principal,
        owner=entry.owner,
        description=entry.description,
        predecessor=entry.retiring[-1].client_id if entry.retiring else None,
        protect=entry.protect,
        on_remove=entry.on_remove,
        overlap=entry.overlap,
    )
