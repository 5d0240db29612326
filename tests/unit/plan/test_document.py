"""A plan as JSON: its schema, its bytes, and the way back."""

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from jsonschema import Draft202012Validator

from reconciler.model.address import Address
from reconciler.model.errors import PlanRefused
from reconciler.model.instance import Endpoints
from reconciler.model.manifest import CountOrPercent, Limits
from reconciler.model.secret import Secret
from reconciler.plan.document import read_document
from reconciler.plan.render.json import render_json
from reconciler.plan.request import create_request
from reconciler.state.model import Plain

if TYPE_CHECKING:
    from reconciler.plan.action import Plan
    from tests.unit.plan.conftest import Fleet

SCHEMA = Path(__file__).parents[3] / "schemas" / "plan.v1.schema.json"


@pytest.fixture
def full(fleet: "Fleet") -> "Plan":
    """Return a plan with every kind of thing in it."""
    fleet.terms["limits"] = Limits(max_create=CountOrPercent(number=0))
    local = Endpoints(api="http://127.0.0.1:1/api", instance="http://127.0.0.1:1/acme")
    fleet.instance("acme", endpoints=local, foreign=True)
    fleet.want("acme/Créé", "data", "user", client_set="base", description="Nightly")
    fleet.want("acme/Replaced", "user")
    fleet.know("acme/Replaced", "data")
    fleet.want("acme/Lost")
    fleet.know("acme/Lost", delivered={})
    fleet.want("acme/Waiting")
    fleet.know("acme/Waiting", delivered={}, secret=Plain(secret=Secret("s3cret-s3cret")))
    fleet.know("acme/Revoked", on_remove="revoke")
    fleet.know("acme/Forgotten", on_remove="forget")
    fleet.know("acme/Kept")
    fleet.want("acme/Described", description="New")
    fleet.know("acme/Described")
    fleet.want("acme/Guarded", "user", protect=True)
    fleet.know("acme/Guarded", "data")
    return fleet.plan()


def test_the_document_is_as_its_schema_says(full: "Plan") -> None:
    """Every kind of action, notice and problem validates, and the schema itself is right."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    document = json.loads(render_json(full))
    assert {each["action"] for each in document["actions"]} == {
        "create",
        "replace",
        "rotate",
        "deliver",
        "revoke",
        "forget",
    }
    assert (len(document["notices"]), len(document["problems"])) == (2, 2)
    assert list(Draft202012Validator(schema).iter_errors(document)) == []


def test_every_key_of_the_schema_is_described() -> None:
    """The schema is the reference: each property and definition says what it is."""

    def undescribed(node: Any, path: str) -> list[str]:
        if not isinstance(node, dict):
            return []
        named = {**node.get("properties", {}), **node.get("$defs", {})}
        here = [f"{path}/{key}" for key, each in named.items() if not each.get("description")]
        loose = [path] if "properties" in node and node.get("additionalProperties") else []
        return [
            *here,
            *loose,
            *(found for key, each in named.items() for found in undescribed(each, f"{path}/{key}")),
        ]

    assert undescribed(json.loads(SCHEMA.read_text(encoding="utf-8")), "") == []


def test_a_document_is_read_back_whole(full: "Plan") -> None:
    """What was written is what is read, but for what only the text format needs."""
    again = read_document(render_json(full))
    for name in ("id", "as_of", "actions", "notices", "problems", "parts", "endpoints"):
        assert getattr(again, name) == getattr(full, name)
    assert (again.unchanged, again.managed, again.instances) == (1, 8, 1)
    assert render_json(again) == render_json(full)


def test_no_secret_is_in_a_plan(full: "Plan") -> None:
    """A secret that waits for its sink is not in the document that says so."""
    assert b"s3cret" not in render_json(full)


def test_the_counts_are_those_of_the_actions(full: "Plan") -> None:
    """The summary has one count for each kind, and those of the fleet."""
    assert json.loads(render_json(full))["summary"] == {
        "revoke": 1,
        "replace": 1,
        "rotate": 1,
        "create": 1,
        "deliver": 1,
        "forget": 1,
        "move": 0,
        "unchanged": 1,
        "instances": 1,
        "managed": 8,
    }


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "not JSON"),
        (b'{"format": "reconciler.plan", "ver', "not JSON"),
        (b"[]", "not a plan"),
        (b'{"format": "else"}', "not a plan"),
        (b'{"format": "reconciler.plan", "version": 2}', "version 2"),
        (b'{"format": "reconciler.plan", "version": 1}', "plan_id: this key is missing"),
    ],
)
def test_what_is_no_plan_is_refused(data: bytes, why: str) -> None:
    """The message says what is wrong with the file, the hint how to make another."""
    with pytest.raises(PlanRefused, match=why) as caught:
        read_document(data)
    assert caught.value.hint is not None


def changed(plan: "Plan", path: tuple[str | int, ...], value: object) -> dict[str, Any]:
    """Return a plan's document with another value at a path."""
    document: dict[str, Any] = orjson.loads(render_json(plan))
    place: Any = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return document


@pytest.mark.parametrize(
    ("path", "value", "why"),
    [
        (("plan_id",), "0" * 64, "plan id"),
        (("plan_id",), 7, "plan_id: a text is expected, not a number"),
        (("actions", 0, "timed"), True, "plan id"),
        (("refreshed",), "no", "refreshed: true or false is expected"),
        (("actions",), 5, "actions: a list is expected"),
        (("actions", 0, "action"), "destroy", r"actions\[0\].action: one of revoke"),
        (("actions", 0, "scope"), "data", r"actions\[0\].scope: a list"),
        (("actions", 0, "client_id"), 5, r"actions\[0\].client_id: a text or null"),
        (("notices", 0, "address"), "nowhere", r"notices\[0\].address: an address such as"),
        (("summary", "managed"), True, "summary.managed: a whole number"),
        (("parts",), [], "parts: an object is expected"),
        (("endpoints",), {"http://a": "acme"}, 'endpoints."http://a": a list'),
    ],
)
def test_a_plan_that_was_changed_by_hand_is_refused(
    path: tuple[str | int, ...], value: object, why: str, full: "Plan"
) -> None:
    """A wrong type anywhere, or an id that does not belong to the parts, is refused in words."""
    document = changed(full, path, value)
    if why == "plan id":  # somebody who knows how may give it a checksum that fits
        del document["checksum"]
        said = orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
        document["checksum"] = sha256(said).hexdigest()
    with pytest.raises(PlanRefused, match=why):
        read_document(orjson.dumps(document))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("actions", 0, "address"), "acme/Else"),
        (("actions", 0, "reason"), "nothing to see"),
        (("summary", "create"), 0),
        (("notices",), []),
        (("endpoints",), {}),
    ],
)
def test_what_only_a_reader_sees_cannot_be_changed_either(
    path: tuple[str | int, ...], value: object, full: "Plan"
) -> None:
    """A saved plan that shows less than it does is refused, and `show` with it."""
    document = changed(full, path, value)
    with pytest.raises(PlanRefused, match="changed since it was saved"):
        read_document(orjson.dumps(document))


def test_a_wish_is_read_back(fleet: "Fleet") -> None:
    """A saved rotation or end is of the same clients when it is made again."""
    fleet.both("acme/Reporting")
    fleet.both("acme/Sync")
    address = Address("acme", "Reporting")
    asked = create_request("rotate", fleet.known, fleet.state, now={address})
    plan = replace(fleet.plan(rotations=asked.rotations(fleet.state)), wish=asked)
    data = render_json(plan)
    Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8"))).validate(json.loads(data))
    assert read_document(data).wish == asked
    assert [asked.clients[each] for each in sorted(asked.clients)] == ["id-reporting", None]
    changed = orjson.dumps({**json.loads(data), "selection": {"targets": [], "labels": {}}})
    with pytest.raises(PlanRefused, match="excludes: this key is missing"):
        read_document(changed)
    with pytest.raises(PlanRefused, match="one of rotate, revoke"):
        read_document(
            data.replace(b'"action": "rotate",\n      "clients"', b'"action": "x", "clients"')
        )


def test_accepted_instances_are_read_back(fleet: "Fleet") -> None:
    """Apply believes the same lists as the plan that was reviewed."""
    fleet.want("acme/Reporting")
    plan = fleet.plan(accept_missing=frozenset({"globex", "acme"}))
    assert read_document(render_json(plan)).accept_missing == ("acme", "globex")
