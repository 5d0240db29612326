"""Imports clients that exist at Domo into the state, without a change at Domo."""

import asyncio
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from reconciler.model.errors import ReconcilerError, Unreachable, UsageError
from reconciler.model.ownership_mark import owner_of
from reconciler.model.timestamps import format_utc
from reconciler.operations.imported_secrets import (
    file_secrets,
    prove_secret,
    write_with_secret,
)
from reconciler.operations.known_clients import refuse_journal
from reconciler.operations.observe import look_at
from reconciler.operations.plan import moved
from reconciler.operations.workspace import LoadedState, load_state
from reconciler.plan import imports
from reconciler.plan.observation import InstanceUnreachable, Register, View
from reconciler.state.client_index import of_clients
from reconciler.state.model import Entry, State

if TYPE_CHECKING:
    from reconciler.model.address import Address
    from reconciler.model.client import DesiredClient
    from reconciler.model.secret import Secret
    from reconciler.operations.adapters import Adapters
    from reconciler.plan.imports import ImportOptions
    from reconciler.plan.selection import Selection


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """The imported clients, and why others were left out, by instance or address.

    `notes` are the file sinks whose secret was not used, with the reason.
    """

    imported: "Mapping[Address, Entry]"
    left: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The clients of each instance, and why other instances could not be listed."""

    views: Mapping[str, View]
    unseen: Mapping[str, str]


def import_client(
    machine: "Adapters",
    address: "Address",
    options: "ImportOptions",
    secret: "Secret | None" = None,
    *,
    lock_timeout: float,
) -> ImportReport:
    """Import the client of one address. `secret` is kept if it signs in.

    A client that was imported without its secret may be given it by a second import.

    Raises:
        UsageError: the manifest has no such client, Domo has none, or it is managed already.
        SignOnRefused: the secret is not that of the client.
        Unreachable: the instance did not answer; nothing was imported.
        StateRefused: a journal mentions the address.
        LockHeld: another run holds the lock.

    """
    with machine.store.lock(purpose="import", timeout=lock_timeout):
        ground = load_state(machine.store)
        known = known_state(machine, ground)
        entry = known.clients.get(address)
        if entry is not None:
            _refuse_managed(ground, address, entry, secret)
        else:
            client = _wanted(machine, ground, address)
            entry = _find(machine, ground, client, options)
        if secret is None:
            return _write(machine, ground, {address: entry})
        if entry.client_id.startswith("masked:"):
            raise UsageError(
                f"the client id of {address} is masked, and a secret signs in only together with"
                " it",
                hint="give it: --client-id ID",
            )
        asyncio.run(prove_secret(machine, address, entry, secret))
        state = ground.state or State(lineage=_lineage(ground))
        write_with_secret(machine, (ground.state, state), address, entry, secret)
    return ImportReport(imported={address: entry})


def import_all(
    machine: "Adapters",
    keys: Collection[str],
    selection: "Selection | None",
    options: "ImportOptions",
    *,
    lock_timeout: float,
) -> ImportReport:
    """Import every client of the manifest that exists on these instances and is not managed.

    Raises:
        UsageError: the selection matches nothing.
        LockHeld: another run holds the lock.

    """
    from reconciler.plan.selection import predicate

    with machine.store.lock(purpose="import", timeout=lock_timeout):
        ground = load_state(machine.store)
        known = known_state(machine, ground)
        meant = predicate(selection, machine.desired, known)
        wanted = [
            client
            for address, client in machine.desired.clients.items()
            if address.instance in keys and address not in known.clients and meant(address)
        ]
        listing = list_instances(machine, ground, {each.address.instance for each in wanted})
        entries: dict[Address, Entry] = {}
        left = dict(listing.unseen)
        for key, view in listing.views.items():
            mine = [each for each in wanted if each.address.instance == key]
            for client in imports.clients_to_import(mine, known.clients, view):
                try:
                    _wanted(machine, ground, client.address)
                    entries[client.address] = _entry(machine, known, client, view, options)
                except ReconcilerError as error:
                    left[str(client.address)] = error.message
        return replace(_write(machine, ground, entries), left=left)


def known_state(machine: "Adapters", ground: LoadedState) -> State:
    """Return what is known, at the addresses that `moved:` in the manifest gives it."""
    return moved(machine.desired, ground) or State(lineage="")


def list_instances(machine: "Adapters", ground: LoadedState, keys: Collection[str]) -> Listing:
    """List the clients of instances."""
    known = known_state(machine, ground)
    observation = asyncio.run(look_at(machine, known, sorted(keys)))
    views: dict[str, View] = {}
    unseen: dict[str, str] = {}
    register = Register.of((*of_clients(known.clients), *ground.attempts))
    for key, seen in observation.instances.items():
        if isinstance(seen, InstanceUnreachable):
            unseen[key] = seen.message
        else:
            domain = machine.desired.instances[key].domain
            ours = owner_of(lineage=known.lineage, domain=domain) if known.lineage else None
            views[key] = View.of(
                seen, ours=ours, known=register.on(key, domain), elsewhere=register.client_ids
            )
    return Listing(views=views, unseen=unseen)


def _wanted(machine: "Adapters", ground: LoadedState, address: "Address") -> "DesiredClient":
    """Return the manifest's entry of an address that is free in the state.

    Raises:
        UsageError: the manifest has none, or the state has another client there.
        StateRefused: a journal mentions the address.

    """
    client = machine.desired.clients.get(address)
    if client is None:
        raise UsageError(
            f"the manifest wants no client `{address}`",
            hint="write it there first; `reconciler import --generate` prints what exists",
        )
    refuse_journal(ground, address)
    if ground.state is not None and address in ground.state.clients:
        raise UsageError(
            f"the state has another client at `{address}`, which `moved:` takes elsewhere",
            hint="apply first, so that it has moved",
        )
    return client


def _refuse_managed(
    ground: LoadedState, address: "Address", entry: Entry, secret: "Secret | None"
) -> None:
    """Check that a managed client may still be given its secret.

    Raises:
        UsageError: it may not, or no secret was given.
        StateRefused: a journal mentions the address.

    """
    lacks = entry.adopted and not entry.delivered and entry.secret is None
    if secret is None or not lacks:
        raise UsageError(
            f"{address} is managed already: `{entry.live_name}` (client {entry.client_id})",
            hint="give its secret with --secret-stdin" if lacks else None,
        )
    refuse_journal(ground, address)


def _find(
    machine: "Adapters", ground: LoadedState, client: "DesiredClient", options: "ImportOptions"
) -> Entry:
    key = client.address.instance
    listing = list_instances(machine, ground, (key,))
    if key in listing.unseen:
        raise Unreachable(
            f"{key} could not be looked at: {listing.unseen[key]}", hint="nothing was adopted"
        )
    return _entry(machine, known_state(machine, ground), client, listing.views[key], options)


def _entry(
    machine: "Adapters",
    known: State,
    client: "DesiredClient",
    view: View,
    options: "ImportOptions",
) -> Entry:
    """Return the state's entry of the client that an address imports.

    Raises:
        UsageError: there is no such client, or it is managed already.

    """
    listed = imports.choose_client(view, client.address, known.clients, options)
    domain = machine.desired.instances[client.address.instance].domain
    at = format_utc(machine.clock.now())
    return imports.import_entry(client, listed, domain=domain, at=at, choice=options)


def _write(
    machine: "Adapters", ground: LoadedState, entries: "Mapping[Address, Entry]"
) -> ImportReport:
    """Write the state with these entries, and with what their file sinks prove."""
    found, notes = asyncio.run(file_secrets(machine, entries))
    if found:
        before = ground.state or State(lineage=_lineage(ground))
        clients = {**before.clients, **found}
        after = replace(before, serial=before.serial + 1, clients=clients)
        machine.store.write(after, replacing=ground.state)
    return ImportReport(imported=found, notes=notes)


def _lineage(ground: LoadedState) -> str:
    return ground.working.lineage if ground.working is not None else str(uuid.uuid4())
