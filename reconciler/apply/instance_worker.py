"""Process one instance, from the sign-on to the last revoke."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from reconciler.apply import create
from reconciler.apply.absence import Absence, unlisted
from reconciler.apply.events import Cause, but, cause_of
from reconciler.apply.instance_result import InstanceResult
from reconciler.apply.learn import learn, learn_unmarked, note_repeated
from reconciler.apply.matching import check_origin, locate
from reconciler.apply.new_secret import CreatedClient, persist_secret, set_aside
from reconciler.apply.resolve_journal import recover
from reconciler.apply.revoke import (
    NOT_LISTED,
    NOT_PROVED,
    Sent,
    is_back,
    retire_due,
    retire_now,
    revoke,
    revoke_stray,
    successor_is_shown,
    unconfirmed,
)
from reconciler.apply.run_context import Run
from reconciler.apply.sign_on import credential_of
from reconciler.model.address import Address
from reconciler.model.client import ListedClient
from reconciler.model.errors import CredentialUnavailable, ReconcilerError, Unreachable
from reconciler.plan.action import Action, Kind
from reconciler.plan.observation import Gone, Presence, Present
from reconciler.ports import Listing, Session
from reconciler.state.journal_records import Intent, NotCreated, Revoked
from reconciler.state.model import Entry, Retiring


async def work(run: Run, result: InstanceResult) -> None:
    """Carry out the plan on one instance, and resolve what earlier runs left unfinished there.

    Returns with every outcome in `result`; raises nothing but a cancellation.
    """
    result.begin()
    try:
        _forget(run, result)
        asking = [e for e in result.actions if e.kind is not Kind.FORGET or e.is_for_absence]
        if asking or run.has_left_open(result.instance):
            if (unseen := run.unseen.get(result.instance)) is not None:
                result.fail(unseen)
            else:
                await _with_session(run, result, asking)
    except ReconcilerError as error:
        result.fail(cause_of(error, result.instance))
    except Exception as error:  # noqa: BLE001 (one instance's defect must not cancel the others)
        result.fail(Cause(code="internal", message=f"internal error: {type(error).__name__}"))
    finally:
        run.views.pop(result.instance, None)
        result.finish()


def _forget(run: Run, result: InstanceResult) -> None:
    """Run the actions that need no request, so that they succeed on an unreachable instance."""
    for action in result.actions:
        if action.kind is Kind.FORGET and not action.is_for_absence and run.may_start:
            run.working.entry(action.address, None, forgotten=True)
            result.succeed(action)


async def _deliver(run: Run, session: Session, action: Action) -> Cause | None:
    entry = run.entry(action.address)
    if entry is None:
        return Cause(code="not-in-state", message="the state has no client at this address")
    return await create.deliver(run, session, action, entry)


async def _with_session(run: Run, result: InstanceResult, actions: Sequence[Action]) -> None:
    instance = run.desired.instances.get(result.instance)
    if instance is None:
        raise CredentialUnavailable(
            f"{result.instance}: an earlier run left a create open on it, and it left the manifest",
            hint="put its key back with `clients: []` until it is resolved, or settle it by hand:"
            " reconciler state settle",
        )
    credential = await credential_of(instance, run.ports.credentials)
    async with run.ports.domo.session(instance, credential) as session:
        work = _Work(
            run=run,
            result=result,
            session=session,
            domain=instance.domain,
            listing=await session.list_clients(),
            absence=Absence(run=run, session=session, instance=result.instance),
        )
        check_origin(run, result.instance, work.listing, domain=instance.domain)
        await work.identify()
        await work.recover()
        for action in (each for each in actions if each.kind is Kind.DELIVER):
            if action.address in work.aside:
                result.hold(action)
            elif run.may_start:
                result.start(action)
                result.end(action, await _deliver(run, session, action))
        await work.make([each for each in actions if each.kind.makes])
        await work.retire([each for each in actions if each.kind is Kind.REVOKE])
        await work.forget([each for each in actions if each.kind is Kind.FORGET])


@dataclass(slots=True, kw_only=True)
class _Work:
    """An instance with an open session.

    `listing` is its newest list, `before` the numeric ids before the first create.
    """

    run: Run
    result: InstanceResult
    session: Session
    domain: str
    listing: Listing
    absence: Absence
    blocked: frozenset[Address] = frozenset()
    released: frozenset[Address] = frozenset()
    aside: set[Address] = field(default_factory=set)
    before: frozenset[int | None] = frozenset()
    made: list[Action] = field(default_factory=list)
    succeeded: list[Action] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    ended_first: set[Address] = field(default_factory=set)

    async def identify(self) -> None:
        """Record what the list shows of new clients.

        A client that it shows with another client id is set aside.
        """
        for address, entry in learn(self.run, self.result.instance, self.listing, self._entries()):
            cause = await set_aside(self.run, self.session, address, entry)
            self.aside.add(address)
            if cause is not None and self.made:  # before the creates, `recover` reports it
                self.result.leave(address, cause)
        learn_unmarked(self.run, self.listing, {each.address for each in self.made}, self.before)

    def _locate(self, known: Entry | Retiring, domain: str) -> Presence:
        return locate(self.run, self.result.instance, known, self.listing, domain=domain)

    def _entries(self) -> list[tuple[Address, Entry]]:
        addresses = self.run.addresses.get(self.result.instance, set())
        known = self.run.working.clients
        return [(each, known[each]) for each in sorted(addresses) if each in known]

    async def recover(self) -> None:
        """Resolve what earlier runs left unfinished; an unresolved create blocks its address."""
        aside = dict(self.run.working.orphans)
        self.listing, unresolved = await recover(
            self.run, self.session, self.result.instance, self.listing
        )
        left = aside.keys() - self.run.working.orphans.keys()
        self.released = frozenset(each for each, entry in self._entries() if entry.nonce in left)
        self.result.unresolved.extend(unresolved)
        self.blocked = frozenset(each.address for each in unresolved)

    async def make(self, actions: Sequence[Action]) -> None:
        """Send the planned creates: all intents become durable, then one `POST` after the other.

        The intents come first because one sync then covers all of them.
        """
        for action in (each for each in actions if each.address in self.released):
            self.result.start(action)
            await self._finish(action, None)
        actions = [each for each in actions if each.address not in self.released]
        ready = [each for each in actions if await self._is_ready(each)]
        if not ready or not self.run.may_start:
            return
        self.run.check_serial()
        intents = [create.new_intent(self.run, self.session, each, self.listing) for each in ready]
        await self.run.record(*intents)
        self.before = frozenset(each.id for each in self.listing.clients)
        finishing: list[asyncio.Task[None]] = []
        left = list(zip(ready, intents, strict=True))
        try:
            while left and self.run.may_start:
                action, intent = left.pop(0)
                await self._make_one(action, intent, finishing)
        except asyncio.CancelledError:
            for task in finishing:
                task.cancel()
            raise
        except Unreachable:
            await self.run.record(*(NotCreated(nonce=intent.nonce) for _, intent in left))
            left = []
            raise
        finally:
            await asyncio.gather(*finishing, return_exceptions=True)
        if left:
            await self.run.record(*(NotCreated(nonce=intent.nonce) for _, intent in left))

    async def _make_one(
        self, action: Action, intent: Intent, finishing: list[asyncio.Task[None]]
    ) -> None:
        self.result.start(action)
        posted = await create.send_create(self.run, self.session, action, intent)
        if isinstance(posted, CreatedClient):
            self.made.append(action)
            self.run.addresses.setdefault(self.result.instance, set()).add(action.address)
            finishing.append(asyncio.create_task(self._finish(action, posted)))
        else:
            ended = "the old client is revoked, and the address has no client until the next apply"
            self.result.end(
                action, but(posted, ended) if action.address in self.ended_first else posted
            )

    async def _finish(self, action: Action, posted: CreatedClient | None) -> None:
        """Make the secret durable and deliver it, while the next `POST` is under way.

        Without `posted` it is durable already: the client of an earlier run counts as created now.
        """
        try:
            if posted is not None:
                taken = await persist_secret(self.run, self.session, posted, self.listing)
                if taken is not None:
                    self.result.end(action, taken)
                    return
                note_repeated(self.run, action.address, posted.made)
            cause = await _deliver(self.run, self.session, action)
        except ReconcilerError as error:
            cause = cause_of(error, self.result.instance)
        except Exception as error:  # noqa: BLE001 (an unexpected failure is reported like the rest)
            cause = Cause(code="internal", message=f"internal error: {type(error).__name__}")
        entry = self.run.entry(action.address)
        if cause is None and entry is not None and retire_now(entry):
            self.succeeded.append(action)
        else:
            made = posted.made.client_id if posted is not None else None
            created = entry is not None and made in (None, entry.client_id)
            why = but(cause, "created, but not delivered") if created else cause
            self.result.end(action, why, created=created)

    async def _is_ready(self, action: Action) -> bool:
        if action.address in self.blocked:
            self.result.hold(action)
            return False
        cause: Cause | None = None
        entry = self.run.entry(action.address)
        replaces = entry is not None and action.kind is not Kind.CREATE
        if cause is None and entry is not None and replaces and entry.live_name == action.live_name:
            cause = await self._revoke_first(action, entry)
        if cause is None and entry is not None and not replaces:
            cause = await is_back(self.absence, self.listing, entry, entry.domain)
        cause = cause or create.conflict(self.run, action, self.listing)
        if cause is not None:
            self.result.end(action, cause)
        return cause is None

    async def forget(self, actions: Sequence[Action]) -> None:
        """Forget the clients that the plan found gone, if they still are."""
        for action in actions:
            entry = self.run.entry(action.address)
            if not self.run.may_start or entry is None:
                continue
            self.result.start(action)
            cause = None
            clients: tuple[Entry | Retiring, ...] = (entry, *entry.retiring)
            for each in clients:
                cause = cause or await is_back(self.absence, self.listing, each, entry.domain)
            if cause is None:
                self.run.working.entry(action.address, None)
            self.result.end(action, cause)

    async def _revoke_first(self, action: Action, entry: Entry) -> Cause | None:
        if not self.run.may_start:
            return Cause(code="interrupted", message="interrupted before it was started")
        self.run.check_serial()
        seen = self._locate(entry, entry.domain)
        cause = await self._revoke_known(action.address, entry)
        failed = await self._confirm()
        cause = cause or failed.get((action.address, entry.client_id))
        if cause is None:
            self.ended_first.add(action.address)
        if cause is None and isinstance(seen, Present):
            # Keep a client that has taken the name of one that was gone already.
            kept = tuple(each for each in self.listing.clients if each is not seen.listed)
            self.listing = replace(self.listing, clients=kept)
        return cause

    async def retire(self, actions: Sequence[Action]) -> None:
        """List again for the numeric ids, then revoke predecessors and removed clients."""
        if self.made:
            self.listing = await self.session.list_clients()
            await self.identify()
        causes: list[tuple[Action, Cause | None]] = []
        for action in self.succeeded:
            entry = self.run.entry(action.address)
            causes.append((action, await self._retire(action.address, entry)))
        count = len(causes)
        for action in actions:
            if self.run.may_start:
                self.result.start(action)
                causes.append((action, await self._revoke(action)))
        failed = await self._confirm()
        for number, (action, cause) in enumerate(causes):
            retires = number < count
            why = cause or next(
                (
                    each
                    for (address, client_id), each in failed.items()
                    if address == action.address and (retires or client_id == action.client_id)
                ),
                None,
            )
            if retires:
                why = but(why, "created and delivered, but the old client is not revoked")
            self.result.end(action, why, created=retires)

    async def _revoke_known(self, address: Address, known: Entry | Retiring) -> Cause | None:
        """Revoke a client; the revoke counts after a list has confirmed it."""
        outcome = await revoke(self.run, self.absence, self.listing, address, known)
        if isinstance(outcome, ListedClient):
            self.run.revoking.add(known.client_id)
            self.sent.append(Sent(address=address, known=known, listed=outcome))
            return None
        return outcome

    async def _confirm(self) -> dict[tuple[Address, str], Cause]:
        """List again and record the revokes that the list confirms; return the others."""
        if not self.sent:
            return {}
        sent, self.sent = self.sent, []
        revoked = [each.listed for each in sent]
        self.listing, left = await unlisted(self.absence, revoked, domain=self.domain)
        failed: dict[tuple[Address, str], Cause] = {}
        for each in sent:
            key = (each.address, each.known.client_id)
            if each.listed in left:
                failed[key] = unconfirmed(each.listed, self.listing)
            else:
                await self.run.record(Revoked(address=each.address, client_id=key[1]))
        return failed

    async def _retire(self, address: Address, entry: Entry | None) -> Cause | None:
        for old in retire_now(entry) if entry is not None else ():
            cause = await self._revoke_old(address, old)
            if cause is not None:
                return cause
        return None

    async def _revoke(self, action: Action) -> Cause | None:
        wish = self.run.plan.wish
        if wish is not None and wish.strays():
            return await self._revoke_stray(action)
        entry = self.run.entry(action.address)
        if entry is None:
            return None
        if entry.client_id == action.client_id and not action.retires:
            return await self._revoke_known(action.address, entry)
        old = next((each for each in entry.retiring if each.client_id == action.client_id), None)
        if old is None:
            return None
        if not action.retires:
            return await self._revoke_known(action.address, old)
        return await self._revoke_old(action.address, old)

    async def _revoke_stray(self, action: Action) -> Cause | None:
        outcome = await revoke_stray(
            self.run, self.session, self.listing, action, domain=self.domain
        )
        if isinstance(outcome, Cause):
            return outcome
        self.sent.append(outcome)
        return None

    async def _revoke_old(self, address: Address, old: Retiring) -> Cause | None:
        """Revoke a predecessor, if a list shows its delivered successor."""
        entry = self.run.entry(address)
        if entry is None:
            return None
        if isinstance(self._locate(old, entry.domain), Gone):
            return await self._revoke_known(address, old)
        if old not in retire_due(self.run, entry):
            return Cause(code="not-due", message="its successor has not reached every sink yet")
        secret = self.run.secret(entry.client_id, entry)
        if secret is not None:
            cause = await create.prove(self.run, self.session, entry, secret)
            if cause is not None:
                return cause
        elif entry.unproved:
            return NOT_PROVED
        if not await self._wait_for(address, entry):
            return NOT_LISTED
        return await self._revoke_known(address, old)

    async def _wait_for(self, address: Address, entry: Entry) -> bool:
        began, pause = self.run.ports.clock.monotonic(), 0.25
        while not successor_is_shown(self.run, address, entry, self.listing):
            if self.run.ports.clock.monotonic() - began >= self.run.settings.window:
                return False
            await self.run.ports.clock.sleep(pause)
            pause *= 2
            self.listing = await self.session.list_clients()
            await self.identify()
        return True
