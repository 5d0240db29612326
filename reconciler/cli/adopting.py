"""Adopts clients that exist: found by a list, checked against what is known, written once."""

import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from reconciler.bootstrap import SystemClock, sealing_of
from reconciler.model.address import Address
from reconciler.model.client import DesiredClient
from reconciler.model.errors import ReconcilerError, SignOnRefused, Unreachable, UsageError
from reconciler.model.ownership_mark import owner_of
from reconciler.model.secret import Secret, fingerprint
from reconciler.model.sink import STATE, FileTarget
from reconciler.model.timestamps import format_utc
from reconciler.operations.known_clients import refuse_journal
from reconciler.operations.observe import look_at
from reconciler.operations.plan import moved
from reconciler.operations.preflight import reject_tracked_by_git
from reconciler.operations.workspace import LoadedState
from reconciler.plan import imports
from reconciler.plan.imports import ImportOptions
from reconciler.plan.observation import InstanceUnreachable, Register, View
from reconciler.state.client_index import of_clients
from reconciler.state.journal_records import Created, Header, Intent
from reconciler.state.model import Entry, Plain, Sealed, SinkDelivery, State

if TYPE_CHECKING:
    from reconciler.bootstrap import Machine
    from reconciler.cli.views.console import Console
    from reconciler.model.manifest import Manifest
    from reconciler.ports import ProofOutcome
    from reconciler.stores.local import LocalStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopting:
    """What an import works on: the manifest, the store, and what is known, under the lock."""

    machine: "Machine"
    ground: LoadedState

    @property
    def desired(self) -> "Manifest":
        """Return what is wanted."""
        return self.machine.desired

    @property
    def store(self) -> "LocalStore":
        """Return the place of the state."""
        return self.machine.store

    @property
    def known(self) -> State:
        """Return what is known, under the names that the manifest gives it."""
        return moved(self.desired, self.ground) or State(lineage="")

    def wanted(self, address: Address) -> DesiredClient:
        """Return the manifest's entry of an address that is free.

        Raises:
            UsageError: the manifest has none.
            StateRefused: an earlier run left a journal about it.

        """
        client = self.desired.clients.get(address)
        if client is None:
            raise UsageError(
                f"the manifest wants no client `{address}`",
                hint="write it there first; `reconciler import --generate` prints what exists",
            )
        refuse_journal(self.ground, address)
        if self.ground.state is not None and address in self.ground.state.clients:
            raise UsageError(
                f"the state has another client at `{address}`, which `moved:` takes elsewhere",
                hint="apply first, so that it has moved",
            )
        return client


async def look(on: Adopting, keys: Sequence[str]) -> tuple[dict[str, View], dict[str, str]]:
    """Return what each instance has, and why the others could not be looked at."""
    known = on.known
    observation = await look_at(on.machine, known, keys)
    views: dict[str, View] = {}
    unseen: dict[str, str] = {}
    register = Register.of((*of_clients(known.clients), *on.ground.attempts))
    for key, seen in observation.instances.items():
        if isinstance(seen, InstanceUnreachable):
            unseen[key] = seen.message
        else:
            domain = on.desired.instances[key].domain
            ours = owner_of(lineage=known.lineage, domain=domain) if known.lineage else None
            views[key] = View.of(
                seen, ours=ours, known=register.on(key, domain), elsewhere=register.client_ids
            )
    return views, unseen


async def find_one(on: Adopting, client: DesiredClient, choice: ImportOptions) -> Entry:
    """Return the entry of the client that an address adopts.

    Raises:
        UsageError: there is none, or it is managed already.
        Unreachable: the instance could not be looked at.

    """
    key = client.address.instance
    views, unseen = await look(on, (key,))
    if key in unseen:
        raise Unreachable(
            f"{key} could not be looked at: {unseen[key]}", hint="nothing was adopted"
        )
    return entry_of(on, client, views[key], choice)


def entry_of(on: Adopting, client: DesiredClient, view: View, choice: ImportOptions) -> Entry:
    """Return the entry of the client that an address adopts, given what its instance has.

    Raises:
        UsageError: there is none, or it is managed already.

    """
    listed = imports.choose_client(view, client.address, on.known.clients, choice)
    domain = on.desired.instances[client.address.instance].domain
    return imports.import_entry(client, listed, domain=domain, at=_now(), choice=choice)


async def prove(on: Adopting, address: Address, entry: Entry, secret: Secret) -> None:
    """See that a secret is the client's, by signing in.

    Raises:
        SignOnRefused: Domo refused it.
        Unreachable: nobody can say.

    """
    from reconciler.ports import ClientCredentials, Inconclusive, Invalid, Valid

    claim = ClientCredentials(client_id=entry.client_id, secret=secret, scope=entry.scope)
    async with on.machine.domo() as domo:
        outcome: ProofOutcome = await domo.prove(on.desired.instances[address.instance], claim)
    match outcome:
        case Valid():
            return
        case Invalid(reason=reason):
            raise SignOnRefused(
                f"the secret is not that of {address} (client {entry.client_id}): {reason}",
                hint="nothing was kept",
            )
        case Inconclusive(reason=reason):
            raise Unreachable(
                f"nobody can say whether the secret of {address} works: {reason}",
                hint="nothing was kept; try again",
            )
        case _:
            assert_never(outcome)


def keep_proven(
    console: "Console", on: Adopting, entries: Mapping[Address, Entry]
) -> dict[Address, Entry]:
    """Write the state with these entries and what their own file sinks prove; return them."""
    import asyncio

    found, notes = asyncio.run(_own_secrets(on, entries))
    for note in notes:
        console.warn(note, hint="`reconciler rotate ADDRESS` creates a client with a new secret")
    if found:
        keep(on, found)
    return found


async def _own_secrets(
    on: Adopting, entries: Mapping[Address, Entry]
) -> tuple[dict[Address, Entry], list[str]]:
    """Return the entries with the file sinks whose secret signs in, and why others do not count.

    A file that is not there is not reported. An apply reads the secret back from such a file for
    the client's other sinks.
    """
    from reconciler.sinks.file import Folders
    from reconciler.sinks.readback import from_file

    root, notes = Path(on.desired.root), []
    folders = Folders(root)
    found: dict[Address, Entry] = {}
    for address, entry in entries.items():
        delivered = dict(entry.delivered)
        for target in on.desired.targets_of(address, entry.sinks):
            try:
                if not isinstance(target, FileTarget) or not folders.place(target).exists():
                    continue
                held = from_file(target, root)
                if held.client_id not in (None, entry.client_id):
                    notes.append(f"{address}: {target} has the secret of another client")
                    continue
                await prove(on, address, entry, held.secret)
            except (ReconcilerError, OSError, ValueError) as error:
                notes.append(f"{address}: the secret in {target} is not used: {error}")
                continue
            digest = fingerprint(entry.client_id, held.secret)
            delivered[target.sink] = SinkDelivery(target=str(target), at=_now(), digest=digest)
        found[address] = replace(entry, delivered=delivered)
    return found, notes


def keep(on: Adopting, entries: dict[Address, Entry]) -> State:
    """Write the state with these entries, and return it."""
    before = on.ground.state
    state = before or State(lineage=_lineage(on))
    clients = {**state.clients, **entries}
    state = replace(state, serial=state.serial + 1, clients=clients)
    on.store.write(state, replacing=before)
    return state


def keep_with_secret(on: Adopting, address: Address, entry: Entry, secret: Secret) -> None:
    """Write the state with an entry whose secret is known: in it, or in a journal beside it.

    Raises:
        PlanRefused: git would keep the file that the plain secret goes to; nothing was written.

    """
    kept = sealing_of(on.desired).keep(client_id=entry.client_id, secret=secret)
    in_state = STATE in entry.sinks
    if isinstance(kept, Plain):
        reject_tracked_by_git(on.store.secret_paths() if in_state else on.store.journal_paths())
    if in_state:
        reached = SinkDelivery(target=STATE, at=_now())
        entry = replace(entry, delivered={**entry.delivered, STATE: reached})
    if in_state or isinstance(kept, Sealed):
        keep(on, {address: replace(entry, secret=kept)})
        return
    state = keep(on, {address: entry})
    on.store.rescue(_header(state), _records(address, entry, kept))


def _records(address: Address, entry: Entry, kept: Plain) -> tuple[Intent, Created]:
    """Return the words of a journal from which a later run has the secret for the sinks."""
    nonce = secrets.token_hex(4)
    intent = Intent(
        address=address,
        nonce=nonce,
        domain=entry.domain,
        live_name=entry.live_name,
        scope=entry.scope,
        sinks=entry.sinks,
        at=_now(),
        principal="import",
        owner=entry.owner,
        description=entry.description,
        predecessor=entry.client_id,
        marked=False,
        protect=entry.protect,
        on_remove=entry.on_remove,
        overlap=entry.overlap,
    )
    created = Created(
        nonce=nonce,
        client_id=entry.client_id,
        secret=kept,
        at=entry.created_at,
        owner=entry.owner,
        id=entry.id,
    )
    return intent, created


def _header(state: State) -> Header:
    run = f"{SystemClock().now():%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
    return Header(run=run, lineage=state.lineage, serial=state.serial, plan_id="import", at=_now())


def _lineage(on: Adopting) -> str:
    working = on.ground.working
    return working.lineage if working is not None else str(uuid.uuid4())


def _now() -> str:
    return format_utc(SystemClock().now())
