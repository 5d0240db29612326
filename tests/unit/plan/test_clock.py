"""Times in the state that are after the plan's as-of: reported, as they postpone what is due."""

from typing import Any

import pytest

from reconciler.plan.action import Kind
from reconciler.state.model import SinkDelivery

LATER = "2031-01-01T00:00:00Z"
TARGET = "json file secrets/acme/a.json"


@pytest.mark.parametrize(
    "terms",
    [
        {"created_at": LATER},
        {"delivered": {"files": SinkDelivery(target=TARGET, at=LATER)}},
        {"created_at": "9999-12-31T23:59:59Z"},
    ],
)
def test_a_time_after_the_as_of_is_noted(fleet: Any, terms: dict[str, Any]) -> None:
    """`rotate_after` counts from it, so the plan says that it may come too late."""
    fleet.want("acme/A", rotate_after=86400.0)
    fleet.know("acme/A", **{"created_at": "2026-02-28T12:00:00Z", **terms})
    plan = fleet.plan()
    assert (plan.actions, plan.unchanged) == ((), 1)
    assert [(each.code, str(each.address)) for each in plan.notices] == [("clock", "acme/A")]
    assert "`rotate_after` and `overlap` count from there" in plan.notices[0].message


def test_a_time_of_the_same_day_is_not_noted(fleet: Any) -> None:
    """The as-of is the day's beginning by default."""
    fleet.both("acme/A", created_at="2026-03-01T23:59:59Z")
    assert fleet.codes() == ([], [])


def test_an_overlap_that_counts_from_a_later_time_is_noted(fleet: Any, overlapping: Any) -> None:
    """The predecessor stays, and the plan shows why."""
    fleet.want("acme/Reporting")
    fleet.know(
        "acme/Reporting",
        live_name="Reporting (2)",
        retiring=(overlapping,),
        delivered={"files": SinkDelivery(target="json file secrets/acme/reporting.json", at=LATER)},
    )
    assert fleet.codes() == (["clock", "retiring"], [])


def test_a_rotation_is_planned_all_the_same(fleet: Any) -> None:
    """What a command asks for does not depend on the recorded time."""
    client = fleet.want("acme/A")
    fleet.know("acme/A", created_at=LATER)
    assert fleet.kinds(rotations=frozenset({client.address})) == [(Kind.ROTATE, "A (2)")]
