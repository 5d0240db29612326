"""Clients: sections 2 to 6 of the wire contract."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from reconciler.sandbox.control import control
from reconciler.sandbox.http_types import Request

Make = Callable[..., Any]
LIST = "/instances/acme.domo.com/api/identity/v1/developer-tokens"
KEY = {"x-domo-developer-token": "key"}
JOE = {"x-domo-developer-token": "joes-key"}


def test_a_create_with_a_session_says_the_secret(desk: Make) -> None:
    """3a: the answer has snake case, one `scope` and no numeric id."""
    world = desk()
    response = world.create(world.session(), "ETL", description="Nightly", scope=["data", "user"])
    made = json.loads(response.body)
    assert response.status == 201
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", made.pop("client_id"))
    assert re.fullmatch(r"[0-9a-f]{64}", made.pop("client_secret"))
    assert made == {
        "name": "ETL",
        "description": "Nightly",
        "scope": ["data", "user"],
        "user": 1,
        "role": "Admin",
        "authorized_grant_types": ["client_credentials"],
    }


@pytest.mark.parametrize("by", ["token", "session"])
def test_a_create_on_the_instance_says_the_secret_and_the_id(desk: Make, by: str) -> None:
    """3b: the answer has camel case, `scopes` and the numeric id, with either credential."""
    world = desk()
    headers = KEY if by == "token" else world.session()
    made = json.loads(world.create_on_instance(headers, "ETL", description="Nightly").body)
    assert re.fullmatch(r"[0-9a-f]{64}", made.pop("clientSecret"))
    assert made.pop("clientId")
    assert made == {
        "id": 1001,
        "name": "ETL",
        "description": "Nightly",
        "scopes": ["data"],
        "userId": 1,
    }


@pytest.mark.parametrize(
    "headers",
    [KEY, {**KEY, "x-domo-customerdomain": "acme.domo.com"}, {"x-domo-authentication": "key"}],
)
def test_an_access_token_does_not_create_on_the_api_host(
    desk: Make, headers: dict[str, str]
) -> None:
    """2: it works on the instance's own endpoints only."""
    world = desk()
    statuses = world.create({"x-domo-customerdomain": "acme.domo.com", **headers}).status
    assert statuses == 401
    assert not world.world.known("acme.domo.com").clients


@pytest.mark.parametrize("domain", [None, "nobody.domo.com", "other.domo.com"])
def test_the_customer_domain_must_be_the_session_s(desk: Make, domain: str | None) -> None:
    """Missing, unknown and another instance's are forbidden alike."""
    world = desk()
    session = world.session()
    del session["x-domo-customerdomain"]
    named = {} if domain is None else {"x-domo-customerdomain": domain}
    assert world.create({**session, **named}).status == 403


@pytest.mark.parametrize(
    "body",
    [
        {"scope": []},
        {"scope": ["dta"]},
        {"scope": "data"},
        {"scope": [["data"]]},
        {"scope": None},
        {"name": ""},
        {"name": "  "},
        {"name": 7},
        {"description": None},
        {"scopes": ["data"]},
    ],
)
def test_a_create_outside_the_contract_makes_nothing(desk: Make, body: dict[str, Any]) -> None:
    """Unknown scopes, empty names and unknown fields answer 400 without a word of help."""
    world = desk()
    response = world.create(world.session(), **body)
    assert response.status == 400
    said = json.loads(response.body)
    assert re.fullmatch(r"[A-Z2-7]{4}(-[A-Z2-7]{4}){2}", said.pop("toe"))
    assert said == {
        "status": 400,
        "statusReason": "Bad Request",
        "path": "/api/clients",
        "message": "Bad Request",
    }
    assert not world.world.known("acme.domo.com").clients


def test_each_create_has_its_own_word_for_the_scope(desk: Make) -> None:
    """3b refuses the singular of 3a."""
    world = desk()
    document = {"name": "ETL", "scope": ["data"]}
    assert world.ask("POST", LIST, headers=KEY, document=document).status == 400


def test_a_create_must_be_declared_as_json(desk: Make) -> None:
    """The content type is part of the contract."""
    world = desk()
    document = {"name": "ETL", "scopes": ["data"]}
    headers = {**KEY, "content-type": "text/plain"}
    assert world.ask("POST", LIST, headers=headers, document=document).status == 415


def test_a_name_is_unique_in_its_instance(desk: Make) -> None:
    """The second create answers 400, through either endpoint, and makes nothing."""
    world = desk()
    assert world.create(world.session(), "ETL").status == 201
    assert world.create(world.session(), "ETL").status == 400
    assert world.create_on_instance(KEY, "ETL").status == 400
    assert len(world.list(KEY)) == 1


def test_a_name_is_free_again_after_a_revoke(desk: Make) -> None:
    """The new client has an id and a secret of its own."""
    world = desk()
    first = json.loads(world.create_on_instance(KEY, "ETL").body)
    world.ask("DELETE", f"{LIST}/{first['id']}", headers=KEY)
    second = json.loads(world.create_on_instance(KEY, "ETL").body)
    assert second["id"] != first["id"]
    assert second["clientSecret"] != first["clientSecret"]


def test_a_list_is_an_array_without_secrets(desk: Make) -> None:
    """4: the shape of today."""
    world = desk()
    made = json.loads(world.create(world.session(), "ETL", description="Nightly").body)
    assert world.list(KEY) == [
        {
            "id": 1001,
            "name": "ETL",
            "description": "Nightly",
            "clientId": made["client_id"],
            "userId": 1,
            "scopes": ["data"],
        }
    ]


def test_a_list_can_have_the_shape_before_june_2025(desk: Make) -> None:
    """4: the same entries, under `entries`."""
    world = desk(list_shape="entries")
    world.create_on_instance(KEY, "ETL")
    assert [each["name"] for each in world.list(KEY)["entries"]] == ["ETL"]


def test_a_list_can_mask_the_client_ids(desk: Make) -> None:
    """4: the mask holds a star, and so cannot be taken for an id."""
    world = desk(mask_client_ids=True)
    made = json.loads(world.create_on_instance(KEY, "ETL").body)
    shown = world.list(KEY)[0]["clientId"]
    assert "*" in shown
    assert made["clientId"] not in shown


def test_a_list_can_lag_behind_a_create(desk: Make) -> None:
    """The client is not listed at first, but its name is taken at once."""
    world = desk(list_lag=3.0)
    world.create_on_instance(KEY, "ETL")
    world.now += 2.9
    assert world.list(KEY) == []
    assert world.create_on_instance(KEY, "ETL").status == 400
    world.now += 0.1
    assert len(world.list(KEY)) == 1


def test_a_plain_user_sees_only_own_clients(desk: Make) -> None:
    """An administrator sees both."""
    world = desk()
    world.create_on_instance(KEY, "of ops")
    world.create_on_instance(JOE, "of joe")
    assert [each["name"] for each in world.list(JOE)] == ["of joe"]
    assert [each["name"] for each in world.list(KEY)] == ["of ops", "of joe"]


def test_a_plain_user_revokes_only_own_clients(desk: Make) -> None:
    """Another user's needs the grant to manage all clients: 403, and it stays."""
    world = desk()
    world.create_on_instance(KEY, "of ops")
    world.create_on_instance(JOE, "of joe")
    statuses = [
        world.ask("DELETE", f"{LIST}/{number}", headers=JOE).status for number in (1001, 1002)
    ]
    assert statuses == [403, 204]
    assert [each["name"] for each in world.list(KEY)] == ["of ops"]


@pytest.mark.parametrize("number", ["1002", "0", "-1", "1001x", "٣", "9" * 30])
def test_a_revoke_of_what_is_not_there_answers_400(desk: Make, number: str) -> None:
    """5: an id that is gone, or never was."""
    world = desk()
    world.create_on_instance(KEY, "ETL")
    assert world.ask("DELETE", f"{LIST}/{number}", headers=KEY).status == 400
    assert len(world.list(KEY)) == 1


def test_a_second_revoke_answers_400(desk: Make) -> None:
    """5: the first has answered 204, without a body."""
    world = desk()
    world.create_on_instance(KEY, "ETL")
    first = world.ask("DELETE", f"{LIST}/1001", headers=KEY)
    assert (first.status, first.body) == (204, b"")
    assert world.ask("DELETE", f"{LIST}/1001", headers=KEY).status == 400


@pytest.mark.parametrize("method", ["POST", "GET", "DELETE"])
@pytest.mark.parametrize(
    "headers", [{}, {"x-domo-developer-token": "stale"}, {"x-domo-authentication": "stale"}]
)
def test_the_instance_asks_for_a_credential(
    desk: Make, method: str, headers: dict[str, str]
) -> None:
    """Without one, or with a stale one, every endpoint answers 401 and does nothing."""
    world = desk(clients=[{"name": "ETL", "scope": ["data"], "id": 5}])
    path = f"{LIST}/5" if method == "DELETE" else LIST
    document = {"name": "new", "scopes": ["data"]} if method == "POST" else None
    assert world.ask(method, path, headers=headers, document=document).status == 401
    assert list(world.world.known("acme.domo.com").clients) == [5]


def test_names_and_descriptions_can_come_back_changed(desk: Make) -> None:
    """Trimming and cutting happen before a name is compared."""
    world = desk(trim=True, name_limit=5, description_limit=7)
    made = json.loads(
        world.create_on_instance(KEY, " Reporting ", description=" Nightly jobs").body
    )
    assert (made["name"], made["description"]) == ("Repor", "Nightly")
    assert world.create_on_instance(KEY, "Report").status == 400
    assert world.create_on_instance(KEY, "   ").status == 400


def test_a_secret_signs_in(desk: Make) -> None:
    """6: for the scopes that the client has."""
    world = desk()
    made = json.loads(world.create(world.session(), "ETL", scope=["data", "user"]).body)
    answer = world.sign_in(made["client_id"], made["client_secret"], scope="data user")
    token = json.loads(answer.body)
    assert answer.status == 200
    assert (token["token_type"], token["expires_in"], token["scope"]) == (
        "bearer",
        3599,
        "data user",
    )
    assert world.world.known("acme.domo.com").sign_ins[made["client_id"]] == 1


def test_without_a_scope_a_sign_in_gets_all(desk: Make) -> None:
    """6: the scope in the query only narrows."""
    world = desk(clients=[{"name": "a", "scope": ["user"], "client_id": "i", "client_secret": "s"}])
    assert json.loads(world.sign_in("i", "s").body)["scope"] == "user"


@pytest.mark.parametrize(
    ("client_id", "secret"), [("i", "wrong"), ("i", ""), ("other", "s"), ("", ""), ("é", "é")]
)
def test_a_wrong_secret_answers_401(desk: Make, client_id: str, secret: str) -> None:
    """6: and so does an unknown client."""
    world = desk(clients=[{"name": "a", "scope": ["user"], "client_id": "i", "client_secret": "s"}])
    assert world.sign_in(client_id, secret).status == 401
    assert not world.world.known("acme.domo.com").sign_ins


@pytest.mark.parametrize(
    "header", ["", "Basic", "Basic !", "Basic aTpz\xff", "Bearer aTpz", "Basic aXM="]
)
def test_a_sign_in_needs_basic_credentials(desk: Make, header: str) -> None:
    """6: anything else answers 401."""
    world = desk(clients=[{"name": "a", "scope": ["user"], "client_id": "i", "client_secret": "s"}])
    query = {"grant_type": "client_credentials"}
    headers = {"authorization": header}
    assert world.ask("GET", "/api/oauth/token", headers=headers, query=query).status == 401


def test_a_revoked_client_signs_in_no_more(desk: Make) -> None:
    """6: its secret answers 401 at once."""
    world = desk()
    made = json.loads(world.create_on_instance(KEY, "ETL").body)
    world.ask("DELETE", f"{LIST}/{made['id']}", headers=KEY)
    assert world.sign_in(made["clientId"], made["clientSecret"]).status == 401


def test_a_sign_in_gets_no_scope_that_the_client_lacks(desk: Make) -> None:
    """6: it answers 400, as OAuth says."""
    world = desk(clients=[{"name": "a", "scope": ["user"], "client_id": "i", "client_secret": "s"}])
    assert world.sign_in("i", "s", scope="user data").status == 400
    assert world.sign_in("i", "s", grant_type="password").status == 400


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/api", 404),
        ("POST", "/api/clients/", 404),
        ("GET", "/instances/acme.domo.com/api/identity/v2/developer-tokens", 404),
        ("GET", "/api/clients", 405),
        ("PUT", "/api/oauth/token", 405),
        ("GET", "/instances/acme.domo.com/api/content/v2/authentication", 405),
        ("PUT", LIST, 405),
        ("PUT", f"{LIST}/5", 405),
        ("GET", f"{LIST}/5", 405),
    ],
)
def test_there_is_nothing_else(desk: Make, method: str, path: str, status: int) -> None:
    """7: no update, no bulk endpoint, no way to see a secret again."""
    assert desk().ask(method, path, headers=KEY).status == status


def test_over_the_rate_limit_an_instance_answers_429(desk: Make) -> None:
    """Nothing is done then, and a second later there is room again."""
    world = desk(requests_per_second=2)
    statuses = [world.create_on_instance(KEY, f"client {number}").status for number in range(3)]
    assert statuses == [201, 201, 429]
    world.now += 1
    assert [each["name"] for each in world.list(KEY)] == ["client 0", "client 1"]


def test_sign_ins_count_for_the_rate_limit(desk: Make) -> None:
    """The client says which instance they belong to."""
    client = {"name": "a", "scope": ["user"], "client_id": "i", "client_secret": "s"}
    world = desk(requests_per_second=1, clients=[client])
    answers = [world.sign_in("i", "s") for _ in range(2)]
    assert [each.status for each in answers] == [200, 429]
    assert answers[1].headers == {"retry-after": "1"}


def test_the_log_says_what_was_asked_and_no_secret(desk: Make) -> None:
    """Method, path, route, instance, client and status; never a credential."""
    world = desk()
    session = world.session()
    made = json.loads(world.create(session, "ETL").body)
    world.sign_in(made["client_id"], made["client_secret"])
    rows = [
        (each.number, each.method, each.route, each.instance, each.client, each.status)
        for each in world.world.log
    ]
    assert rows == [
        (1, "POST", "sign_on", "acme.domo.com", None, 200),
        (2, "POST", "create", "acme.domo.com", "ETL", 201),
        (3, "GET", "token", "acme.domo.com", "ETL", 200),
    ]
    log = control(world.world, Request(method="GET", path="/control/requests"), world.now).body
    for secret in ("right", session["x-domo-authentication"], made["client_secret"]):
        assert secret.encode() not in log


def test_one_seed_makes_one_world(desk: Make) -> None:
    """Ids and secrets repeat, so that a run can be replayed."""
    first, second = (json.loads(desk().create_on_instance(KEY, "ETL").body) for _ in range(2))
    assert first == second
