"""What is left of a plan, and how a plan differs from the saved one."""

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.plan.staleness import describe_difference

if TYPE_CHECKING:
    from tests.unit.plan.conftest import Fleet


def test_each_difference_has_a_line(fleet: "Fleet") -> None:
    """An action that went, one that came, and the changed fields of one that is in both."""
    fleet.want("acme/Changed", "data", description="N")
    fleet.want("acme/Gone", "data")
    fleet.want("acme/Same", "data")
    saved = fleet.plan()
    actions = {each.address.client: each for each in saved.actions}
    changed = replace(actions["Changed"], scope=("data", "user"), description="\x1b[2J")
    new = replace(actions["Gone"], address=actions["Gone"].address._replace(client="New"))
    now = replace(saved, actions=(changed, actions["Same"], new))
    assert describe_difference(saved, now) == (
        r"changed: create acme/Changed [data]: description N → \x1b[2J, scope data → data user",
        "only in the plan now: create acme/New [data]",
        "only in the saved plan: create acme/Gone [data]",
    )


def test_many_changed_actions_are_named_without_their_fields(fleet: "Fleet") -> None:
    """A fleet in which every action changed has a line for each of them."""
    for number in range(120):
        fleet.want(f"acme/Client {number:03}", "data")
    saved = fleet.plan()
    now = replace(saved, actions=tuple(replace(e, live_name="X") for e in saved.actions))
    lines = describe_difference(saved, now)
    assert len(lines) == 120
    assert lines[0] == "changed: create acme/Client 000 [data]: name Client 000 → X"
    assert lines[-1] == "changed: create acme/Client 119 [data]"


def test_an_instance_with_equal_actions_can_differ(fleet: "Fleet") -> None:
    """Another endpoint or credential of an instance changes its part of the plan."""
    fleet.want("acme/Reporting", "data")
    saved = fleet.plan()
    now = replace(saved, parts={"acme": "0" * 64})
    assert describe_difference(saved, now) == ("what acme talks to has changed",)
