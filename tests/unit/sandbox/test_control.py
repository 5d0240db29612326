"""The control API: what a test sees, and does behind a client's back."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from reconciler.sandbox.control import control
from reconciler.sandbox.http_types import Request, Response

Make = Callable[..., Any]
DOMAIN = "acme.domo.com"
KEY = {"x-domo-developer-token": "key"}
LIST = f"/instances/{DOMAIN}/api/identity/v1/developer-tokens"


def told(desk: Any, method: str, path: str, document: Any = None, **query: str) -> Response:
    """Send one control request."""
    body = b"" if document is None else json.dumps(document).encode()
    request = Request(method=method, path=f"/control/{path}", query=query, body=body)
    return control(desk.world, request, desk.now)


def seen(desk: Any, path: str, **query: str) -> Any:
    """Return what a control request shows."""
    response = told(desk, "GET", path, **query)
    assert response.status == 200
    return json.loads(response.body)


def test_the_state_shows_what_is_and_what_was(desk: Make) -> None:
    """A judge needs secrets, owners, the order of creates and revokes, and sign-ins."""
    world = desk()
    first = json.loads(world.create_on_instance(KEY, "first").body)
    world.create_on_instance(KEY, "second")
    world.sign_in(first["clientId"], first["clientSecret"])
    world.ask("DELETE", f"{LIST}/{first['id']}", headers=KEY)
    state = seen(world, "state")
    instance = state["instances"][DOMAIN]
    assert state["requests"] == 4
    assert instance["counts"] == {"create_on_instance": 2, "token": 1, "revoke": 1}
    assert [(each["name"], each["order"], each["sign_ins"]) for each in instance["clients"]] == [
        ("second", 2, 0)
    ]
    (gone,) = instance["revoked"]
    assert gone["client_secret"] == first["clientSecret"]
    assert (gone["order"], gone["revoked"], gone["revoked_by"], gone["sign_ins"]) == (
        1,
        3,
        "revoke",
        1,
    )


def test_the_state_can_show_one_instance(desk: Make) -> None:
    """A fleet's whole state is large."""
    assert list(seen(desk(), "state", instance=DOMAIN)["instances"]) == [DOMAIN]


def test_the_log_can_be_read_in_parts(desk: Make) -> None:
    """By number, route and instance."""
    world = desk()
    world.create_on_instance(KEY, "first")
    world.list(KEY)
    world.ask("GET", "/nowhere")
    assert [each["number"] for each in seen(world, "requests")] == [1, 2, 3]
    assert [each["number"] for each in seen(world, "requests", after="1")] == [2, 3]
    assert [each["number"] for each in seen(world, "requests", route="create*")] == [1]
    assert [each["number"] for each in seen(world, "requests", instance="acme.*")] == [1, 2]


def test_faults_are_added_shown_and_cleared(desk: Make) -> None:
    """One, or a list."""
    world = desk()
    assert told(world, "POST", "faults", {"what": "error_before"}).status == 204
    assert told(world, "POST", "faults", [{"what": "hang"}, {"what": "huge"}]).status == 204
    world.list(KEY)
    shown = [
        (each["fault"]["what"], each["seen"], each["struck"]) for each in seen(world, "faults")
    ]
    assert shown == [("error_before", 1, 1), ("hang", 1, 0), ("huge", 1, 0)]
    assert told(world, "DELETE", "faults").status == 204
    assert seen(world, "faults") == []


def test_a_wrong_fault_among_right_ones_adds_none(desk: Make) -> None:
    """All are checked before the first is put in force."""
    world = desk()
    assert told(world, "POST", "faults", [{"what": "hang"}, {"what": "explode"}]).status == 400
    assert seen(world, "faults") == []


def test_a_stranger_makes_a_client(desk: Make) -> None:
    """Administrators see it; it belongs to nobody who signs on."""
    world = desk()
    document = {"instance": DOMAIN, "name": "Theirs", "scope": ["data"]}
    made = json.loads(told(world, "POST", "clients", document).body)
    assert made["owner"] == world.world.known(DOMAIN).stranger
    assert [each["name"] for each in world.list(KEY)] == ["Theirs"]
    assert world.list({"x-domo-developer-token": "joes-key"}) == []
    assert told(world, "POST", "clients", document).status == 400


def test_a_client_can_be_made_for_somebody(desk: Make) -> None:
    """By e-mail address."""
    world = desk()
    document = {"instance": DOMAIN, "name": "x", "scope": ["data"], "owner": "joe@acme.example"}
    assert told(world, "POST", "clients", document).status == 201
    assert len(world.list({"x-domo-developer-token": "joes-key"})) == 1


def test_somebody_else_revokes_clients(desk: Make) -> None:
    """One by its name, or all."""
    clients = [{"name": name, "scope": ["data"]} for name in ("a", "b", "c")]
    world = desk(clients=clients)
    assert told(world, "DELETE", "clients", instance=DOMAIN, name="b").status == 204
    assert [each["name"] for each in world.list(KEY)] == ["a", "c"]
    assert told(world, "DELETE", "clients", instance=DOMAIN, name="b").status == 400
    assert told(world, "DELETE", "clients", instance=DOMAIN).status == 204
    assert world.list(KEY) == []
    assert [
        each["revoked_by"] for each in seen(world, "state")["instances"][DOMAIN]["revoked"]
    ] == ["control"] * 3


def test_an_instance_changes_while_it_runs(desk: Make) -> None:
    """Rules, users and tokens; sessions end on request."""
    world = desk()
    session = world.session()
    changes = {"list_shape": "entries", "tokens": {"new": "ops@acme.example"}, "end_sessions": True}
    assert told(world, "PATCH", f"instances/{DOMAIN}", changes).status == 204
    assert world.ask("GET", LIST, headers=KEY).status == 401
    assert world.ask("GET", LIST, headers=session).status == 401
    assert world.list({"x-domo-developer-token": "new"}) == {"entries": []}


def test_ending_sessions_spares_other_instances(desk: Make) -> None:
    """Only those of the instance end."""
    world = desk()
    session = world.session()
    assert told(world, "PATCH", "instances/other.domo.com", {"end_sessions": True}).status == 204
    assert world.create(session).status == 201


def test_the_pace_changes_while_it_runs(desk: Make) -> None:
    """What is not named stays."""
    world = desk()
    assert told(world, "PATCH", "world", {"latency": 0.5}).status == 204
    assert told(world, "PATCH", "world", {"jitter": 0.1}).status == 204
    assert (world.world.latency, world.world.jitter) == (0.5, 0.1)


def test_a_reset_takes_another_config(desk: Make) -> None:
    """Or the first one, where there is no body."""
    world = desk()
    world.create_on_instance(KEY, "ETL")
    assert told(world, "POST", "reset").status == 204
    assert world.list(KEY) == []
    assert told(world, "POST", "reset", {"instances": {"new.domo.com": {}}}).status == 204
    assert list(world.world.instances) == ["new.domo.com"]


@pytest.mark.parametrize(
    ("method", "path", "document", "said"),
    [
        ("POST", "faults", None, "an object is expected, not null"),
        ("POST", "clients", {"name": "a", "scope": ["data"]}, "no instance ``"),
        ("PATCH", "instances/nobody.domo.com", {}, "no instance `nobody.domo.com`"),
        ("PATCH", f"instances/{DOMAIN}", {"speed": 1}, "speed: there is no such key"),
        ("PATCH", "world", {"seed": 1}, "seed: there is no such key"),
        ("POST", "reset", [], "an object is expected, not a list"),
        ("DELETE", "clients", None, "no instance ``"),
    ],
)
def test_a_mistake_is_said(desk: Make, method: str, path: str, document: Any, said: str) -> None:
    """The control API helps, unlike Domo."""
    response = told(desk(), method, path, document)
    assert response.status == 400
    assert said in json.loads(response.body)["error"]


def test_there_is_no_other_control(desk: Make) -> None:
    """A misspelt path is an error, not a silent success."""
    assert told(desk(), "POST", "fault", {"what": "hang"}).status == 404
    assert told(desk(), "GET", "requests", after="x").status == 400
