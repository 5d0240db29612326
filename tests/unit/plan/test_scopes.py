"""Scopes: compared without case, and what follows if an instance lists another one."""

from typing import Any

import pytest

from reconciler.model.scope import canonical, is_same
from reconciler.plan.action import Kind


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (("USER", "data", "Data"), ("data", "user")),
        (("dataSet", "DATASET"), ("dataSet",)),
        (("b", "A"), ("A", "b")),
    ],
)
def test_canonical_ignores_case_and_keeps_an_unknown_spelling(
    given: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    """A known scope has Domo's spelling; one that Domo may add keeps the first spelling."""
    assert canonical(given) == expected
    assert is_same(given, expected)


def test_a_state_that_differs_in_case_is_unchanged(fleet: Any) -> None:
    """Neither an offline plan nor one with a refresh replaces the client."""
    fleet.want("acme/A", "cardSet", "data")
    fleet.know("acme/A", "CARDSET", "Data")
    assert fleet.kinds() == []


def test_a_list_that_differs_in_case_is_no_drift(fleet: Any, lists: Any) -> None:
    """The case of a scope means nothing."""
    fleet.both("acme/A", "cardSet", "data")
    lists.show("acme/A", "CardSet", "DATA")
    assert fleet.kinds(observation=lists.observation) == []
    assert fleet.codes(observation=lists.observation) == ([], [])
    assert not any(fleet.plan(observation=lists.observation, drift_only=True).drift.values())


def test_a_scope_that_the_instance_added_is_drift_and_costs_no_secret(
    fleet: Any, lists: Any
) -> None:
    """A new client would get the same scope added."""
    fleet.both("acme/A", "data")
    lists.show("acme/A", "data", "buzz")
    plan = fleet.plan(observation=lists.observation)
    assert (plan.actions, plan.unchanged) == ((), 1)
    (notice,) = plan.notices
    assert (notice.code, str(notice.address)) == ("changed", "acme/A")
    assert "its scope is buzz data at Domo, not data" in notice.message
    assert fleet.plan(observation=lists.observation, drift_only=True).drift["changed"] == 1


def test_a_scope_that_the_instance_never_stored_costs_no_secret(fleet: Any, lists: Any) -> None:
    """The list has not changed since the create; a client that lost one more is replaced."""
    fleet.want("acme/A", "data", "user", "workflow")
    fleet.know("acme/A", "data", "user", "workflow", live_scope=("data", "user"))
    lists.show("acme/A", "data", "user")
    assert fleet.kinds(observation=lists.observation) == []
    assert fleet.codes(observation=lists.observation) == (["changed"], [])
    lists.seen.clear()
    lists.show("acme/A", "data")
    assert fleet.kinds(observation=lists.observation) == [(Kind.REPLACE, "A (2)")]


def test_a_scope_that_the_manifest_changes_replaces_the_client(fleet: Any, lists: Any) -> None:
    """What the instance added does not hide a change of the manifest."""
    fleet.want("acme/A", "user")
    fleet.know("acme/A", "data", "user", live_scope=("buzz", "data", "user"))
    lists.show("acme/A", "buzz", "data", "user")
    assert fleet.kinds(observation=lists.observation) == [(Kind.REPLACE, "A (2)")]
