"""The plan's id: what it covers, and what it does not."""

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reconciler.credentials.references import EnvRef
from reconciler.model.auth import TokenAuth
from reconciler.model.instance import Endpoints
from reconciler.model.source_location import SourceLocation
from reconciler.plan.selection import Selection
from reconciler.sinks.definitions import FileSink

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.plan.conftest import Fleet


@pytest.fixture
def two(fleet: "Fleet") -> "Fleet":
    """Return a fleet with a change on each of two instances."""
    fleet.want("acme/Reporting")
    fleet.want("globex/Reporting", "user")
    fleet.know("globex/Reporting", "data")
    return fleet


def instance(**terms: object) -> "Callable[[Fleet], None]":
    """Return a change of acme."""

    def change(fleet: "Fleet") -> None:
        fleet.instances["acme"] = replace(fleet.instances["acme"], **terms)  # type: ignore[arg-type]  # fields by name

    return change


CHANGES: "dict[str, Callable[[Fleet], object]]" = {
    "another client": lambda fleet: fleet.want("acme/Else"),
    "scope": lambda fleet: fleet.want("acme/Reporting", "user"),
    "description": lambda fleet: fleet.want("acme/Reporting", description="New"),
    "sinks": lambda fleet: fleet.want("acme/Reporting", sinks=("vault",)),
    "a sink's definition": lambda fleet: fleet.terms.update(
        sinks={"files": FileSink(name="files", path="elsewhere/{instance}/{client_slug}")}
    ),
    "domain": instance(domain="else.domo.com"),
    "endpoints": instance(endpoints=Endpoints(api="http://a", instance="http://b")),
    "credential reference": instance(auth=TokenAuth(token=EnvRef(name="TOKEN"))),
    "labels": instance(labels={"team": "x"}),
    "recipients": lambda fleet: fleet.terms.update(recipients=("age1x",)),
    "mark": lambda fleet: fleet.terms.update(mark=False),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_part_covers_what_is_done_and_talked_to(name: str, two: "Fleet") -> None:
    """Each of these changes the instance's part, and so the whole."""
    before = two.plan()
    CHANGES[name](two)
    after = two.plan()
    assert before.parts["acme"] != after.parts["acme"]
    assert before.id != after.id


def test_a_part_is_of_one_instance(two: "Fleet") -> None:
    """A change on one instance leaves the other's part as it is."""
    before = two.plan()
    CHANGES["scope"](two)
    assert before.parts["globex"] == two.plan().parts["globex"]


def test_a_part_covers_the_client_that_is_acted_on(two: "Fleet") -> None:
    """Another client id, live name or overlap is another plan."""
    parts = {two.plan().parts["globex"]}
    two.know("globex/Reporting", "data", client_id="id-else")
    parts.add(two.plan().parts["globex"])
    two.know("globex/Reporting", "data", live_name="Reporting (2)")
    parts.add(two.plan().parts["globex"])
    two.want("globex/Reporting", "user", overlap=60.0)
    parts.add(two.plan().parts["globex"])
    assert len(parts) == 4


def test_what_is_only_said_is_not_covered(two: "Fleet") -> None:
    """A moved line, an unused sink and a client with nothing to do change no id."""
    before = two.plan()
    two.want("acme/Reporting", place=SourceLocation("other.yaml", 99, 1))
    two.instance("acme", place=SourceLocation("other.yaml", 98, 1))
    two.both("initech/Reporting")
    assert two.plan().id == before.id


def test_a_part_does_not_depend_on_the_selection(two: "Fleet") -> None:
    """A plan of one instance has the same part as one of the fleet, and another id."""
    whole = two.plan()
    part = two.plan(selection=Selection(targets=("acme",)))
    assert part.parts == {"acme": whole.parts["acme"]}
    assert part.id != whole.id


def test_an_instance_that_left_has_a_part_too(fleet: "Fleet") -> None:
    """What is to be forgotten needs no definition."""
    fleet.instance("acme", auth=None)
    fleet.know("gone/A", on_remove="forget")
    fleet.know("acme/A", on_remove="forget")
    assert sorted(fleet.plan().parts) == ["acme", "gone"]
