"""The context that all steps of one apply share: ports, known clients, and the stop signal."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from reconciler.apply.events import Cause, Event, Listener
from reconciler.model import client_id
from reconciler.model.address import Address
from reconciler.model.errors import StateRefused, StateUnwritable
from reconciler.model.manifest import Manifest
from reconciler.model.secret import Secret
from reconciler.model.timestamps import format_utc
from reconciler.plan.action import Plan
from reconciler.plan.observation import View
from reconciler.plan.selection import Selection
from reconciler.ports import (
    Clock,
    Credentials,
    Domo,
    Journal,
    Listing,
    Sealing,
    Sinks,
    StateStore,
)
from reconciler.state.client_index import Identity, of_attempts, of_clients
from reconciler.state.journal_records import Header, Record
from reconciler.state.model import Entry, Plain, State
from reconciler.state.working_state import WorkingState

ViewKey = tuple[int, str, int | None, str | None]
"""A list by its `id`, a domain, and the owner and principal of the clients in question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The ports of one apply. `nonce` returns 8 random hex digits."""

    domo: Domo
    credentials: Credentials
    sinks: Sinks
    sealing: Sealing
    store: StateStore
    clock: Clock
    nonce: Callable[[], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of an apply.

    `concurrency` counts instances. `window` is for how many seconds a client must stay out of the
    lists before it counts as not created. `attempts` bounds how often one client is tried in a run.
    `grace` is how many seconds running requests get after an interrupt. `accept_missing` are the
    instances of which a list without any known client is believed. `prune` removes the secret files
    of revoked clients.
    """

    concurrency: int = 16
    window: float = 5.0
    attempts: int = 3
    grace: float = 4.5
    accept_missing: frozenset[str] = frozenset()
    prune: bool = False


class Stop:
    """A stop request that all tasks check."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    @property
    def requested(self) -> bool:
        """Return whether a stop was requested, so that nothing new may start."""
        return self._event.is_set()

    def request(self) -> None:
        """Prevent new work; running requests finish."""
        self._event.set()

    async def wait(self) -> None:
        """Return once a stop is requested."""
        await self._event.wait()


@dataclass(slots=True, kw_only=True)
class Run:
    """One running apply.

    `base` is the state file that this run read and will replace, `addresses` what is known of each
    instance by its key, `proven` the client ids that signed in, `gone` those that were to be
    revoked and had ended before, `revoking` those whose revoke
    Domo answered with 204, `notes` how Domo spells new clients differently (by address and field),
    `written` the serial of the state that this run wrote. `views` are the lists of the instances
    that are being worked on, indexed by `seen.locate`, `created` the addresses of the clients that
    this run created, by the value of their client ids. `doubted` are the instances on which the
    answer to a create was lost: a new client id may be that one's. `unseen` has the instances
    that the plan's refresh could not list, and why: a second sign-on would send a refused password
    again.
    """

    desired: Manifest
    plan: Plan
    ports: Ports
    settings: Settings
    working: WorkingState
    base: State
    header: Header
    journal: Journal
    listen: Listener
    stop: Stop
    selection: Selection | None = None
    secrets: dict[str, Secret] = field(default_factory=dict)
    addresses: dict[str, set[Address]] = field(default_factory=dict)
    proven: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    revoking: set[str] = field(default_factory=set)
    views: dict[str, dict[ViewKey, tuple[Listing, View]]] = field(default_factory=dict)
    notes: dict[tuple[Address, str], str] = field(default_factory=dict)
    created: dict[str, Address] = field(default_factory=dict)
    doubted: set[str] = field(default_factory=set)
    written: int | None = None
    halted: Cause | None = None
    unseen: Mapping[str, Cause] = field(init=False)
    _serial_checked: bool = False
    _elsewhere: Mapping[str, Identity] | None = None

    def __post_init__(self) -> None:
        for address in self.working.clients:
            self.addresses.setdefault(address.instance, set()).add(address)
        self.unseen = {
            key: Cause(code=each.code, message=each.message, hint=each.hint)
            for key, each in self.plan.unseen.items()
        }

    def selected(self, address: Address) -> bool:
        """Return whether the run may change the client at an address."""
        instance = self.desired.instances.get(address.instance)
        labels = instance.labels if instance is not None else {}
        return self.selection is None or self.selection.matches(address, labels)

    @property
    def elsewhere(self) -> Mapping[str, Identity]:
        """Return the clients that were known at the first list, by the value of their ids."""
        if self._elsewhere is None:
            self._elsewhere = {
                client_id.key(each.client_id): each
                for each in of_clients(self.working.clients)
                if each.client_id is not None
            }
        return self._elsewhere

    def identities(self, instance: str) -> list[Identity]:
        """Return the clients that the state and the journals know on an instance."""
        known = self.working.clients
        mine = {each: known[each] for each in self.addresses.get(instance, ()) if each in known}
        attempts = of_attempts(self.working.open.values(), self.working.orphans.values())
        # A client that this run has just revoked may be missing in a list.
        clients = (replace(e, attempt=e.client_id in self.revoking) for e in of_clients(mine))
        return [*clients, *(each for each in attempts if each.address.instance == instance)]

    def is_new(self, address: Address, entry: Entry) -> bool:
        """Return whether the state file lacked a client when the run started."""
        before = self.base.clients.get(address)
        return before is not entry and (before is None or before.client_id != entry.client_id)

    def holder(
        self, client_id_: str, address: Address, listing: Listing | None = None
    ) -> str | None:
        """Return the owner of a client id before a create; a free id belongs to this address now.

        `listing` is a list from before the create.
        """
        key = client_id.key(client_id_)
        known = self.elsewhere.get(key)
        if known is not None:
            return str(known.address)
        orphan = self.working.orphans.get(client_id_)
        if orphan is not None:
            return str(orphan.intent.address)
        if key in self.created:
            return str(self.created[key])
        shown = listing.clients if listing is not None else ()
        if any(client_id.is_same(each.client_id, client_id_) for each in shown):
            return "a client in an earlier list"
        self.created[key] = address
        return None

    def unidentified(self) -> set[str]:
        """Return the instances of clients that a journal brought, and no list has shown yet."""
        return {
            address.instance
            for address, entry in self.working.clients.items()
            if self.base.clients.get(address) is not entry
            and (entry.id is None or self.is_new(address, entry))
            and address.instance in self.desired.instances
            and self.selected(address)
        }

    def has_left_open(self, instance: str) -> bool:
        """Return whether earlier runs left something unfinished that only a list can resolve."""
        left = (*self.working.open.values(), *(o.intent for o in self.working.orphans.values()))
        return instance in self.unidentified() or any(e.address.instance == instance for e in left)

    @property
    def may_start(self) -> bool:
        """Return whether new work may start."""
        return self.halted is None and not self.stop.requested

    def emit(self, event: Event) -> None:
        """Send an event to the views."""
        self.listen(event)

    def now(self) -> str:
        """Return the current UTC stamp."""
        return format_utc(self.ports.clock.now())

    def entry(self, address: Address) -> Entry | None:
        """Return the entry of an address, None if no client is known there."""
        return self.working.clients.get(address)

    def secret(self, client_id: str, entry: Entry) -> Secret | None:
        """Return a secret that this run may deliver, None if it is sealed or unknown."""
        if client_id in self.secrets:
            return self.secrets[client_id]
        kept = self.working.secret_of(client_id, entry)
        if kept is None:
            return None
        if isinstance(kept, Plain):
            return kept.secret
        return self.ports.sealing.open(client_id=client_id, sealed=kept)

    async def record(self, *records: Record) -> None:
        """Make records durable, then apply them to the known clients.

        Raises:
            StateUnwritable: they may not be durable; the run is halted and starts nothing more.

        """
        try:
            await self.journal.append(*records)
        except StateUnwritable as error:
            self.halt(Cause(code=error.code, message=error.message, hint=error.hint))
            raise
        for record in records:
            self.working.apply(record)

    def halt(self, cause: Cause) -> None:
        """Prevent new work on all instances; the first cause is the one that is reported."""
        self.halted = self.halted or cause

    def check_serial(self) -> None:
        """Check before the first `POST` that the state file is still the one that was read.

        Raises:
            StateRefused: another run has written it in between.

        """
        if self._serial_checked:
            return
        found = self.ports.store.read()
        if found is None or (found.lineage, found.serial) != (self.base.lineage, self.base.serial):
            error = StateRefused(
                "the state file was changed by another process during this run",
                hint="nothing was created; plan again and apply that",
            )
            self.halt(Cause(code=error.code, message=error.message, hint=error.hint))
            raise error
        self._serial_checked = True
