"""The plan's id and the day: the id covers the as-of only if an action depends on time."""

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import orjson

from reconciler.plan.document import read_document
from reconciler.plan.render.json import render_json
from reconciler.state.model import SinkDelivery

if TYPE_CHECKING:
    from reconciler.state.model import Retiring
    from tests.unit.plan.conftest import Fleet

TODAY: Final = "2026-12-31T00:00:00Z"
TOMORROW: Final = "2027-01-01T00:00:00Z"


def test_an_id_without_a_timed_action_is_the_same_tomorrow(fleet: "Fleet") -> None:
    """A create and a replacement follow from manifest and state alone."""
    fleet.want("acme/New")
    fleet.want("acme/Changed", "user")
    fleet.know("acme/Changed", "data")
    assert fleet.plan(as_of=TODAY).id == fleet.plan(as_of=TOMORROW).id


def test_an_id_with_an_aged_client_covers_the_day(fleet: "Fleet") -> None:
    """A rotation by age was decided at one instant, and its id belongs to that instant."""
    fleet.want("acme/Old", rotate_after=86400.0)
    fleet.know("acme/Old")
    today, tomorrow = fleet.plan(as_of=TODAY), fleet.plan(as_of=TOMORROW)
    assert today.actions == tomorrow.actions
    assert today.id != tomorrow.id


def test_an_id_with_an_ended_overlap_covers_the_day(
    fleet: "Fleet", overlapping: "Retiring"
) -> None:
    """The revoke of a predecessor whose overlap is over depends on the instant."""
    at = SinkDelivery(target="json file secrets/acme/reporting.json", at="2026-01-01T00:00:00Z")
    for old, same in ((overlapping, False), (replace(overlapping, overlap=0.0), True)):
        fleet.want("acme/Reporting")
        fleet.know("acme/Reporting", retiring=(old,), delivered={"files": at})
        ids = {fleet.plan(as_of=each).id for each in (TODAY, TOMORROW)}
        assert (len(ids) == 1) is same


def test_a_plan_saved_by_an_earlier_version_keeps_its_id(fleet: "Fleet") -> None:
    """Without `timed` the id covers the as-of, as it always did before."""
    from hashlib import sha256

    from reconciler.plan.plan_id import plan_digest

    fleet.want("acme/New")
    plan = fleet.plan()
    document = orjson.loads(render_json(plan))
    for action in document["actions"]:
        del action["timed"]
    document["plan_id"] = plan_digest(plan.parts, as_of=plan.as_of, refreshed=False)
    del document["checksum"]
    body = orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
    document["checksum"] = sha256(body).hexdigest()
    assert read_document(orjson.dumps(document)).id == document["plan_id"]
