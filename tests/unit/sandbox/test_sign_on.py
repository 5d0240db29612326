"""Sessions: section 1 of the wire contract."""

import json
from collections.abc import Callable
from typing import Any

import pytest

Make = Callable[..., Any]
PATH = "/instances/acme.domo.com/api/content/v2/authentication"
ORIGIN = {"origin": "https://acme.domo.com"}
PASSWORD = {"method": "password", "emailAddress": "ops@acme.example", "password": "right"}


def test_a_right_password_opens_a_session(desk: Make) -> None:
    """The answer has every field that Domo documents."""
    answer = json.loads(desk().sign_on().body)
    assert answer["success"] is True
    assert answer["userId"] == 1
    assert answer["sessionToken"].startswith("eyJ")
    assert answer["twoFactorInfo"] == {
        "status": "VALID",
        "token": None,
        "key": None,
        "phoneMask": None,
    }
    assert answer["userRole"] == "Admin"


def test_a_wrong_password_is_refused_with_status_200(desk: Make) -> None:
    """A refusal is not an HTTP error, and carries no session."""
    response = desk().sign_on(password="wrong")
    assert response.status == 200
    assert json.loads(response.body) == {"success": False, "reason": "INVALID_CREDENTIALS"}


def test_an_unknown_user_is_refused_like_a_wrong_password(desk: Make) -> None:
    """Nobody learns which addresses exist."""
    assert json.loads(desk().sign_on("who@acme.example").body)["reason"] == "INVALID_CREDENTIALS"


def test_wrong_passwords_in_a_row_lock_the_user(desk: Make) -> None:
    """The fifth locks, and then the right password does not help."""
    world = desk()
    reasons = [json.loads(world.sign_on(password="wrong").body)["reason"] for _ in range(5)]
    assert reasons == ["INVALID_CREDENTIALS"] * 4 + ["ACCOUNT_LOCKED"]
    assert json.loads(world.sign_on().body)["reason"] == "ACCOUNT_LOCKED"


def test_a_right_password_forgives_the_wrong_ones(desk: Make) -> None:
    """Only wrong passwords in a row add up."""
    world = desk()
    for _ in range(3):
        for _ in range(4):
            world.sign_on(password="wrong")
        assert json.loads(world.sign_on().body)["success"] is True


def test_a_refusal_can_have_any_reason(desk: Make) -> None:
    """Domo has reasons that nobody has listed."""
    world = desk()
    instance = world.world.known("acme.domo.com")
    changes = {"users": [{"email": "ops@acme.example", "refusal": "PASSWORD_EXPIRED"}]}
    world.world.configure(instance, changes)
    assert json.loads(world.sign_on().body) == {"success": False, "reason": "PASSWORD_EXPIRED"}


@pytest.mark.parametrize("cookie", ["_dsidv1=biscuit", "a=b; _dsidv1=biscuit; c=d"])
def test_the_cookie_of_a_browser_opens_a_session(desk: Make, cookie: str) -> None:
    """`exptoken` takes no password."""
    headers = {**ORIGIN, "cookie": cookie}
    response = desk().ask("POST", PATH, headers=headers, document={"method": "exptoken"})
    assert json.loads(response.body)["userId"] == 1


@pytest.mark.parametrize("cookie", ["", "_dsidv1=stale", "other=biscuit"])
def test_no_cookie_or_a_stale_one_is_refused(desk: Make, cookie: str) -> None:
    """What is not a known `_dsidv1` opens nothing."""
    headers = {**ORIGIN, "cookie": cookie}
    response = desk().ask("POST", PATH, headers=headers, document={"method": "exptoken"})
    assert json.loads(response.body) == {"success": False, "reason": "INVALID_CREDENTIALS"}


@pytest.mark.parametrize("origin", ["https://other.domo.com", "http://acme.domo.com", ""])
def test_a_foreign_origin_is_forbidden(desk: Make, origin: str) -> None:
    """The header carries the real domain, whatever the base URL is."""
    assert desk().sign_on(origin=origin).status == 403


def test_an_instance_that_does_not_exist_answers_forbidden(desk: Make) -> None:
    """It is plain text, not JSON."""
    response = desk().sign_on(domain="nobody.domo.com", origin="https://nobody.domo.com")
    assert (response.status, response.body) == (403, b"Forbidden")


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        "text",
        {"method": "password"},
        {"method": "magic"},
        {**PASSWORD, "extra": 1},
        {**PASSWORD, "password": 7},
        {"method": "exptoken", "password": "right"},
    ],
)
def test_a_body_outside_the_contract_is_refused(desk: Make, document: object) -> None:
    """Whoever sends it would only be lucky with Domo."""
    assert desk().ask("POST", PATH, headers=ORIGIN, document=document).status == 400


def test_a_body_must_be_declared_as_json(desk: Make) -> None:
    """The content type is part of the contract."""
    headers = {**ORIGIN, "content-type": "text/plain"}
    assert desk().ask("POST", PATH, headers=headers, document=PASSWORD).status == 415


def test_a_session_ends_after_its_seconds(desk: Make) -> None:
    """From then on it answers 401, for ever."""
    world = desk(session_seconds=60.0)
    session = world.session()
    world.now += 59
    assert world.create(session, "in time").status == 201
    world.now += 1
    assert world.create(session, "late").status == 401
    world.now -= 30
    assert world.create(session, "later").status == 401


def test_a_session_ends_after_its_requests(desk: Make) -> None:
    """The next session works again."""
    world = desk(session_requests=2)
    session = world.session()
    statuses = [world.create(session, f"client {number}").status for number in range(3)]
    assert statuses == [201, 201, 401]
    assert world.create(world.session(), "client 2").status == 201


def test_a_session_of_another_instance_is_forbidden(desk: Make) -> None:
    """Each instance is signed on to by itself."""
    world = desk()
    response = world.sign_on(domain="other.domo.com", origin="https://other.domo.com")
    token = json.loads(response.body)["sessionToken"]
    headers = {"x-domo-authentication": token, "x-domo-customerdomain": "acme.domo.com"}
    assert world.create(headers).status == 403
    assert list(world.world.known("acme.domo.com").clients) == []
