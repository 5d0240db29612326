"""Create one client: intent durable → `POST` → secret durable → proved → delivered."""

from dataclasses import replace
from typing import Final, assert_never

from reconciler.apply.events import Cause, cause_of
from reconciler.apply.matching import view_of
from reconciler.apply.new_secret import CreatedClient, sign_in, unproved
from reconciler.apply.readback import read_back
from reconciler.apply.resolve_creates import settle
from reconciler.apply.run_context import Run
from reconciler.model.address import Address
from reconciler.model.client_name import form
from reconciler.model.errors import ReconcilerError, Unreachable
from reconciler.model.ownership_mark import Mark, with_mark
from reconciler.model.secret import Secret, fingerprint
from reconciler.model.sink import STATE
from reconciler.plan.action import Action, Kind
from reconciler.ports import (
    Ambiguous,
    ClientCreated,
    Inconclusive,
    Listing,
    NotApplied,
    Session,
)
from reconciler.state.journal_records import Delivered, Intent, NotCreated
from reconciler.state.model import Entry, Retiring, SinkDelivery, delivery_of
from reconciler.state.working_state import drop_unneeded_secret

_BAD_REQUEST: Final = 400


def new_intent(run: Run, session: Session, action: Action, listing: Listing) -> Intent:
    """Return the record that must be durable before the create is sent."""
    wanted = run.desired.clients[action.address]
    entry = run.entry(action.address)
    return Intent(
        address=action.address,
        nonce=run.ports.nonce(),
        domain=_domain(run, action),
        live_name=action.live_name,
        scope=wanted.scope,
        sinks=wanted.sinks,
        at=run.now(),
        principal=session.principal,
        owner=session.user,
        description=wanted.description,
        predecessor=entry.client_id if entry else None,
        marked=run.desired.mark,
        protect=wanted.protect,
        on_remove=wanted.on_remove,
        overlap=wanted.overlap,
        orphan=_orphan(run, action, listing) if entry is None else None,
    )


def _orphan(run: Run, action: Action, listing: Listing) -> Retiring | None:
    """Return the client with our mark, unknown to the state, that the action replaces."""
    if action.kind is not Kind.ROTATE:
        return None
    wanted = run.desired.clients[action.address]
    view = view_of(
        run, action.address.instance, listing, domain=_domain(run, action), proves=frozenset()
    )
    for listed in listing.clients:
        mark = listed.mark
        if mark is None or not view.is_orphan(listed):
            continue
        if listed.client_id == action.client_id and (
            listed.client_id is not None or form(listed.name) == form(action.address.client)
        ):
            # If the list masks the id, only the nonce identifies the client from here on.
            client_id = listed.client_id or f"masked:{mark.nonce}"
            return Retiring(
                live_name=listed.name,
                client_id=client_id,
                id=listed.id,
                owner=listed.owner,
                scope=listed.scope,
                nonce=mark.nonce,
                overlap=wanted.overlap,
            )
    return None


def conflict(run: Run, action: Action, listing: Listing) -> Cause | None:
    """Return why the create must not be sent, None if the wanted name is free."""
    found = listing.named(action.live_name)
    if found is None:
        return None
    instance = action.address.instance
    view = view_of(run, instance, listing, domain=_domain(run, action), proves=frozenset())
    managed = view.manager(found)
    if managed is not None:
        return Cause(
            code="conflict",
            message=f"a client of this name exists, and it is managed as {managed.address}",
            hint="`reconciler plan --refresh` shows what the instance has",
        )
    if view.is_orphan(found):
        return Cause(
            code="suspected-orphan",
            message="a client of this name has this state's mark, and the state does not know it",
            hint="a consumer may use it: `reconciler plan --refresh` plans a successor first,"
            f" and `reconciler import '{action.address}'` adopts it as it is",
        )
    hint = f"adopt it with `reconciler import '{action.address}'`, or choose another name"
    if action.live_name != action.address.client:
        hint = "`reconciler apply --refresh` sees it, and takes the next name that is free"
    return Cause(
        code="conflict",
        message="a client of this name exists already, and it was not created from this state",
        hint=hint,
    )


def _domain(run: Run, action: Action) -> str:
    return run.desired.instances[action.address.instance].domain


async def send_create(
    run: Run, session: Session, action: Action, intent: Intent
) -> CreatedClient | Cause:
    """Send the create until it is created, refused, or its outcome stays unknown.

    Raises:
        Unreachable: the instance stopped answering; the attempt stays open in the journal.
        StateUnwritable: the journal cannot be written; no further create is sent.

    """
    last: NotApplied | Ambiguous | None = None
    for attempt in range(run.settings.attempts):
        if attempt:
            intent = replace(intent, nonce=run.ports.nonce(), at=run.now())
            await run.record(intent)
        outcome = await session.create(
            name=intent.live_name, description=_description(run, intent), scope=intent.scope
        )
        match outcome:
            case ClientCreated():
                return CreatedClient(intent=intent, made=outcome)
            case NotApplied(status=status, reason=reason) if status != _BAD_REQUEST:
                await run.record(NotCreated(nonce=intent.nonce))
                message = f"Domo did not create it: {reason}"
                return Cause(
                    code="create-refused",
                    message=message,
                    hint=outcome.hint,
                    request=outcome.request,
                )
            case NotApplied() | Ambiguous():
                last = outcome
                cause = await _resolve(run, session, action, intent, outcome)
                if cause is not None:
                    return cause
            case _:
                assert_never(outcome)
        if not run.may_start:
            break
    return Cause(
        code="create-failed",
        message="every answer to the create was lost or unusable, and no list shows a new client"
        + (f"; the last one: {last.reason}" if last else ""),
        hint=(last.hint if last else None) or "apply again when the instance answers",
        request=last.request if last else "",
    )


def _description(run: Run, intent: Intent) -> str:
    if not intent.marked:
        return intent.description
    mark = Mark.of(lineage=run.working.lineage, domain=intent.domain, nonce=intent.nonce)
    return with_mark(intent.description, mark)


async def _resolve(
    run: Run, session: Session, action: Action, intent: Intent, outcome: NotApplied | Ambiguous
) -> Cause | None:
    """Resolve the outcome of a create by listing; return None if it may be sent again.

    Until it is resolved, a client that the list does not show yet may have any client id.
    """
    run.doubted.add(action.address.instance)
    try:
        listing = await session.list_clients()
        settlement = await settle(run, session, [intent], listing, answer=outcome)
    except Unreachable as failure:
        failure.message += f"; before that, the create: {outcome.reason}"
        raise
    if settlement.unresolved:
        return settlement.unresolved[0].cause
    if isinstance(outcome, NotApplied) and not settlement.withdrawn:
        return conflict(run, action, settlement.listing) or Cause(
            code="create-refused",
            message=f"Domo did not create it: {outcome.reason}",
            hint="a client that this user is not shown may have the name",
            request=outcome.request,
        )
    return conflict(run, action, settlement.listing)


async def deliver(run: Run, session: Session, action: Action, entry: Entry) -> Cause | None:
    """Deliver the secret to each sink that lacks it; return why if a sink refuses it.

    A client that has predecessors, or that an earlier run made, signs in first: no working secret
    in a sink is ever overwritten with one that does not work.

    Raises:
        StateUnwritable: the sinks may have it; a second delivery is harmless.

    """
    secret = run.secret(entry.client_id, entry)
    is_read_back = secret is None
    if secret is None:
        found = await read_back(run, session, entry)
        if isinstance(found, Cause):
            return found
        secret = found
    if entry.retiring or entry.client_id not in run.secrets:
        cause = await prove(run, session, entry, secret)
        if cause is not None:
            return cause
    cause = await _to_sinks(run, action, entry, secret)
    if is_read_back and cause is None:
        _to_state(run, action.address, secret)
    return cause


def _to_state(run: Run, address: Address, secret: Secret) -> None:
    """Store a secret that was read back in the state, if the state is one of the sinks.

    The journal does not record it: if the state is not written, the next run reads it back again.
    """
    entry = run.entry(address)
    if entry is None or STATE not in entry.waiting:
        return
    kept = run.ports.sealing.keep(client_id=entry.client_id, secret=secret)
    delivered = {**entry.delivered, STATE: SinkDelivery(target=STATE, at=run.now())}
    run.working.entry(
        address, drop_unneeded_secret(replace(entry, delivered=delivered, secret=kept))
    )


async def _to_sinks(run: Run, action: Action, entry: Entry, secret: Secret) -> Cause | None:
    delivery = delivery_of(action.address, entry, secret)
    cause: Cause | None = None
    for target in run.desired.targets_of(action.address, entry.sinks):
        reached = entry.delivered.get(target.sink)
        proved = entry.client_id in run.proven or None
        if reached is not None and reached.target == str(target):
            if proved and entry.unproved:
                await run.record(
                    Delivered(
                        address=action.address,
                        client_id=entry.client_id,
                        sink=target.sink,
                        target=reached.target,
                        at=reached.at,
                        proved=True,
                        digest=reached.digest,
                    )
                )
            continue
        digest: str | None = None
        try:
            if target.sink != STATE:
                await run.ports.sinks.deliver(target, delivery)
                digest = fingerprint(entry.client_id, secret)
            elif run.working.secret_of(entry.client_id, entry) is None:
                continue  # it was read back from a file: see `_to_state`
        except ReconcilerError as error:
            cause = cause or cause_of(error, action.address.instance)
            continue
        await run.record(
            Delivered(
                address=action.address,
                client_id=entry.client_id,
                sink=target.sink,
                target=str(target),
                at=run.now(),
                proved=proved,
                digest=digest,
            )
        )
    return cause


async def prove(run: Run, session: Session, entry: Entry, secret: Secret) -> Cause | None:
    """Sign in with a secret, once in a run; return why it must not replace another one.

    If the outcome is unknown, a client that this run created and that has no predecessors is
    delivered: it replaces nothing. A secret from an earlier run may replace a newer one.
    """
    if entry.client_id in run.proven:
        return None
    harmless = not entry.retiring and entry.client_id in run.secrets
    last = await sign_in(
        run, session, entry.client_id, secret, scope=entry.scope, patient=not harmless
    )
    if last is None or (harmless and isinstance(last, Inconclusive)):
        return None
    if entry.retiring:
        follows = "so its predecessor stays"
    else:
        follows = "and a secret of an earlier run is delivered only after it has signed in"
    return Cause(
        code="not-proven",
        message=f"{unproved(last)}, {follows}: {last.reason}",
        request=last.request,
        hint="apply again: it is kept, and delivered once it works; `reconciler plan --refresh`"
        " shows whether the client is gone",
    )
