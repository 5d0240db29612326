"""When the clients that others succeeded may end."""

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reconciler.model.address import Address
from reconciler.plan.action import Kind
from reconciler.state.model import Retiring, Sealed, SinkDelivery

if TYPE_CHECKING:
    from tests.unit.plan.conftest import Fleet

HERE = Address("acme", "Reporting")


def test_a_predecessor_without_an_overlap_ends_at_once(
    fleet: "Fleet", predecessor: Retiring
) -> None:
    """What an interrupted apply left over is revoked once the successor is delivered."""
    fleet.both("acme/Reporting", live_name="Reporting (2)", retiring=(predecessor,))
    action = fleet.only()
    assert (action.kind, action.live_name, action.client_id, action.retires) == (
        Kind.REVOKE,
        "Reporting",
        "id-old",
        True,
    )
    assert action.origin is not None


@pytest.mark.parametrize(
    ("at", "over"),
    [("2026-02-28T00:00:00Z", True), ("2026-02-28T00:00:01Z", False)],
)
def test_an_overlap_counts_from_the_delivery(
    at: str, over: bool, fleet: "Fleet", overlapping: Retiring
) -> None:
    """A predecessor is due when its overlap is over since the last sink got the secret."""
    target = "json file secrets/acme/reporting.json"
    fleet.both(
        "acme/Reporting",
        live_name="Reporting (2)",
        retiring=(overlapping,),
        delivered={"files": SinkDelivery(target=target, at=at)},
    )
    plan = fleet.plan()
    assert [each.reason for each in plan.actions] == ["the overlap of 1d is over"] * over
    assert [each.code for each in plan.notices] == ["retiring"] * (not over)
    assert plan.unchanged == (not over)


def test_a_predecessor_outlives_an_undelivered_successor(
    fleet: "Fleet", predecessor: Retiring
) -> None:
    """While a sink waits and nothing fills it, nobody is left without a client."""
    fleet.want("acme/Reporting", sinks=("files", "vault"))
    reached = {
        "vault": SinkDelivery(target="command ./put.sh Reporting", at="2026-01-01T00:00:00Z")
    }
    fleet.know(
        "acme/Reporting", live_name="Reporting (2)", retiring=(predecessor,), delivered=reached
    )
    plan = fleet.plan()
    assert plan.actions == ()
    assert [each.code for each in plan.notices] == ["retiring", "sink"]


def test_a_delivery_and_the_end_of_a_predecessor_are_one_plan(
    fleet: "Fleet", predecessor: Retiring, overlapping: Retiring
) -> None:
    """What is delivered first may take over at once; an overlap begins with the delivery."""
    fleet.both("acme/Reporting", live_name="Reporting (2)", delivered={}, retiring=(predecessor,))
    available_secrets = frozenset({"id-reporting"})
    assert fleet.kinds(available_secrets=available_secrets) == [
        (Kind.DELIVER, "Reporting (2)"),
        (Kind.REVOKE, "Reporting"),
    ]
    fleet.know("acme/Reporting", live_name="Reporting (2)", delivered={}, retiring=(overlapping,))
    assert fleet.kinds(available_secrets=available_secrets) == [(Kind.DELIVER, "Reporting (2)")]


def test_an_overlap_starts_anew_with_another_successor(
    fleet: "Fleet", predecessor: Retiring, overlapping: Retiring
) -> None:
    """A rotation ends the predecessors without an overlap, and lets the others wait for it."""
    other = replace(overlapping, live_name="Reporting (3)", client_id="id-other")
    fleet.both("acme/Reporting", live_name="Reporting (4)", retiring=(predecessor, other))
    assert fleet.kinds(rotations=frozenset({HERE})) == [
        (Kind.ROTATE, "Reporting (5)"),
        (Kind.REVOKE, "Reporting"),
    ]


def test_a_secret_in_the_state_counts_as_delivered(fleet: "Fleet", predecessor: Retiring) -> None:
    """Where the state became a sink and has the secret, a predecessor may end."""
    fleet.want("acme/Reporting", sinks=("state",))
    fleet.know(
        "acme/Reporting",
        live_name="Reporting (2)",
        secret=Sealed(text="age"),
        retiring=(predecessor,),
    )
    assert fleet.kinds() == [(Kind.REVOKE, "Reporting")]


def test_what_left_is_revoked_with_its_predecessors(fleet: "Fleet", overlapping: Retiring) -> None:
    """No client of an address that is revoked stays behind, whatever its overlap."""
    fleet.instance("acme")
    fleet.know(
        "acme/Reporting", live_name="Reporting (2)", on_remove="revoke", retiring=(overlapping,)
    )
    plan = fleet.plan()
    assert [(each.live_name, each.retires) for each in plan.actions] == [
        ("Reporting", False),
        ("Reporting (2)", False),
    ]
