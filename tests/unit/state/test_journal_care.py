"""What is sealed late, and what an operator ends by hand."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from reconciler.model.address import Address
from reconciler.model.secret import Secret
from reconciler.state.journal_records import (
    Abandoned,
    Created,
    CreatedRecord,
    Delivered,
    Intent,
    NotCreated,
    Record,
)
from reconciler.state.model import Entry, Plain, Sealed, State, StoredSecret
from reconciler.state.working_state import WorkingState, without_attempts

Intents = Callable[..., Intent]
Makes = Callable[..., Created]
Deliveries = Callable[..., Delivered]
States = Callable[..., State]


def keep(client_id: str, secret: Secret) -> StoredSecret:
    """Seal in a way that shows for whom and what, as no real sealing would."""
    return Sealed(text=f"{client_id}: {secret.reveal()}")


def applied(state: State, *records: Record) -> WorkingState:
    """Apply records to a state."""
    working = WorkingState.of(state)
    for record in records:
        working.apply(record)
    return working


def test_a_plain_secret_of_the_state_is_sealed(state: States, address: Address) -> None:
    """The entry keeps it sealed, and the run has it in hand."""
    working = applied(state(sinks=("state",), secret=Plain(secret=Secret("hush"))))
    found = working.seal(keep)
    assert working.clients[address].secret == Sealed(text="c1: hush")
    assert working.changed
    assert found["c1"].same_as(Secret("hush"))
    assert working.seal(keep) == {}


def test_a_plain_secret_that_waits_in_a_journal_moves_to_the_state(
    lineage: str, intent: Intents, created: Makes, address: Address
) -> None:
    """What is sealed needs no journal any more."""
    working = applied(State(lineage=lineage), intent(), created())
    assert list(working.seal(keep)) == ["c1"]
    assert working.clients[address].secret == Sealed(text="c1: secret of c1")
    assert (working.made, list(working.unrecorded())) == ({}, [])


def test_an_orphan_is_sealed_where_it_is(
    state: States, intent: Intents, created: Makes, address: Address
) -> None:
    """It stays in the journal, and the address's own client is as it was."""
    working = applied(state(client_id="c7"), intent(), created())
    assert list(working.seal(keep)) == ["c1"]
    assert [each.secret for each in working.unrecorded() if isinstance(each, Created)] == [
        Sealed(text="c1: secret of c1")
    ]
    assert working.clients[address].secret is None


def test_what_is_sealed_is_left_alone(state: States) -> None:
    """Nothing changes where nothing is plain."""
    working = applied(state(sinks=("state",), secret=Sealed(text="age…")))
    assert working.seal(keep) == {}
    assert not working.changed


def test_a_journal_gives_a_waiting_client_its_sealed_secret_back(
    state: States, entry: Callable[..., Entry], intent: Intents, created: Makes, address: Address
) -> None:
    """A state that was written without the secret takes it from the journal, once."""
    working = applied(state(), intent(), created(sealed=True))
    assert working.clients[address] == entry(secret=Sealed(text="age…"))
    rekeyed = state(secret=Sealed(text="newer"))
    assert applied(rekeyed, intent(), created(sealed=True)).clients == rekeyed.clients


def test_a_forgotten_client_takes_its_waiting_secret_along(
    lineage: str, intent: Intents, created: Makes, address: Address
) -> None:
    """No journal brings back a client that the plan forgot."""
    working = applied(State(lineage=lineage), intent(), created())
    working.entry(address, None)
    assert (working.clients, list(working.unrecorded())) == ({}, [])


def test_an_attempt_that_was_ended_leaves_a_word(intent: Intents) -> None:
    """The other records stay in their order, and say the same when they are replayed."""
    first, second, third = intent("n1"), intent("n2"), NotCreated(nonce="n3")
    left = without_attempts((first, second, third), [first], how="revoked")
    assert left == (second, third, Abandoned(key="n1", how="revoked"))


def test_an_orphan_that_was_ended_takes_its_records_along(
    intent: Intents, created: Makes, delivered: Deliveries
) -> None:
    """Its intent, its secret and its deliveries go; those of others stay."""
    made = created()
    records = (intent(), made, delivered(), intent("n2"), delivered("c2"))
    left = without_attempts(records, [CreatedRecord(intent=intent(), created=made)], how="output")
    assert left[:2] == (intent("n2"), delivered("c2"))
    assert set(left[2:]) == {
        Abandoned(key="n1", how="output"),
        Abandoned(key="c1", how="output"),
    }


@pytest.mark.parametrize("before", [(), (Abandoned(key="n0", how="revoked"),)])
def test_a_journal_of_ended_attempts_says_nothing(
    intent: Intents, before: tuple[Record, ...]
) -> None:
    """Where only such words are left there is nothing to be replayed."""
    assert without_attempts((*before, intent()), [intent()], how="abandon") == ()


def test_a_journal_about_others_is_as_it_was(intent: Intents, created: Makes) -> None:
    """Nothing is added to a journal that does not know the attempt."""
    records = (intent(), replace(created(), at="2026-02-01T00:00:00Z"))
    assert without_attempts(records, [intent("n9")], how="abandon") is records
