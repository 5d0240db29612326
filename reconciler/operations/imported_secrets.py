"""Secrets of imported clients: proven by a sign-in, and stored."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from reconciler.model.errors import ReconcilerError, SignOnRefused, Unreachable
from reconciler.model.secret import Secret, fingerprint
from reconciler.model.sink import STATE, Reading, SinkTarget
from reconciler.model.timestamps import format_utc
from reconciler.operations.preflight import reject_tracked_by_git
from reconciler.ports import ClientCredentials, Inconclusive, Invalid, Valid
from reconciler.state.journal_records import Created, Header, Intent
from reconciler.state.model import Entry, Plain, Sealed, SinkDelivery, State

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model.address import Address
    from reconciler.operations.adapters import Adapters
    from reconciler.ports import ProofOutcome, SinkReader


async def prove_secret(
    machine: "Adapters", address: "Address", entry: Entry, secret: Secret
) -> None:
    """Check by a sign-in that a secret is that of the client.

    Raises:
        SignOnRefused: Domo refused it.
        Unreachable: there was no answer that decides.

    """
    claim = ClientCredentials(client_id=entry.client_id, secret=secret, scope=entry.scope)
    async with machine.domo() as domo:
        instance = machine.desired.instances[address.instance]
        outcome: ProofOutcome = await domo.prove(instance, claim)
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
                f"it is not known whether the secret of {address} works: {reason}",
                hint="nothing was kept; try again",
            )
        case _:
            assert_never(outcome)


async def file_secrets(
    machine: "Adapters", entries: "Mapping[Address, Entry]"
) -> "tuple[dict[Address, Entry], list[str]]":
    """Return the entries with the file sinks whose secret signs in, and why others do not count.

    A file that does not exist is not reported. An apply reads the secret back from such a file for
    the client's other sinks.
    """
    notes: list[str] = []
    found: dict[Address, Entry] = {}
    with machine.reaper() as keeper:
        sinks = machine.sinks(keeper)
        for address, entry in entries.items():
            found[address] = await _with_file_secrets(machine, sinks, address, entry, notes)
    return found, notes


async def _with_file_secrets(
    machine: "Adapters", sinks: "SinkReader", address: "Address", entry: Entry, notes: list[str]
) -> Entry:
    delivered = dict(entry.delivered)
    for target in machine.desired.targets_of(address, entry.sinks):
        if not _may_exist(machine, target):
            continue
        try:
            held = await sinks.read(target)
            if held.client_id not in (None, entry.client_id):
                notes.append(f"{address}: {target} has the secret of another client")
                continue
            await prove_secret(machine, address, entry, held.secret)
        except (ReconcilerError, OSError, ValueError) as error:
            notes.append(f"{address}: the secret in {target} is not used: {error}")
            continue
        digest = fingerprint(entry.client_id, held.secret)
        at = format_utc(machine.clock.now())
        delivered[target.sink] = SinkDelivery(target=str(target), at=at, digest=digest)
    return replace(entry, delivered=delivered)


def _may_exist(machine: "Adapters", target: SinkTarget) -> bool:
    """Return whether the target is a file that exists, or that the system does not let us see."""
    if target.path is None or machine.desired.sinks[target.sink].reading is not Reading.ALWAYS:
        return False
    try:
        return Path(machine.desired.root, target.path).exists()
    except (OSError, ValueError):  # the attempt to read it gives the reason
        return True


def write_with_secret(
    machine: "Adapters",
    states: tuple[State | None, State],
    address: "Address",
    entry: Entry,
    secret: Secret,
) -> None:
    """Write the state with an entry and its secret: in the entry, or in a journal beside the state.

    `states` are the state that is written now, and the one that the entry is added to.

    Raises:
        PlanRefused: git would keep the file that the plain secret goes to; nothing was written.

    """
    store, (replacing, before) = machine.store, states
    kept = machine.sealing().keep(client_id=entry.client_id, secret=secret)
    in_state = STATE in entry.sinks
    if isinstance(kept, Plain):
        reject_tracked_by_git(store.secret_paths() if in_state else store.journal_paths())
    if in_state:
        reached = SinkDelivery(target=STATE, at=format_utc(machine.clock.now()))
        entry = replace(entry, delivered={**entry.delivered, STATE: reached})
    if in_state or isinstance(kept, Sealed):
        entry = replace(entry, secret=kept)
    clients = {**before.clients, address: entry}
    after = replace(before, serial=before.serial + 1, clients=clients)
    store.write(after, replacing=replacing)
    if entry.secret is None and isinstance(kept, Plain):
        # A plain secret is in the journal alone, which loses it once the sinks have it.
        store.rescue(_header(machine, after), _records(machine, address, entry, kept))


def _records(
    machine: "Adapters", address: "Address", entry: Entry, kept: Plain
) -> tuple[Intent, Created]:
    """Return the journal records from which the next apply has the secret for the sinks."""
    nonce = machine.nonce()
    intent = Intent(
        address=address,
        nonce=nonce,
        domain=entry.domain,
        live_name=entry.live_name,
        scope=entry.scope,
        sinks=entry.sinks,
        at=format_utc(machine.clock.now()),
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


def _header(machine: "Adapters", state: State) -> Header:
    return Header(
        run=machine.run,
        lineage=state.lineage,
        serial=state.serial,
        plan_id="import",
        at=format_utc(machine.clock.now()),
    )
