"""`moved:`: what the state knows gets a new name, and no client is touched."""

from typing import TYPE_CHECKING

import pytest

from reconciler.model.address import Address
from reconciler.model.manifest import Moved
from reconciler.model.source_location import SourceLocation
from reconciler.plan.action import Kind
from reconciler.plan.moves import apply_moves

if TYPE_CHECKING:
    from tests.unit.plan.conftest import Fleet


def moves(*pairs: tuple[str, str]) -> tuple[Moved, ...]:
    """Return moves, each at a line of its own."""
    return tuple(
        Moved(source=source, target=target, place=SourceLocation("m.yaml", line, 3))
        for line, (source, target) in enumerate(pairs, start=1)
    )


def keys(fleet: "Fleet") -> list[str]:
    """Return the addresses that the state has after the moves."""
    state, _ = apply_moves(fleet.state, fleet.desired)
    return sorted(str(each) for each in state.clients)


def test_an_address_moves_with_its_client(fleet: "Fleet") -> None:
    """A renamed client keeps its live name, its ids and its secret; a notice says so."""
    fleet.want("acme/New", sinks=("state",))
    entry = fleet.know("acme/Old", sinks=("state",))
    fleet.terms["moved"] = moves(("acme/Old", "acme/New"))
    state, (notice,) = apply_moves(fleet.state, fleet.desired)
    assert state.clients == {Address("acme", "New"): entry}
    assert (notice.code, notice.place) == ("moved", SourceLocation("m.yaml", 1, 3))
    assert notice.message == "1 client of acme/Old is now of acme/New"
    assert fleet.plan().notices[0] == notice


def test_an_instance_moves_with_all_its_clients(fleet: "Fleet") -> None:
    """A renamed instance with the same domain needs no new client."""
    fleet.instance("new", domain="acme.domo.com")
    for name in ("A", "B"):
        fleet.want(f"new/{name}")
        fleet.know(f"acme/{name}")
    fleet.know("other/C")
    fleet.terms["moved"] = moves(("acme", "new"))
    state, (notice,) = apply_moves(fleet.state, fleet.desired)
    assert sorted(str(each) for each in state.clients) == ["new/A", "new/B", "other/C"]
    assert notice.message == "2 clients of acme are now of new"
    assert not any(each.kind.makes for each in fleet.plan().actions)
    assert fleet.plan().problems == ()


def test_a_circle_of_moves_is_a_problem(fleet: "Fleet") -> None:
    """An exchange of two names would cost both secrets if it were quietly left undone."""
    for name in ("A", "B"):
        fleet.both(f"acme/{name}")
    fleet.terms["moved"] = moves(("acme/A", "acme/B"), ("acme/B", "acme/A"))
    plan = fleet.plan()
    (problem,) = plan.problems
    assert (problem.code, problem.override) == ("moved", None)
    assert problem.message.endswith("nothing was moved: acme/A, acme/B")


def test_a_domain_moves_in_place(fleet: "Fleet") -> None:
    """A renamed domain is rewritten in each entry, whatever its case."""
    fleet.want("acme/A")
    fleet.know("acme/A", domain="OLD.domo.com")
    fleet.terms["moved"] = moves(("old.domo.com", "acme.domo.com"))
    state, (notice,) = apply_moves(fleet.state, fleet.desired)
    assert [each.domain for each in state.clients.values()] == ["acme.domo.com"]
    assert notice.message == "1 client of old.domo.com is now of acme.domo.com"
    assert fleet.codes() == (["moved"], [])


def test_moving_again_changes_nothing(fleet: "Fleet") -> None:
    """A move that was carried out is as good as none, and the state is the same object."""
    fleet.know("acme/Old")
    fleet.terms["moved"] = moves(("acme/Old", "acme/New"))
    once, _ = apply_moves(fleet.state, fleet.desired)
    again, notices = apply_moves(once, fleet.desired)
    assert (again is once, notices) == (True, ())


@pytest.mark.parametrize(
    ("pairs", "there"),
    [
        ((("a/X", "a/Y"), ("a/Y", "a/Z")), "a/Z"),
        ((("a/Y", "a/Z"), ("a/X", "a/Y")), "a/Z"),
        ((("a", "b"), ("b", "c")), "c/X"),
        ((("a", "b"), ("b/X", "b/Y")), "b/Y"),
        ((("a/X", "a/Y"), ("a", "b")), "b/Y"),
        ((("a/X", "a/Y"), ("a/Y", "a/X")), "a/X"),
        ((("a/X", "b/X/Y"),), "b/X/Y"),
        ((("other", "b"),), "a/X"),
    ],
)
def test_chains_are_followed_and_circles_are_not(
    pairs: tuple[tuple[str, str], ...], there: str, fleet: "Fleet"
) -> None:
    """Moves of several changes add up, in whatever order they are written."""
    fleet.know("a/X")
    fleet.terms["moved"] = moves(*pairs)
    assert keys(fleet) == [there]


def test_domains_move_along_a_chain_but_not_in_a_circle(fleet: "Fleet") -> None:
    """A domain that was renamed twice is followed; two that change places are not."""
    fleet.know("a/X", domain="one.domo.com")
    fleet.know("b/X", domain="x.domo.com")
    fleet.terms["moved"] = moves(
        ("one.domo.com", "two.domo.com"),
        ("two.domo.com", "three.domo.com"),
        ("x.domo.com", "y.domo.com"),
        ("y.domo.com", "x.domo.com"),
    )
    state, notices = apply_moves(fleet.state, fleet.desired)
    assert [each.domain for each in state.clients.values()] == ["three.domo.com", "x.domo.com"]
    assert len(notices) == 1


def test_a_move_to_a_taken_address_is_a_problem(fleet: "Fleet") -> None:
    """Neither entry is lost: both stay where they are, and the plan says so."""
    fleet.both("acme/New")
    fleet.know("acme/Old", on_remove="keep")
    fleet.terms["moved"] = moves(("acme/Old", "acme/New"))
    assert keys(fleet) == ["acme/New", "acme/Old"]
    (problem,) = fleet.plan().problems
    assert (problem.code, problem.address) == ("moved", Address("acme", "Old"))
    assert "acme/New" in problem.message


def test_two_moves_to_one_address_leave_both(fleet: "Fleet") -> None:
    """Two clients cannot become one."""
    fleet.know("acme/A")
    fleet.know("acme/B")
    fleet.terms["moved"] = moves(("acme/A", "acme/C"), ("acme/B", "acme/C"))
    assert keys(fleet) == ["acme/A", "acme/B"]
    assert fleet.codes()[1].count("moved") == 2


def test_a_client_that_left_by_a_move_is_not_revoked(fleet: "Fleet") -> None:
    """A rename alone ends nothing and makes nothing."""
    fleet.want("acme/New", sinks=("state",))
    fleet.know("acme/Old", sinks=("state",), on_remove="revoke", live_name="Old", delivered={})
    fleet.terms["moved"] = moves(("acme/Old", "acme/New"))
    kinds = [each.kind for each in fleet.plan(available_secrets=frozenset({"id-old"})).actions]
    assert kinds == [Kind.DELIVER]
