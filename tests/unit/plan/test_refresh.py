"""What a refresh adds to a plan: drift, conflicts, orphans, and what it cannot see."""

from typing import TYPE_CHECKING, Any

import pytest

from reconciler.plan.action import Kind
from reconciler.plan.observation import InstanceUnreachable, Observation
from reconciler.plan.render.text import render_text

if TYPE_CHECKING:
    from reconciler.state.model import Retiring
    from tests.unit.plan.conftest import Fleet, Lists


def test_a_fleet_without_drift_is_unchanged(fleet: "Fleet", lists: "Lists") -> None:
    """What the list shows as the state knows it changes nothing but the plan's id."""
    fleet.both("acme/Reporting")
    lists.show("acme/Reporting")
    plan = fleet.plan(observation=lists.observation)
    assert (plan.actions, plan.notices, plan.unchanged, plan.refreshed) == ((), (), 1, True)
    assert plan.id != fleet.plan().id


def test_what_is_gone_is_created_again(fleet: "Fleet", lists: "Lists") -> None:
    """A client that its owner's list does not show is gone; its name is free again."""
    fleet.both("acme/Reporting")
    action = fleet.only(observation=lists.empty("acme").observation)
    assert (action.kind, action.live_name) == (Kind.CREATE, "Reporting")
    assert (action.reason, action.client_id) == ("gone from the instance", None)


def test_what_is_gone_leaves_its_name_to_whoever_has_it_now(fleet: "Fleet", lists: "Lists") -> None:
    """The client of a gone one's name is another, ours or not: it is not in the way."""
    fleet.both("acme/Reporting")
    lists.show("acme/Reporting", client_id="id-else", ours=True)
    assert fleet.kinds(observation=lists.observation) == [(Kind.CREATE, "Reporting (2)")]


def test_a_mark_tells_a_masked_client_from_its_predecessor_of_the_same_name(
    fleet: "Fleet", lists: "Lists"
) -> None:
    """What carries another attempt's nonce is surely not the client that is looked for."""
    fleet.both("acme/Reporting", nonce="11111111", id=900)
    lists.show("acme/Reporting", client_id=None, ours=True)
    assert fleet.kinds(observation=lists.observation) == [(Kind.CREATE, "Reporting (2)")]


def test_the_predecessor_of_what_is_gone_stays(
    fleet: "Fleet", lists: "Lists", predecessor: "Retiring"
) -> None:
    """While the successor is lost the old client may be the only one that works."""
    fleet.both("acme/Reporting", live_name="Reporting (2)", retiring=(predecessor,))
    lists.show("acme/Reporting", client_id="id-old")
    assert fleet.kinds(observation=lists.observation) == [(Kind.CREATE, "Reporting (3)")]


def test_a_predecessor_that_is_gone_leaves_the_state(
    fleet: "Fleet", lists: "Lists", overlapping: "Retiring"
) -> None:
    """Its overlap is over whatever the clock says: it is not carried as if it lived."""
    fleet.both("acme/Reporting", live_name="Reporting (2)", retiring=(overlapping,))
    lists.show("acme/Reporting (2)", client_id="id-reporting")
    action = fleet.only(observation=lists.observation)
    assert (action.kind, action.live_name, action.retires) == (Kind.REVOKE, "Reporting", True)
    assert action.reason == "gone from the instance"


def test_what_is_not_visible_proves_nothing(fleet: "Fleet", lists: "Lists") -> None:
    """A list that would not show the owner's clients is a notice, and no action follows."""
    fleet.both("acme/Reporting", owner=8)
    seen = lists.empty("acme").observation
    assert (fleet.kinds(observation=seen), fleet.codes(observation=seen)) == (
        [],
        (["not-visible"], []),
    )


def test_what_is_gone_and_not_wanted_is_forgotten(fleet: "Fleet", lists: "Lists") -> None:
    """The state need not keep what left both the manifest and the instance."""
    fleet.instance("acme")
    for on_remove in ("keep", "forget", "revoke"):
        fleet.know("acme/Reporting", on_remove=on_remove)
        action = fleet.only(observation=lists.empty("acme").observation)
        assert action.kind is Kind.FORGET
        assert action.reason == "gone from the instance, and not wanted"


def test_a_predecessor_that_lives_keeps_its_address_known(
    fleet: "Fleet", lists: "Lists", predecessor: "Retiring"
) -> None:
    """What is not wanted is forgotten only when all of its clients are gone."""
    fleet.instance("acme")
    fleet.know("acme/Reporting", on_remove="keep", retiring=(predecessor,))
    lists.show("acme/Reporting", client_id="id-old")
    assert fleet.kinds(observation=lists.observation) == []


def test_a_scope_that_drifted_is_replaced(fleet: "Fleet", lists: "Lists") -> None:
    """The reason says what Domo has and what is wanted; a list without scopes says nothing."""
    fleet.both("acme/Reporting", "data")
    lists.show("acme/Reporting", "user", "audit")
    action = fleet.only(observation=lists.observation)
    assert (action.kind, action.reason) == (
        Kind.REPLACE,
        "changed at Domo: scope audit user → data",
    )
    lists.empty("acme").show("acme/Reporting", scope=())
    assert fleet.kinds(observation=lists.observation) == []


def test_a_wanted_name_of_somebody_else_is_a_conflict(fleet: "Fleet", lists: "Lists") -> None:
    """A client without our mark is not touched: the notice says how to adopt it."""
    fleet.want("acme/Reporting")
    lists.show("acme/Reporting")
    plan = fleet.plan(observation=lists.observation)
    assert (plan.actions, plan.unchanged) == ((), 0)
    assert [each.code for each in plan.notices] == ["conflict", "unmanaged"]
    assert "reconciler import ADDRESS" in plan.notices[0].message


@pytest.mark.parametrize("client_id", ["id-orphan", None])
def test_a_suspected_orphan_gets_a_successor_first(
    client_id: str | None, fleet: "Fleet", lists: "Lists"
) -> None:
    """A client with our mark that nobody knows is rotated, under a name that is really free."""
    fleet.want("acme/Reporting")
    fleet.both("acme/Other")
    lists.show("acme/Other")
    lists.show("acme/Reporting", ours=True, client_id=client_id)
    lists.show("acme/Reporting (2)", client_id="id-else")
    action = fleet.only(observation=lists.observation)
    assert (action.kind, action.live_name) == (Kind.ROTATE, "Reporting (3)")
    assert action.client_id == client_id
    assert action.reason.startswith("suspected orphan")


def test_the_mark_of_another_state_is_not_ours(fleet: "Fleet", lists: "Lists") -> None:
    """Without a state, and so without a lineage, no mark is ours."""
    fleet.want("acme/Reporting")
    lists.show("acme/Reporting", ours=True)
    assert fleet.kinds(observation=lists.observation) == []


def test_a_name_that_is_not_there_is_created(fleet: "Fleet", lists: "Lists") -> None:
    """A list without the wanted name does not hinder its create."""
    fleet.want("acme/Reporting")
    lists.show("acme/Else")
    assert fleet.kinds(observation=lists.observation) == [(Kind.CREATE, "Reporting")]


def test_what_nobody_manages_is_counted(fleet: "Fleet", lists: "Lists") -> None:
    """Strangers are listed by name, a few of them; those with our mark by themselves."""
    fleet.both("acme/Reporting")
    lists.show("acme/Reporting")
    lists.show("acme/Lost", ours=True, client_id="id-lost")
    for number in range(7):
        lists.show(f"acme/Else {number}")
    plan = fleet.plan(observation=lists.observation)
    orphan, unmanaged = plan.notices
    command = "reconciler destroy acme/Lost --client-id id-lost"
    assert (orphan.code, orphan.instance, orphan.names) == ("orphan", "acme", (command,))
    assert unmanaged.names == tuple(f"Else {number}" for number in range(7))
    text, verbose = render_text(plan, width=200), render_text(plan, width=200, verbose=True)
    assert f"state does not know; if no consumer uses it, end it with: `{command}`\n" in text
    assert "acme: 7 clients that this state does not manage: `Else 0`," in text
    assert "`Else 4` and 2 more\n" in text
    assert "`Else 6`\n" in verbose


def test_nobodys_clients_of_a_fleet_are_one_line(fleet: "Fleet", lists: "Lists") -> None:
    """A thousand instances with strangers of their own read like one; `-v` lists them all."""
    for number in range(40):
        fleet.both(f"acme-{number:02}/Reporting")
        lists.show(f"acme-{number:02}/Reporting")
        for name in range(number % 3):
            lists.show(f"acme-{number:02}/Else {name}")
    plan = fleet.plan(observation=lists.observation)
    text, verbose = render_text(plan, width=400), render_text(plan, width=9_000, verbose=True)
    (line,) = (each for each in text.splitlines() if "does not manage" in each)
    assert "39 clients on 26 instances that this state does not manage: acme-01 (`Else 0`)," in line
    assert line.endswith("acme-07 (`Else 0`) and 21 more instances")
    assert "acme-38 (`Else 0`, `Else 1`)" in verbose


def test_an_instance_that_cannot_be_reached_is_planned_from_the_state(fleet: "Fleet") -> None:
    """Its failure is a notice, and its changes are those of a plan without a refresh."""
    fleet.want("acme/Reporting")
    plan = fleet.plan(
        observation=Observation(instances={"acme": InstanceUnreachable(message="timed out")})
    )
    assert [each.kind for each in plan.actions] == [Kind.CREATE]
    assert [(each.instance, each.message) for each in plan.notices] == [
        ("acme", "could not be looked at: timed out")
    ]


def test_an_instance_that_was_not_asked_says_nothing(fleet: "Fleet") -> None:
    """Nothing follows for an instance that the observation does not hold."""
    fleet.both("acme/Reporting")
    plan = fleet.plan(observation=Observation())
    assert (plan.actions, plan.notices) == ((), ())


@pytest.mark.parametrize(
    ("listed", "kind"),
    [
        ({"ours": True}, None),
        ({"ours": False}, None),
        ({"ours": True, "id": 1001}, None),
        ({"ours": False, "owner": 9}, None),
        ({"ours": False, "name": "Else", "id": 1001}, Kind.CREATE),
    ],
    ids=["mark", "name-and-owner", "other-id", "other-owner", "nothing-alike"],
)
def test_a_masked_client_is_known_by_what_is_left(
    listed: dict[str, Any], kind: Kind | None, fleet: "Fleet", lists: "Lists"
) -> None:
    """Where the client id is masked a client is gone only if nothing resembles it."""
    fleet.both("acme/Reporting")
    lists.show("acme/Reporting", **{"client_id": None, "nonce": "0a0b0c0d", "id": 1000, **listed})
    actions = fleet.plan(observation=lists.observation).actions
    assert [each.kind for each in actions] == ([kind] if kind else [])


@pytest.mark.parametrize(
    ("listed", "entry", "shown"),
    [
        ({"ours": True}, {}, True),
        ({"ours": True}, {"id": None}, True),
        ({}, {}, True),
        ({}, {"owner": None}, False),
        ({}, {"nonce": None}, True),
        ({"owner": 9}, {}, False),
        ({"ours": True, "id": 1001}, {}, False),
    ],
)
def test_a_masked_clients_drift_is_believed_only_if_it_is_surely_it(
    listed: dict[str, Any], entry: dict[str, Any], shown: bool, fleet: "Fleet", lists: "Lists"
) -> None:
    """Another scope counts where the mark, or id with name and owner, say that it is the client."""
    fleet.both("acme/Reporting", **entry)
    terms = {"client_id": None, "nonce": "0a0b0c0d", "id": 1000, **listed}
    lists.show("acme/Reporting", "user", **terms)
    plan = fleet.plan(observation=lists.observation)
    assert [each.kind for each in plan.actions] == ([Kind.REPLACE] if shown else [])
    assert "unmanaged" not in [each.code for each in plan.notices]
