"""What stops a plan."""

from typing import TYPE_CHECKING

import pytest

from reconciler.model.address import Address
from reconciler.model.manifest import CountOrPercent, Limits
from reconciler.plan.action import Kind

if TYPE_CHECKING:
    from reconciler.state.model import Retiring
    from tests.unit.plan.conftest import Fleet

HERE = Address("acme", "Reporting")


def test_a_protected_client_keeps_its_scope(fleet: "Fleet") -> None:
    """A replacement of a protected client is an error at its place, and is not planned."""
    client = fleet.want("acme/Reporting", "user", protect=True)
    fleet.know("acme/Reporting", "data")
    plan = fleet.plan()
    (problem,) = plan.problems
    assert (plan.actions, plan.unchanged) == ((), 0)
    assert (problem.code, problem.address, problem.place) == ("protect", HERE, client.place)
    assert "scope data → user" in problem.message
    assert problem.override is None


@pytest.mark.parametrize("on_remove", ["keep", "forget", "revoke"])
def test_a_protected_client_stays_in_the_manifest(on_remove: str, fleet: "Fleet") -> None:
    """What was last applied as protected may not leave, whatever was to happen then."""
    fleet.instance("acme")
    fleet.know("acme/Reporting", protect=True, on_remove=on_remove)
    assert (fleet.kinds(), fleet.codes()) == ([], ([], ["protect"]))


def test_a_client_that_is_revoked_first_counts_as_revoked(fleet: "Fleet") -> None:
    """It ends before it has a delivered successor; a protected one never does."""
    fleet.want("acme/Reporting", "user", replace="revoke_first")
    fleet.know("acme/Reporting", "data")
    fleet.want("acme/Sync", "user")
    fleet.know("acme/Sync", "data")
    fleet.terms["limits"] = Limits(max_revoke=CountOrPercent(number=0))
    (problem,) = fleet.plan().problems
    assert (problem.code, problem.override) == ("limit", "--override-limits")
    assert "revokes 1 client, more than max_revoke: 0" in problem.message


def test_a_changed_domain_stops_its_instance(fleet: "Fleet") -> None:
    """Nothing is planned on it, one error names both domains and `moved:`, others go on."""
    fleet.both("acme/Reporting", domain="old.domo.com")
    fleet.want("acme/New")
    fleet.want("globex/New")
    plan = fleet.plan()
    (problem,) = plan.problems
    assert [each.address.instance for each in plan.actions] == ["globex"]
    assert problem.code == "domain"
    assert "acme.domo.com" in problem.message
    assert "old.domo.com" in problem.message
    assert problem.hint is not None
    assert "moved: [{from: old.domo.com, to: acme.domo.com}]" in problem.hint


def test_a_domain_is_compared_without_its_case(fleet: "Fleet") -> None:
    """Host names have no case."""
    fleet.both("acme/Reporting", domain="ACME.domo.com")
    assert fleet.codes() == ([], [])


def test_an_instance_that_left_cannot_be_revoked_on(fleet: "Fleet") -> None:
    """A revoke needs the instance's sign-on: its key must stay until it is done."""
    fleet.want("acme/Reporting")
    fleet.know("gone/A", on_remove="revoke")
    fleet.know("gone/B", on_remove="revoke")
    fleet.know("gone/C", on_remove="forget")
    plan = fleet.plan()
    (problem,) = plan.problems
    assert [each.kind for each in plan.actions] == [Kind.CREATE, Kind.FORGET]
    assert problem.code == "departed"
    assert problem.message == (
        "gone left the manifest, but 2 clients there are to be revoked, which needs its sign-on"
    )
    assert problem.hint is not None
    assert "`clients: []`" in problem.hint


@pytest.mark.parametrize(
    ("limit", "over"),
    [
        (CountOrPercent(number=2), False),
        (CountOrPercent(number=1), True),
        (CountOrPercent(number=50, percent=True), False),
        (CountOrPercent(number=25, percent=True), True),
        (None, False),
    ],
)
def test_a_limit_on_revokes(limit: CountOrPercent | None, over: bool, fleet: "Fleet") -> None:
    """Two of four managed clients are over a limit of one or of a quarter; it can be overridden."""
    fleet.terms["limits"] = Limits(max_revoke=limit)
    fleet.both("acme/A")
    fleet.both("acme/B")
    fleet.know("acme/C", on_remove="revoke")
    fleet.know("acme/D", on_remove="revoke")
    plan = fleet.plan()
    assert len(plan.actions) == 2
    assert [each.override for each in plan.problems] == ["--override-limits"] * over
    assert [each.code for each in plan.problems] == ["limit"] * over


def test_a_limit_says_its_counts(fleet: "Fleet") -> None:
    """The message has what is planned and what is allowed, in per cent also as a count."""
    fleet.terms["limits"] = Limits(
        max_create=CountOrPercent(number=0), max_replace=CountOrPercent(number=0, percent=True)
    )
    fleet.want("acme/A")
    fleet.want("acme/B", "user")
    fleet.know("acme/B", "data")
    assert [each.message for each in fleet.plan().problems] == [
        "this plan creates 1 client, more than max_create: 0",
        "this plan replaces 1 client, more than max_replace: 0% (which is 0 of 1 managed)",
    ]


def test_a_predecessor_is_not_under_the_limit(fleet: "Fleet", predecessor: "Retiring") -> None:
    """A client with a delivered successor ends without anybody's loss."""
    fleet.terms["limits"] = Limits(max_revoke=CountOrPercent(number=0))
    fleet.both("acme/Reporting", live_name="Reporting (2)", retiring=(predecessor,))
    plan = fleet.plan()
    assert ([each.kind for each in plan.actions], plan.problems) == ([Kind.REVOKE], ())


def test_what_cannot_be_overridden_is_said_first(fleet: "Fleet") -> None:
    """Errors that only the manifest can mend come before limits."""
    fleet.terms["limits"] = Limits(max_create=CountOrPercent(number=0))
    fleet.want("acme/New")
    fleet.want("acme/Reporting", "user", protect=True)
    fleet.know("acme/Reporting", "data")
    assert [each.code for each in fleet.plan().problems] == ["protect", "limit"]
