"""What an entry says of itself, and what a backup may keep."""

from collections.abc import Callable

import pytest

from reconciler.model.address import Address
from reconciler.model.secret import Secret
from reconciler.state.model import (
    Entry,
    Plain,
    Sealed,
    SinkDelivery,
    State,
    StoredSecret,
    without_secrets_absent_from,
)

Entries = Callable[..., Entry]
States = Callable[..., State]
EARLY, LATE = "2026-01-31T08:00:00Z", "2026-02-01T08:00:00Z"


def test_sinks_that_lack_the_secret_are_waiting(entry: Entries) -> None:
    """The order of the sinks is kept, and what was delivered is left out."""
    found = entry(sinks=("a", "b", "c"), delivered={"b": SinkDelivery(target="t", at=EARLY)})
    assert found.waiting == ("a", "c")
    assert found.delivered_at is None


def test_the_last_delivery_counts(entry: Entries) -> None:
    """A client is delivered when the last of its sinks has it; a former sink does not count."""
    reached = {"a": EARLY, "b": LATE, "former": "2027-01-01T00:00:00Z"}
    found = entry(
        sinks=("a", "b"),
        delivered={sink: SinkDelivery(target="t", at=at) for sink, at in reached.items()},
    )
    assert found.delivered_at == LATE


def test_without_a_sink_nothing_is_delivered(entry: Entries) -> None:
    """An entry that names no sink has no delivery, whatever an earlier one left in it."""
    found = entry(sinks=(), delivered={"former": SinkDelivery(target="t", at=EARLY)})
    assert found.delivered_at is None


@pytest.mark.parametrize(("sinks", "keeps"), [(("state",), True), (("a",), False)])
def test_the_state_keeps_a_secret_if_it_is_a_sink(
    entry: Entries, sinks: tuple[str, ...], *, keeps: bool
) -> None:
    """A secret stays in the state only where the manifest says so."""
    assert entry(sinks=sinks).keeps_secret is keeps


SECRETS: list[tuple[StoredSecret, StoredSecret | None, bool]] = [
    (Plain(secret=Secret("a")), Plain(secret=Secret("a")), True),
    (Plain(secret=Secret("a")), Plain(secret=Secret("b")), False),
    (Plain(secret=Secret("a")), Sealed(text="a"), False),
    (Plain(secret=Secret("a")), None, False),
    (Sealed(text="a"), Sealed(text="a"), True),
    (Sealed(text="a"), Sealed(text="resealed"), False),
]


@pytest.mark.parametrize(("old", "new", "kept"), SECRETS)
def test_a_backup_keeps_a_secret_only_with_the_state(
    state: States, address: Address, old: StoredSecret, new: StoredSecret | None, *, kept: bool
) -> None:
    """A secret that was given up, changed or sealed anew leaves the backup, too."""
    before, after = state(secret=old), state(secret=new)
    found = without_secrets_absent_from(before, after)
    assert (found.clients[address].secret is not None) is kept
    assert (found.lineage, found.serial) == (before.lineage, before.serial)
    assert found.clients[address].live_name == "Reporting"


def test_a_backup_keeps_the_secret_of_a_client_that_moved(state: States, lineage: str) -> None:
    """A new address for the same client takes nothing from the backup."""
    before = state(secret=Plain(secret=Secret("a")))
    ((old, entry),) = before.clients.items()
    after = State(lineage=lineage, serial=8, clients={Address("b", "x"): entry})
    assert without_secrets_absent_from(before, after).clients[old].secret is not None


def test_a_backup_loses_the_secret_of_a_client_that_left(state: States, lineage: str) -> None:
    """What the state forgot the backup forgets as well."""
    before = state(secret=Plain(secret=Secret("a")))
    found = without_secrets_absent_from(before, State(lineage=lineage, serial=8))
    assert [entry.secret for entry in found.clients.values()] == [None]
