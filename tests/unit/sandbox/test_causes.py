"""Causes of failures that an instance names: sign-on, grants, allow-list, proofs, error bodies."""

import base64
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlencode

import pytest

from reconciler.sandbox.fault_responses import Whole
from reconciler.sandbox.faults import Fault
from reconciler.sandbox.handler import exchange
from reconciler.sandbox.http_types import Request, Response

Make = Callable[..., Any]
DOMAIN = "acme.domo.com"
LIST = f"/instances/{DOMAIN}/api/identity/v1/developer-tokens"
KEY = {"x-domo-developer-token": "key"}
JOE = {"x-domo-developer-token": "joes-key"}


def sign_in(world: Any, kind: str = "application/x-www-form-urlencoded", **form: str) -> Response:
    """Use the client of `clients` with POST and a form."""
    (client,) = world.world.known(DOMAIN).clients.values()
    pair = base64.b64encode(f"{client.client_id}:{client.client_secret}".encode()).decode()
    request = Request(
        method="POST",
        path="/api/oauth/token",
        headers={"authorization": f"Basic {pair}", "content-type": kind},
        body=urlencode({"grant_type": "client_credentials", **form}).encode(),
    )
    sending = exchange(world.world, request, world.now)
    assert isinstance(sending, Whole)
    return sending.response


def test_a_session_token_contains_its_expiration(desk: Make) -> None:
    """It is URL-encoded base64 JSON, times in milliseconds."""
    world = desk(session_seconds=60)
    token = json.loads(world.sign_on().body)["sessionToken"]
    content = json.loads(base64.b64decode(unquote(token)))
    assert content["expiration"] == int((world.now + 60) * 1000)
    assert content["timestamp"] == int(world.now * 1000)
    assert (content["userId"], content["customerId"]) == (1, "acme")


@pytest.mark.parametrize("with_token", [False, True])
def test_a_second_factor_concerns_passwords_only(desk: Make, with_token: bool) -> None:
    """The status is any text; a session token may or may not be there."""
    world = desk(second_factor="CODE_SENT", second_factor_token=with_token)
    answer = json.loads(world.sign_on().body)
    assert answer["twoFactorInfo"]["status"] == "CODE_SENT"
    assert (answer["sessionToken"] is not None) is with_token
    path = f"/instances/{DOMAIN}/api/content/v2/authentication"
    headers = {"origin": f"https://{DOMAIN}", "cookie": "_dsidv1=biscuit"}
    cookie = world.ask("POST", path, headers=headers, document={"method": "exptoken"})
    assert json.loads(cookie.body)["twoFactorInfo"]["status"] == "VALID"


@pytest.mark.parametrize("by", ["rule", "fault"])
def test_the_allow_list_answers_a_page(desk: Make, by: str) -> None:
    """Its title is what a reader recognises."""
    world = desk(**({"allow_list": "page"} if by == "rule" else {}))
    if by == "fault":
        world.world.faults.add(Fault(what="blocked_page"))
    response = world.ask("GET", LIST, headers=KEY)
    assert b"<title>Domo - Blocked</title>" in response.body
    assert response.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("by", ["rule", "fault"])
def test_the_allow_list_redirects(desk: Make, by: str) -> None:
    """303 to a path that contains `whitelist/blocked`."""
    world = desk(**({"allow_list": "redirect"} if by == "rule" else {}))
    if by == "fault":
        world.world.faults.add(Fault(what="blocked_redirect"))
    response = world.sign_on()
    assert response.status == 303
    assert "whitelist/blocked" in response.headers["location"]


def test_a_sign_on_can_be_refused_for_any_reason(desk: Make) -> None:
    """HTTP 200, and no session."""
    world = desk()
    world.world.faults.add(Fault(what="sign_on_refused", reason="PASSWORD_EXPIRED"))
    assert json.loads(world.sign_on().body) == {"success": False, "reason": "PASSWORD_EXPIRED"}


@pytest.mark.parametrize("body", ["{}", "", "<title>Sign in</title>"])
def test_any_answer_can_be_given_word_for_word(desk: Make, body: str) -> None:
    """What was seen once can be repeated."""
    world = desk()
    world.world.faults.add(Fault(what="answer", body=body, done=False, content_type="text/html"))
    response = world.sign_on()
    assert (response.status, response.body) == (200, body.encode())
    assert not world.world.sessions


@pytest.mark.parametrize("done", [False, True])
def test_a_request_behind_an_answer_is_carried_out_if_asked(desk: Make, done: bool) -> None:
    """The response looks the same."""
    world = desk()
    world.world.faults.add(Fault(what="answer", status=406, body="<html>", done=done))
    assert world.create_on_instance(KEY, "ETL").status == 406
    assert len(world.world.known(DOMAIN).clients) == int(done)


@pytest.mark.parametrize(
    ("admin", "may_create", "created", "listed"),
    [(True, True, 201, 1), (True, False, 403, 1), (False, True, 201, 0), (False, False, 403, 0)],
)
def test_the_two_grants_are_independent(
    desk: Make, admin: bool, may_create: bool, created: int, listed: int
) -> None:
    """A user who sees everything may be unable to create, and the reverse."""
    world = desk(clients=[{"name": "theirs", "scope": ["data"]}])
    user = {"email": "joe@acme.example", "admin": admin, "may_create": may_create}
    world.world.configure(world.world.known(DOMAIN), {"users": [user]})
    assert len(world.list(JOE)) == listed
    assert world.create_on_instance(JOE, "ETL").status == created


def test_error_bodies_have_a_code_and_the_text_asked_for(desk: Make) -> None:
    """A fault's text goes before the instance's; without either, each has its own code."""
    world = desk()
    bodies = [json.loads(world.ask("GET", LIST).body) for _ in range(2)]
    assert bodies[0]["toe"] != bodies[1]["toe"]
    assert bodies[0]["path"] == LIST
    world.world.configure(
        world.world.known(DOMAIN), {"error_message": "Ask us", "error_toe": "AAAA-BBBB-CCCC"}
    )
    body = json.loads(world.ask("GET", LIST).body)
    assert (body["message"], body["toe"]) == ("Ask us", "AAAA-BBBB-CCCC")
    world.world.faults.add(
        Fault(what="error_before", status=403, message="Code needed", toe="DDDD-EEEE-FFFF")
    )
    body = json.loads(world.ask("GET", LIST, headers=KEY).body)
    assert (body["status"], body["message"], body["toe"]) == (403, "Code needed", "DDDD-EEEE-FFFF")


def test_a_client_signs_in_with_a_form(desk: Make) -> None:
    """POST as both SDKs send it; a body of another type contains no fields."""
    world = desk(clients=[{"name": "a", "scope": ["data", "workflow"]}])
    assert json.loads(sign_in(world).body)["scope"] == "data workflow"
    assert json.loads(sign_in(world, scope="data").body)["scope"] == "data"
    assert sign_in(world, kind="application/json").status == 400


@pytest.mark.parametrize(
    ("rule", "get", "post"), [("both", 200, 200), ("get", 200, 405), ("post", 405, 200)]
)
def test_one_method_of_the_sign_in_can_be_missing(
    desk: Make, rule: str, get: int, post: int
) -> None:
    """Documentation and SDKs disagree, so either may go."""
    world = desk(sign_in_method=rule, clients=[{"name": "a", "scope": ["data"]}])
    (client,) = world.world.known(DOMAIN).clients.values()
    assert world.sign_in(client.client_id, client.client_secret).status == get
    assert sign_in(world).status == post


def test_a_scope_that_is_not_documented_can_be_refused(desk: Make) -> None:
    """A request without a scope works."""
    world = desk(only_documented_scopes=True, clients=[{"name": "a", "scope": ["workflow"]}])
    assert sign_in(world).status == 200
    refusal = sign_in(world, scope="workflow")
    assert (refusal.status, json.loads(refusal.body)) == (400, {"error": "invalid_scope"})


@pytest.mark.parametrize(
    ("fault", "status", "error"),
    [
        ({}, 400, "invalid_scope"),
        ({"error": "invalid_client"}, 400, "invalid_client"),
        ({"error": "server_error", "status": 503}, 503, "server_error"),
    ],
)
def test_a_sign_in_can_fail_in_oauth_s_own_words(
    desk: Make, fault: dict[str, Any], status: int, error: str
) -> None:
    """These bodies have no `toe`."""
    world = desk(clients=[{"name": "a", "scope": ["data"]}])
    world.world.faults.add(Fault(what="oauth_error", route="token", **fault))
    response = sign_in(world)
    assert (response.status, json.loads(response.body)) == (status, {"error": error})
