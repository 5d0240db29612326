"""`reconciler state rekey`: seal every secret to the manifest's recipients."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

from reconciler.cli.commands.state_edit import edited
from reconciler.cli.help import command
from reconciler.cli.options import (
    format_option,
    identity_option,
    lock_timeout_option,
    output_options,
    where_options,
)
from reconciler.cli.secrets_io import read_identities
from reconciler.cli.values import ManifestOptions
from reconciler.cli.views.console import Console
from reconciler.cli.workspace import LoadedState, load_manifest, open_store, survey
from reconciler.model.errors import CredentialUnavailable, UsageError
from reconciler.model.strings import join_limited, plural

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.state.journal_records import Record
    from reconciler.state.model import State, StoredSecret
    from reconciler.stores.encryption import AgeSealing
    from reconciler.stores.local import LocalStore


@command(epilog="Example: reconciler state rekey --identity old.key")
@where_options
@identity_option
@lock_timeout_option
@format_option("text", "json")
@output_options
@click.pass_obj
def rekey(
    console: Console,
    *,
    where: ManifestOptions,
    identities: tuple[str, ...],
    lock_timeout: float,
    output: str,
) -> int:
    """Seal every secret to the manifest's recipients.

    Those of the state and of its journals: for when a recipient came or went, and for a state from
    before there was encryption. It needs identities that open every sealed secret: where one stays
    closed, nothing is written. Who could open the secrets before may know them: rotate the clients
    where that matters.
    """
    desired = load_manifest(where)
    if not desired.recipients:
        raise UsageError(
            "the manifest names no recipients to seal to",
            hint="state.encryption.age.recipients says whose keys open the state's secrets",
        )
    from reconciler.stores.encryption import AgeSealing

    sealing = AgeSealing(desired.recipients, read_identities(identities))
    store = open_store(where, desired)
    with store.lock(purpose="state rekey", timeout=lock_timeout):
        ground = survey(store)
        kept = tuple(_kept(ground))
        resealed = _resealed(kept, sealing)
        serial = _write(store, ground, resealed)
    plain = sum(not each.is_sealed for each in kept)
    before = f", of which {plain:,} stood in plain" if plain else ""
    console.note(
        f"{plural(len(kept), 'secret')} sealed to {plural(len(desired.recipients), 'recipient')}"
        + before
        if kept
        else "there is no secret to seal"
    )
    console.must_go_on = True
    if output == "json":
        console.document(edited("rekey", serial, [each.whose for each in kept]))
    return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A secret as it is kept, and `whose` it is, for messages."""

    whose: str
    client_id: str
    kept: "StoredSecret"

    @property
    def is_sealed(self) -> bool:
        from reconciler.state.model import Sealed

        return isinstance(self.kept, Sealed)


def _kept(ground: LoadedState) -> Iterator[_Found]:
    """Yield each client's secret: of one that state and journal have, the state's."""
    from reconciler.state.journal_records import Created, Intent

    seen = set()
    for address, entry in ground.state.clients.items() if ground.state else ():
        if entry.secret is not None:
            seen.add(entry.client_id)
            yield _Found(whose=str(address), client_id=entry.client_id, kept=entry.secret)
    names = {}
    for record in (each for journal in ground.journals for each in journal.records):
        if isinstance(record, Intent):
            names[record.nonce] = str(record.address)
        elif isinstance(record, Created) and record.client_id not in seen:
            seen.add(record.client_id)
            whose = names.get(record.nonce, record.client_id)
            yield _Found(whose=whose, client_id=record.client_id, kept=record.secret)


def _resealed(found: "Sequence[_Found]", sealing: "AgeSealing") -> "Mapping[str, StoredSecret]":
    """Return every secret anew, by client id.

    Raises:
        CredentialUnavailable: naming those that stay closed.
        StateRefused: one is damaged, or was moved from another client.

    """
    from reconciler.state.model import Plain

    secrets, closed = {}, []
    for each in found:
        if isinstance(each.kept, Plain):
            secrets[each.client_id] = each.kept.secret
        elif (secret := sealing.open(client_id=each.client_id, sealed=each.kept)) is not None:
            secrets[each.client_id] = secret
        else:
            closed.append(each.whose)
    if closed:
        raise CredentialUnavailable(
            f"{len(closed):,} of {plural(len(found), 'secret')} cannot be opened:"
            f" {join_limited(closed)}",
            hint="nothing was written. --identity FILE (repeatable) names the keys that open them",
        )
    return {key: sealing.keep(client_id=key, secret=secret) for key, secret in secrets.items()}


def _write(store: "LocalStore", ground: LoadedState, resealed: "Mapping[str, StoredSecret]") -> int:
    """Put the secrets back: into the journals, each by itself, then into the state.

    Returns the serial that the state has then, 0 where there is none. Whatever moment it is cut
    off at, each secret is whole, and doing it again does the rest.
    """
    for journal in ground.journals:
        records = tuple(_record(each, resealed) for each in journal.records)
        if records != journal.records:
            store.rewrite(journal, records)
    before = ground.state
    if before is not None and any(each.secret is not None for each in before.clients.values()):
        after = _state(before, resealed)
        store.write(after, replacing=before)
        return after.serial
    return before.serial if before is not None else 0


def _record(record: "Record", resealed: "Mapping[str, StoredSecret]") -> "Record":
    from reconciler.state.journal_records import Created

    if not isinstance(record, Created):
        return record
    return replace(record, secret=resealed[record.client_id])


def _state(before: "State", resealed: "Mapping[str, StoredSecret]") -> "State":
    clients = {
        address: entry if entry.secret is None else replace(entry, secret=resealed[entry.client_id])
        for address, entry in before.clients.items()
    }
    return replace(before, serial=before.serial + 1, clients=clients)
