"""A key that was renamed without a word: no client of the state is taken for somebody else's."""

from typing import TYPE_CHECKING

import pytest

from reconciler.model.address import Address
from reconciler.model.manifest import Moved
from reconciler.model.source_location import SourceLocation
from reconciler.plan.action import Kind
from reconciler.plan.selection import Selection

if TYPE_CHECKING:
    from tests.unit.plan.conftest import Fleet, Lists


@pytest.fixture
def renamed(fleet: "Fleet") -> "Fleet":
    """Return a fleet whose instance `acme` is called `acme-inc` in the manifest now."""
    fleet.instance("acme-inc", domain="acme.domo.com")
    fleet.want("acme-inc/Reporting")
    fleet.know("acme/Reporting", protect=True)
    fleet.both("globex/Sync")
    return fleet


@pytest.mark.parametrize("target", [None, "acme-inc", "acme"])
@pytest.mark.parametrize("on_remove", ["keep", "forget", "revoke"])
def test_a_renamed_key_is_an_error_that_names_the_move(
    renamed: "Fleet", lists: "Lists", target: str | None, on_remove: str
) -> None:
    """Offline and refreshed, whole or narrowed: nothing is planned there, least of all an end."""
    renamed.know("acme/Reporting", on_remove=on_remove)
    lists.show("acme-inc/Reporting", ours=True, client_id="id-reporting")
    part = Selection(targets=(target,)) if target else None
    for seen in (None, lists.observation):
        plan = renamed.plan(selection=part, observation=seen)
        assert plan.actions == ()
        (problem,) = plan.problems
        assert (problem.code, problem.override) == ("renamed", None)
        assert "moved: [{from: acme, to: acme-inc}]" in (problem.hint or "")


def test_a_move_that_is_written_down_is_no_error(renamed: "Fleet") -> None:
    """The client keeps its secret under its new address."""
    renamed.terms["moved"] = (
        Moved(source="acme", target="acme-inc", place=SourceLocation("m", 1, 1)),
    )
    plan = renamed.plan()
    assert plan.problems == ()
    assert not any(each.kind.makes for each in plan.actions)


def test_other_instances_are_planned_all_the_same(renamed: "Fleet") -> None:
    """A narrowed plan that is about neither key has nothing to say of them."""
    renamed.want("globex/New")
    plan = renamed.plan(selection=Selection(targets=("globex",)))
    assert ([each.kind for each in plan.actions], plan.problems) == ([Kind.CREATE], ())


def test_what_is_to_be_forgotten_needs_no_move(renamed: "Fleet") -> None:
    """Who asks for an end has said what becomes of it."""
    renamed.know("acme/Reporting")
    plan = renamed.plan(
        selection=Selection(only=frozenset({Address("acme", "Reporting")})),
        endings={Address("acme", "Reporting"): "forget"},
    )
    assert ([each.kind for each in plan.actions], plan.problems) == ([Kind.FORGET], ())
