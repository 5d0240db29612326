"""What a command asks for: rotations that are gone on with, ends, and turns."""

import math
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from reconciler.model.address import Address
from reconciler.plan.action import Kind
from reconciler.plan.request import (
    PlanRequest,
    create_request,
    due_in_rotation_window,
    pending_rotations,
)
from reconciler.plan.staleness import to_open_plan
from reconciler.state.model import OpenAction, OpenPlan, State

if TYPE_CHECKING:
    from tests.unit.plan.conftest import Fleet

HERE = Address("acme", "Reporting")
THERE = Address("acme", "Sync")
LINEAGE = "3f0c3b8e-58a5-4bd6-9d0c-3d7c6d1a1a01"


def begun(fleet: "Fleet", asked: str) -> State:
    """Return a state in which a rotation of `asked` was begun at acme/Reporting."""
    action = OpenAction(address=HERE, kind="rotate", digest="d", asked=asked)
    plan = OpenPlan(plan_id="p", order=("acme",), definitions={}, actions=(action,))
    return State(lineage=LINEAGE, serial=3, clients=fleet.known, open_plan=plan)


def test_a_rotation_that_was_begun_is_in_the_next_plan(fleet: "Fleet") -> None:
    """As long as the address has the client that was to be rotated, and no longer."""
    fleet.both("acme/Reporting")
    old = fleet.known[HERE].client_id
    assert fleet.kinds(state=begun(fleet, old)) == [(Kind.ROTATE, "Reporting (2)")]
    assert fleet.kinds(state=begun(fleet, "another")) == []
    assert pending_rotations(begun(fleet, old).open_plan, fleet.known) == {HERE}
    assert pending_rotations(None, fleet.known) == frozenset()


def test_only_what_was_asked_for_is_gone_on_with(fleet: "Fleet") -> None:
    """A plan remembers which of its rotations a command asked for."""
    fleet.both("acme/Reporting")
    fleet.both("acme/Sync")
    plan = fleet.plan(rotations=frozenset({HERE, THERE}))
    kept = to_open_plan(fleet.desired, plan, frozenset({HERE}))
    assert kept is not None
    assert {each.address: each.asked for each in kept.actions} == {
        HERE: fleet.known[HERE].client_id,
        THERE: None,
    }


def test_a_wish_is_of_the_client_that_was_there(fleet: "Fleet") -> None:
    """Once the address has another client, its rotation is done; an end is of the address."""
    fleet.both("acme/Reporting")
    asked = create_request("rotate", {HERE}, fleet.state)
    assert asked.rotations(fleet.state) == {HERE}
    assert (
        PlanRequest(what="rotate", clients={HERE: "another"}).rotations(fleet.state) == frozenset()
    )
    assert (asked.rotations(None), asked.endings()) == (frozenset(), {})
    ending = create_request("revoke", {HERE}, fleet.state)
    assert (ending.rotations(fleet.state), ending.endings()) == (frozenset(), {HERE: "revoke"})


@pytest.mark.parametrize("how", ["revoke", "forget"])
def test_an_end_that_is_asked_for_is_planned_although_it_is_wanted(
    fleet: "Fleet", how: str
) -> None:
    """Whatever the manifest says of the client; the others stay as they are."""
    fleet.both("acme/Reporting")
    fleet.both("acme/Sync")
    plan = fleet.plan(endings={HERE: how})
    assert [(each.kind.value, each.reason) for each in plan.actions] == [(how, "asked for")]
    assert plan.unchanged == 1


@pytest.mark.parametrize("where", ["wanted", "known"])
def test_a_protected_client_does_not_end(fleet: "Fleet", where: str) -> None:
    """Neither by the terms last applied nor by those it is to have."""
    fleet.want("acme/Reporting", protect=where == "wanted")
    fleet.know("acme/Reporting", protect=where == "known")
    plan = fleet.plan(endings={HERE: "revoke"})
    assert (plan.actions, [each.code for each in plan.problems]) == ((), ["protect"])


@pytest.mark.parametrize("number", [1, 3, 40, 100])
@pytest.mark.parametrize("age", [0, 400], ids=["new", "old"])
def test_a_daily_run_gives_each_its_turn_once_in_a_period(
    fleet: "Fleet", number: int, age: int
) -> None:
    """A fleet that was made at once spreads over the days; no client has two turns in a row."""
    period, begin = 30, date(2026, 3, 1)
    for each in range(number):
        fleet.know(f"acme/C{each}", created_at=f"{begin - timedelta(days=age)}T08:00:00Z")
    turns: dict[Address, list[int]] = {each: [] for each in fleet.known}
    for day in range(1, 4 * period + 1):
        today = begin + timedelta(days=day)
        now = due_in_rotation_window(
            turns, fleet.state, as_of=f"{today}T00:00:00Z", spread=86_400.0 * period
        )
        assert len(now) <= math.ceil(number / period)
        for address in now:
            turns[address].append(day)
            fleet.known[address] = replace(
                fleet.known[address],
                created_at=f"{today}T09:00:00Z",
                live_name=f"{address.client} (2)",
            )
    waits = [late - early for days in turns.values() for early, late in pairwise(days)]
    assert max(days[0] for days in turns.values()) <= period + 10
    assert period / 2 - 5 <= min(waits)
    assert max(waits) <= 1.5 * period + 10


def test_what_was_made_today_has_had_its_turn(fleet: "Fleet") -> None:
    """A run that is killed goes on with the same ones, and never does more than a day's share."""
    for number in range(30):
        fleet.know(f"acme/C{number}", created_at="2025-01-01T00:00:00Z")

    def turn(spread: float, as_of: str = "2026-03-01") -> frozenset[Address]:
        stamp = f"{as_of}T00:00:00Z"
        return due_in_rotation_window(fleet.known, fleet.state, as_of=stamp, spread=spread)

    first = turn(864_000.0)
    assert len(first) == 3
    done = min(first)
    fleet.known[done] = replace(fleet.known[done], created_at="2026-03-01T09:00:00Z")
    assert turn(864_000.0) == first - {done}
    assert turn(0, "2026-03-02") == frozenset(fleet.known)
