"""Encrypts every stored secret again, to the recipients of the manifest."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reconciler.model.errors import CredentialUnavailable
from reconciler.model.strings import join_limited, plural
from reconciler.operations.workspace import LoadedState, load_state
from reconciler.state.journal_records import Created, Intent, Record
from reconciler.state.model import Plain, Sealed, State, StoredSecret

if TYPE_CHECKING:
    from reconciler.model.secret import Secret
    from reconciler.ports import Sealing, StateStore


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSecret:
    """A stored secret; `owner` is the address of its client, or the client id in an old journal."""

    owner: str
    client_id: str
    stored: StoredSecret

    @property
    def is_sealed(self) -> bool:
        """Return whether the secret was encrypted before."""
        return isinstance(self.stored, Sealed)


@dataclass(frozen=True, slots=True, kw_only=True)
class RekeyReport:
    """The secrets that were encrypted again, and the serial of the state (0 without a state)."""

    secrets: Sequence[FoundSecret]
    serial: int


def rekey(store: "StateStore", sealing: "Sealing", *, lock_timeout: float) -> RekeyReport:
    """Encrypt every secret of the state and its journals again.

    Raises:
        CredentialUnavailable: a secret cannot be opened; nothing was written.
        StateRefused: a secret is damaged, or belongs to another client.
        LockHeld: another run holds the lock.

    """
    with store.lock(purpose="state rekey", timeout=lock_timeout):
        ground = load_state(store)
        found = tuple(_find_secrets(ground))
        serial = _write(store, ground, _seal_again(found, sealing))
    return RekeyReport(secrets=found, serial=serial)


def _find_secrets(ground: LoadedState) -> Iterator[FoundSecret]:
    """Yield each client's secret once: from the state if both state and journal have it."""
    seen = set()
    for address, entry in ground.state.clients.items() if ground.state else ():
        if entry.secret is not None:
            seen.add(entry.client_id)
            yield FoundSecret(owner=str(address), client_id=entry.client_id, stored=entry.secret)
    names = {}
    for record in (each for journal in ground.journals for each in journal.records):
        if isinstance(record, Intent):
            names[record.nonce] = str(record.address)
        elif isinstance(record, Created) and record.client_id not in seen:
            seen.add(record.client_id)
            owner = names.get(record.nonce, record.client_id)
            yield FoundSecret(owner=owner, client_id=record.client_id, stored=record.secret)


def _seal_again(found: Sequence[FoundSecret], sealing: "Sealing") -> Mapping[str, StoredSecret]:
    """Return every secret for the new recipients, by client id."""
    secrets: dict[str, Secret] = {}
    closed = []
    for each in found:
        if isinstance(each.stored, Plain):
            secrets[each.client_id] = each.stored.secret
        elif (secret := sealing.open(client_id=each.client_id, sealed=each.stored)) is not None:
            secrets[each.client_id] = secret
        else:
            closed.append(each.owner)
    if closed:
        raise CredentialUnavailable(
            f"{len(closed):,} of {plural(len(found), 'secret')} cannot be opened:"
            f" {join_limited(closed)}",
            hint="nothing was written. --identity FILE (repeatable) names the keys that open them",
        )
    return {key: sealing.keep(client_id=key, secret=secret) for key, secret in secrets.items()}


def _write(store: "StateStore", ground: LoadedState, sealed: Mapping[str, StoredSecret]) -> int:
    """Write the secrets to each journal, then to the state; return the serial of the state.

    Each file is replaced atomically, so that a crash between two of them leaves every secret
    readable with the old or the new keys. Running the command again does the rest.
    """
    for journal in ground.journals:
        records = tuple(_record(each, sealed) for each in journal.records)
        if records != journal.records:
            store.rewrite(journal, records)
    before = ground.state
    if before is not None and any(each.secret is not None for each in before.clients.values()):
        after = _state(before, sealed)
        store.write(after, replacing=before)
        return after.serial
    return before.serial if before is not None else 0


def _record(record: Record, sealed: Mapping[str, StoredSecret]) -> Record:
    if not isinstance(record, Created):
        return record
    return replace(record, secret=sealed[record.client_id])


def _state(before: State, sealed: Mapping[str, StoredSecret]) -> State:
    clients = {
        address: entry if entry.secret is None else replace(entry, secret=sealed[entry.client_id])
        for address, entry in before.clients.items()
    }
    return replace(before, serial=before.serial + 1, clients=clients)
