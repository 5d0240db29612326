"""Values that the tests of the state begin with."""

from collections.abc import Callable
from typing import Any

import pytest

from reconciler.model.address import Address
from reconciler.model.secret import Secret
from reconciler.state.journal_records import Created, Delivered, Header, Intent
from reconciler.state.model import Entry, Plain, Sealed, SinkDelivery, State

LINEAGE = "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0"
AT = "2026-01-31T08:00:00Z"
ADDRESS = Address("acme", "Reporting")


@pytest.fixture
def lineage() -> str:
    """Return the lineage of every state here."""
    return LINEAGE


@pytest.fixture
def address() -> Address:
    """Return the address of every client here."""
    return ADDRESS


@pytest.fixture
def reached() -> SinkDelivery:
    """Return what `delivered` makes of its sink."""
    return SinkDelivery(target="json file x.json", at=AT)


@pytest.fixture
def entry() -> Callable[..., Entry]:
    """Return a function that makes an entry, with what a test changes in it."""

    def make(**changes: Any) -> Entry:
        fields: dict[str, Any] = {
            "domain": "acme.domo.com",
            "live_name": "Reporting",
            "client_id": "c1",
            "scope": ("audit", "data"),
            "created_at": AT,
            "sinks": ("ops",),
        }
        return Entry(**(fields | changes))

    return make


@pytest.fixture
def state(entry: Callable[..., Entry]) -> Callable[..., State]:
    """Return a function that makes a state of one client, with what a test changes in it."""

    def make(**changes: Any) -> State:
        return State(lineage=LINEAGE, serial=7, clients={ADDRESS: entry(**changes)})

    return make


@pytest.fixture
def header() -> Header:
    """Return a journal's header."""
    return Header(run="r1", lineage=LINEAGE, serial=7, plan_id="p", at=AT)


@pytest.fixture
def intent() -> Callable[..., Intent]:
    """Return a function that makes an intent."""

    def make(nonce: str = "n1", **changes: Any) -> Intent:
        fields: dict[str, Any] = {
            "address": ADDRESS,
            "domain": "acme.domo.com",
            "live_name": "Reporting",
            "scope": ("data",),
            "sinks": ("ops",),
            "at": AT,
            "principal": "p",
        }
        return Intent(nonce=nonce, **(fields | changes))

    return make


@pytest.fixture
def created() -> Callable[..., Created]:
    """Return a function that makes the record of a made client, its secret plain or sealed."""

    def make(nonce: str = "n1", client_id: str = "c1", *, sealed: bool = False) -> Created:
        kept = Sealed(text="age…") if sealed else Plain(secret=Secret(f"secret of {client_id}"))
        return Created(nonce=nonce, client_id=client_id, secret=kept, at=AT)

    return make


@pytest.fixture
def delivered() -> Callable[..., Delivered]:
    """Return a function that makes the record of a delivery."""

    def make(client_id: str = "c1", sink: str = "ops", at: str = AT) -> Delivered:
        return Delivered(
            address=ADDRESS, client_id=client_id, sink=sink, target="json file x.json", at=at
        )

    return make
