"""What becomes of each client on each instance."""

from typing import TYPE_CHECKING

from reconciler.model.secret import Secret
from reconciler.model.source_location import SourceLocation
from reconciler.plan.render.fleet_table import COLUMNS, create_table
from reconciler.plan.selection import Selection
from reconciler.state.model import Plain

if TYPE_CHECKING:
    from reconciler.state.model import Retiring
    from tests.unit.plan.conftest import Fleet, Lists


def test_a_cell_of_every_kind(fleet: "Fleet", predecessor: "Retiring") -> None:
    """Each address has the sign of what is planned for it, or of why nothing is."""
    fleet.want("a/Created")
    fleet.want("a/Replaced", "user")
    fleet.know("a/Replaced", "data")
    fleet.want("a/Rotated")
    fleet.know("a/Rotated", delivered={})
    fleet.want("a/Waiting")
    fleet.know("a/Waiting", delivered={}, secret=Plain(secret=Secret("s")))
    fleet.know("a/Revoked", on_remove="revoke")
    fleet.know("a/Forgotten", on_remove="forget")
    fleet.know("a/Kept")
    fleet.both("a/Over", retiring=(predecessor,))
    fleet.want("a/Protected", "user", protect=True)
    fleet.know("a/Protected", "data")
    fleet.both("a/Same")
    fleet.both("b/Same")
    matrix = create_table(fleet.desired, fleet.plan())
    assert matrix.instances == ("a", "b")
    assert dict(zip(matrix.clients, matrix.rows[0], strict=True)) == {
        "Same": "=",
        "Created": "+",
        "Forgotten": "!",
        "Kept": "k",
        "Over": "o",
        "Protected": "?",
        "Replaced": "~",
        "Revoked": "-",
        "Rotated": "r",
        "Waiting": "d",
    }
    assert matrix.clients[-2:] == ("Same", "Kept")
    assert matrix.rows[1] == "........=."
    assert (matrix.others, matrix.left_out) == ((0, 0), 0)


def test_an_instance_that_is_held_up_is_so_as_a_whole(fleet: "Fleet") -> None:
    """Nothing is looked at where the domain has changed."""
    fleet.instance("a", domain="other.domo.com", place=SourceLocation("m.yaml", 5, 3))
    fleet.both("a/Same")
    fleet.both("b/Same")
    assert create_table(fleet.desired, fleet.plan()).rows == ("?", "=")


def test_a_conflict_is_held_up(fleet: "Fleet", lists: "Lists") -> None:
    """Somebody else's client of a wanted name stands in the way."""
    fleet.want("a/Taken")
    fleet.both("a/Same")
    lists.show("a/Taken")
    lists.show("a/Same", ours=True, id=1000)
    plan = fleet.plan(observation=lists.observation)
    matrix = create_table(fleet.desired, plan)
    assert dict(zip(matrix.clients, matrix.rows[0], strict=True))["Taken"] == "?"


def test_only_what_was_selected_is_in_it(fleet: "Fleet") -> None:
    """A plan of a part of the fleet is a table of that part."""
    fleet.instance("b", labels={"env": "prod"})
    for text in ("a/X", "a/Y", "b/X", "b/Y"):
        fleet.want(text)
    chosen = Selection(targets=("*/X",))
    matrix = create_table(fleet.desired, fleet.plan(selection=chosen))
    assert (matrix.clients, matrix.rows) == (("X",), ("+", "+"))
    chosen = Selection(labels={"env": "prod"})
    assert create_table(fleet.desired, fleet.plan(selection=chosen)).instances == ("b",)


def test_rare_names_are_counted_and_have_no_column(fleet: "Fleet") -> None:
    """A fleet of endless names stays a table: the most common have columns."""
    for number in range(COLUMNS + 20):
        fleet.want(f"a/Own {number:03}")
    for key in ("a", "b"):
        fleet.want(f"{key}/Common")
    matrix = create_table(fleet.desired, fleet.plan())
    assert len(matrix.clients) == COLUMNS
    assert matrix.clients[0] == "Common"
    assert (matrix.others, matrix.left_out) == ((21, 0), 21)
