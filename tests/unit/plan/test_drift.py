"""What drifted, and nothing that would be done about it."""

from typing import TYPE_CHECKING, Any

import pytest

from reconciler.plan.render.html import render_html
from reconciler.plan.render.markdown import render_markdown
from reconciler.plan.render.text import render_text

if TYPE_CHECKING:
    from reconciler.plan.action import Plan
    from reconciler.state.model import Retiring
    from tests.unit.plan.conftest import Fleet, Lists


@pytest.fixture
def drifted(fleet: "Fleet", lists: "Lists") -> "Plan":
    """Return what is seen where one client is as it was, and everything else is not."""
    fleet.both("acme/Calm")
    fleet.both("acme/Gone")
    fleet.both("acme/Wider", "data")
    fleet.want("acme/Taken")
    fleet.want("acme/New")
    lists.show("acme/Calm")
    lists.show("acme/Wider", "data", "user")
    lists.show("acme/Taken")
    lists.show("acme/Lost", ours=True, client_id="id-lost")
    return seen(fleet, lists)


def seen(fleet: "Fleet", lists: "Lists", **terms: Any) -> "Plan":
    """Return the plan that only looks."""
    return fleet.plan(observation=lists.observation, drift_only=True, **terms)


def test_every_kind_of_drift_is_counted(drifted: "Plan") -> None:
    """Gone, changed, taken by somebody else, ours and unknown; what is to be made is none."""
    assert drifted.drift == {"gone": 1, "changed": 1, "conflict": 1, "orphan": 1}
    assert (drifted.actions, drifted.problems, drifted.unchanged) == ((), (), 1)
    found = {each.code: str(each.address or each.names) for each in drifted.notices}
    assert found == {
        "changed": "acme/Wider",
        "conflict": "acme/Taken",
        "gone": "acme/Gone",
        "orphan": "('reconciler destroy acme/Lost --client-id id-lost',)",
        "unmanaged": "('Taken',)",
    }


def test_drift_is_said_in_every_format(drifted: "Plan") -> None:
    """The last line, the comment's title and the page's say how much; the notices say what."""
    counts = "1 client gone, 1 changed, 1 of a wanted name made elsewhere,"
    text, markdown = render_text(drifted), render_markdown(drifted)
    assert text.splitlines()[-1].startswith(f"Drift: {counts}")
    assert "acme/Wider: its scope is data user at Domo, not data" in text
    assert f"### domo-reconciler drift: {counts}" in markdown
    assert "<details open>" in markdown
    assert f"Drift: {counts}" in render_html(drifted)


def test_without_drift_nothing_changed(fleet: "Fleet", lists: "Lists") -> None:
    """What the manifest wants beyond the state is for a plan to say."""
    fleet.both("acme/Calm")
    fleet.want("acme/New")
    lists.show("acme/Calm")
    plan = seen(fleet, lists)
    assert not any((plan.drift or {"": 1}).values())
    assert render_text(plan).splitlines()[-1].startswith("No changes.")
    assert "### domo-reconciler: no drift" in render_markdown(plan)


def test_a_predecessor_that_is_gone_is_told(
    fleet: "Fleet", lists: "Lists", predecessor: "Retiring"
) -> None:
    """Somebody was quicker than the overlap: whoever had the old secret has none now."""
    fleet.both("acme/Reporting", live_name="Reporting (2)", retiring=(predecessor,))
    lists.show("acme/Reporting (2)", client_id="id-reporting")
    (found,) = seen(fleet, lists).notices
    assert (found.code, found.message) == ("gone", "its predecessor `Reporting` is gone")
