"""Records and the state belong together by client id, whatever addresses they have."""

from collections.abc import Callable
from dataclasses import replace

from reconciler.model.address import Address
from reconciler.state.journal_records import Created, Delivered, Intent, Record, Revoked
from reconciler.state.model import Entry, State
from reconciler.state.relocation import Relocation
from reconciler.state.working_state import WorkingState

Intents = Callable[..., Intent]
Makes = Callable[..., Created]
Deliveries = Callable[..., Delivered]
THERE = Address("acme", "Renamed")


def replayed(state: State, *records: Record) -> WorkingState:
    """Apply the records of a journal to a state."""
    working = WorkingState.of(state)
    for record in Relocation(state.clients).relocated(records):
        working.apply(record)
    return working


def test_successor_at_a_new_address_succeeds_the_client_at_the_old_one(
    lineage: str, address: Address, entry: Callable[..., Entry], intent: Intents, created: Makes
) -> None:
    """A second client at the new address would block the move for ever."""
    state = State(lineage=lineage, serial=1, clients={address: entry(client_id="c0")})
    attempts: list[Record] = [
        replace(intent(), address=THERE, predecessor="c0"),
        created(),
        replace(intent(), address=THERE, nonce="n2", predecessor="c1"),
        replace(created(), nonce="n2", client_id="c2"),
    ]
    found = replayed(state, *attempts)
    assert list(found.clients) == [address]
    assert found.clients[address].client_id == "c2"
    assert [each.client_id for each in found.clients[address].retiring] == ["c0", "c1"]
    ended = replayed(state, *attempts, Revoked(address=THERE, client_id="c0"))
    assert [each.client_id for each in ended.clients[address].retiring] == ["c1"]


def test_journal_of_an_old_address_changes_nothing_in_a_state_that_has_moved(
    lineage: str, intent: Intents, created: Makes, delivered: Deliveries
) -> None:
    """The client is not known a second time at the address that it had."""
    records = (intent(), created(), delivered())
    before = replayed(State(lineage=lineage), *records)
    (entry,) = before.clients.values()
    state = State(lineage=lineage, serial=2, clients={THERE: entry})
    found = replayed(state, *records)
    assert found.clients == {THERE: entry}
    assert not found.changed


def test_taken_client_id_relocates_nothing(
    lineage: str, address: Address, entry: Callable[..., Entry], intent: Intents, created: Makes
) -> None:
    """The id is another client's, so the attempt stays at its own address."""
    state = State(lineage=lineage, serial=1, clients={address: entry(client_id="c1")})
    found = replayed(state, replace(intent(), address=THERE), replace(created(), taken=True))
    assert list(found.clients) == [address]
    assert [each.intent.address for each in found.orphans.values()] == [THERE]
