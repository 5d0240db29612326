"""How each record changes what is known."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from reconciler.model.address import Address
from reconciler.state.journal_records import (
    Abandoned,
    Created,
    Delivered,
    Intent,
    NotCreated,
    Record,
    Revoked,
    RolledBack,
)
from reconciler.state.model import Entry, Plain, Sealed, SinkDelivery, State
from reconciler.state.working_state import WorkingState

Intents = Callable[..., Intent]
Makes = Callable[..., Created]
Deliveries = Callable[..., Delivered]
States = Callable[..., State]


@pytest.fixture
def empty(lineage: str) -> WorkingState:
    """Return what is known where nothing is."""
    return WorkingState.of(State(lineage=lineage))


def applied(working: WorkingState, *records: Record) -> WorkingState:
    """Apply records in their order."""
    for record in records:
        working.apply(record)
    return working


def test_an_intent_is_open_until_its_outcome_is_known(empty: WorkingState, intent: Intents) -> None:
    """An attempt alone makes no entry, and the journal must keep it."""
    found = applied(empty, intent())
    assert list(found.open) == ["n1"]
    assert (found.clients, found.changed) == ({}, False)
    assert list(found.unrecorded()) == [intent()]


@pytest.mark.parametrize("how", [NotCreated(nonce="n1"), RolledBack(nonce="n1"),
                                 Abandoned(key="n1", how="revoked")])  # fmt: skip
def test_an_attempt_ends_without_a_client(
    empty: WorkingState, intent: Intents, how: Record
) -> None:
    """Nothing was made, or it is gone again: nothing is left to know."""
    found = applied(empty, intent(), how)
    assert (found.open, found.clients) == ({}, {})
    assert list(found.unrecorded()) == []


def test_a_made_client_has_an_entry_and_its_secret_stays_in_the_journal(
    empty: WorkingState, intent: Intents, created: Makes, address: Address
) -> None:
    """Without encryption a secret that its sink lacks is kept in the journal, not in the state."""
    found = applied(empty, intent(), created())
    entry = found.clients[address]
    assert (entry.client_id, entry.secret, entry.waiting) == ("c1", None, ("ops",))
    assert [type(each) for each in found.unrecorded()] == [Intent, Created]
    assert isinstance(found.secret_of("c1", entry), Plain)


def test_a_sealed_secret_is_in_the_state_until_it_is_delivered(
    empty: WorkingState,
    intent: Intents,
    created: Makes,
    delivered: Deliveries,
    address: Address,
) -> None:
    """A sealed secret needs no journal, and leaves the state with its last delivery."""
    found = applied(empty, intent(), created(sealed=True))
    entry = found.clients[address]
    assert found.secret_of("c1", entry) == Sealed(text="age…")
    assert list(found.unrecorded()) == []
    assert applied(found, delivered()).clients[address].secret is None


def test_the_state_as_a_sink_keeps_the_secret(
    empty: WorkingState, intent: Intents, created: Makes, address: Address
) -> None:
    """Sink `state` has the secret as soon as the client is made."""
    entry = applied(empty, intent(sinks=("state",)), created()).clients[address]
    assert isinstance(entry.secret, Plain)
    assert entry.waiting == ()


def test_a_delivered_secret_leaves_the_journal(
    empty: WorkingState,
    intent: Intents,
    created: Makes,
    delivered: Deliveries,
    address: Address,
    reached: SinkDelivery,
) -> None:
    """Once each sink has it, nobody else need."""
    found = applied(empty, intent(sinks=("ops", "b")), created(), delivered())
    assert [type(each) for each in found.unrecorded()] == [Intent, Created, Delivered]
    applied(found, delivered(), delivered(sink="b"))
    assert list(found.unrecorded()) == []
    assert found.clients[address].delivered == {"ops": reached, "b": reached}


def test_a_state_that_gives_its_secret_up_no_longer_counts_as_a_sink_that_has_it(
    empty: WorkingState, intent: Intents, created: Makes, delivered: Deliveries, address: Address
) -> None:
    """The state was a sink, then another one took the secret over: only that one has it."""
    entry = applied(empty, intent(sinks=("state",)), created()).clients[address]
    empty.entry(address, replace(entry, sinks=("ops",)))
    found = applied(empty, delivered()).clients[address]
    assert found.secret is None
    assert set(found.delivered) == {"ops"}


def test_a_secret_is_delivered_into_the_state_from_the_journal(
    lineage: str,
    entry: Callable[..., Entry],
    intent: Intents,
    created: Makes,
    delivered: Deliveries,
    address: Address,
) -> None:
    """Where the state became a sink after the create, the journal's secret moves into it."""
    found = WorkingState.of(
        State(lineage=lineage, clients={address: entry(sinks=("ops", "state"))})
    )
    found.made["c1"] = applied(WorkingState.of(State(lineage=lineage)), intent(), created()).made[
        "c1"
    ]
    assert isinstance(applied(found, delivered(sink="state")).clients[address].secret, Plain)


def test_a_delivery_of_another_client_changes_nothing(state: States, delivered: Deliveries) -> None:
    """What a sink got of a former client says nothing of the present one."""
    found = applied(WorkingState.of(state(client_id="c2")), delivered("c1"))
    assert not found.changed


def test_a_successor_retires_what_was_there(
    state: States, intent: Intents, created: Makes, address: Address
) -> None:
    """The new client has the address, the old one is kept by id until it is revoked."""
    found = applied(
        WorkingState.of(state(id=3, nonce="n0")),
        intent(predecessor="c1", overlap=60.0, live_name="Reporting (2)"),
        created(client_id="c2"),
    )
    entry = found.clients[address]
    assert (entry.client_id, entry.live_name) == ("c2", "Reporting (2)")
    assert [(old.client_id, old.id, old.overlap) for old in entry.retiring] == [("c1", 3, 60.0)]
    after = applied(found, Revoked(address=address, client_id="c1"))
    assert after.clients[address].retiring == ()


def test_the_predecessor_comes_back_when_its_successor_ends(
    state: States, intent: Intents, created: Makes, address: Address
) -> None:
    """A successor that is revoked first leaves the address to the client before it."""
    found = applied(
        WorkingState.of(state(nonce="n0")),
        intent(predecessor="c1"),
        created(client_id="c2"),
        Revoked(address=address, client_id="c2"),
    )
    entry = found.clients[address]
    assert (entry.client_id, entry.nonce, entry.retiring, entry.delivered) == ("c1", "n0", (), {})
    applied(found, Revoked(address=address, client_id="c1"))
    assert found.clients == {}


def test_a_revoked_client_that_nobody_knows_changes_nothing(
    state: States, address: Address
) -> None:
    """A revoke that the state has already is no change, at this address or at none."""
    found = WorkingState.of(state())
    applied(found, Revoked(address=address, client_id="c9"))
    applied(found, Revoked(address=Address("b", "x"), client_id="c1"))
    assert not found.changed


def test_a_client_that_the_address_has_no_room_for_is_an_orphan(
    state: States, intent: Intents, created: Makes, address: Address
) -> None:
    """Where the state gave the address to another client, the made one is kept apart."""
    found = applied(WorkingState.of(state(client_id="c7")), intent(), created())
    assert list(found.orphans) == ["c1"]
    assert found.clients[address].client_id == "c7"
    assert [type(each) for each in found.unrecorded()] == [Intent, Created]
    assert found.secret_of("c1", None) is not None
    assert list(applied(found, Abandoned(key="c1", how="output")).unrecorded()) == []


def test_a_made_client_without_its_intent_changes_nothing(
    empty: WorkingState, created: Makes
) -> None:
    """A record whose attempt has ended is not told twice."""
    assert applied(empty, created()).clients == {}


def test_a_secret_that_nobody_has_is_none(empty: WorkingState) -> None:
    """Neither the state nor a journal knows the secret."""
    assert empty.secret_of("c1", None) is None


def test_setting_what_is_there_is_no_change(state: States, address: Address) -> None:
    """The same entry again, and none where there is none, leave nothing to write."""
    before = state()
    found = WorkingState.of(before)
    found.entry(Address("b", "x"), None)
    found.entry(address, before.clients[address])
    assert not found.changed


def test_setting_an_entry_is_a_change(
    state: States, entry: Callable[..., Entry], address: Address
) -> None:
    """What the engine sets by hand is to be written; the state that it began with stays."""
    before = state()
    found = WorkingState.of(before)
    found.entry(address, entry(live_name="Other"))
    assert found.changed
    assert before.clients[address].live_name == "Reporting"
    assert found.state(serial=9).clients[address].live_name == "Other"


def test_replaying_over_the_state_that_it_made_changes_nothing(
    empty: WorkingState,
    intent: Intents,
    created: Makes,
    delivered: Deliveries,
) -> None:
    """A run that died after its state was written finds nothing to change in it."""
    records: list[Record] = [intent(), created(), delivered()]
    state = applied(empty, *records).state(serial=1)
    again = applied(WorkingState.of(state), *records)
    assert not again.changed
    assert again.state(serial=1) == state
    assert list(again.unrecorded()) == []


def test_a_successor_is_unproved_until_a_delivery_records_its_proof(
    intent: Intents, created: Makes, delivered: Deliveries, state: States, address: Address
) -> None:
    """The record survives a kill, so a later run without a key knows that the proof is missing."""
    working = WorkingState.of(state())
    applied(working, intent("n9", predecessor="c1"), created("n9", "c9", sealed=True))

    assert working.clients[address].unproved
    applied(working, delivered("c9"))
    assert working.clients[address].unproved
    applied(working, replace(delivered("c9"), proved=True))
    assert not working.clients[address].unproved
