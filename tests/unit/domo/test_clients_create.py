"""What an answer to a create means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reconciler.ports import Ambiguous, ClientCreated, CreateOutcome, NotApplied

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.domo.session import HttpSession
    from reconciler.ports import Credential
    from tests.unit.domo.conftest import Stage

SIGN_ON = "POST /instance/api/content/v2/authentication"
CREATE = "POST /api/clients"
CREATE_WITH_TOKEN = "POST /instance/api/identity/v1/developer-tokens"
CLIENT_ID = "0b6ed1a5-1111-4222-8333-444455556666"
SECRET = "5ec7e7" * 10 + "5ec7"


def made(**changed: Any) -> dict[str, Any]:
    """Return the API host's answer to a create, with some fields changed."""
    whole = {
        "name": "Reporting",
        "description": "Nightly [reconciler:9f3c1a-5be0d2c4]",
        "scope": ["data"],
        "user": 27,
        "client_id": CLIENT_ID,
        "client_secret": SECRET,
        "authorized_grant_types": ["client_credentials"],
        "role": "Admin",
    }
    return {key: value for key, value in (whole | changed).items() if value is not ...}


def create(stage: Stage, credential: Credential | None = None) -> CreateOutcome:
    """Create `Reporting` on the stage."""

    async def work(session: HttpSession) -> CreateOutcome:
        return await session.create(
            name="Reporting", description="Nightly [reconciler:9f3c1a-5be0d2c4]", scope=("data",)
        )

    return stage.run(work, credential)


def test_a_session_creates_on_the_api_host(stage: Stage) -> None:
    """With a session the create goes to the API host, with the real domain in its header."""
    stage.signs_on("s3ssion-one")
    stage.on(CREATE, stage.answer(201, made()))

    outcome = create(stage)

    assert isinstance(outcome, ClientCreated)
    assert (outcome.client_id, outcome.owner, outcome.id) == (CLIENT_ID, 27, None)
    assert outcome.secret.reveal() == SECRET
    asked = stage.asked[-1]
    assert asked.headers["x-domo-authentication"] == "s3ssion-one"
    assert asked.headers["x-domo-customerdomain"] == "acme-prod.domo.com"
    assert asked.headers["content-type"] == "application/json"
    assert asked.json() == {
        "name": "Reporting",
        "description": "Nightly [reconciler:9f3c1a-5be0d2c4]",
        "scope": ["data"],
    }


def test_a_token_creates_on_the_instance(stage: Stage) -> None:
    """With an access token the create goes to the instance, in the spelling of that endpoint."""
    answer = {
        "id": 1234,
        "name": "Reporting",
        "description": "",
        "scopes": ["data"],
        "userId": 27,
        "clientId": CLIENT_ID,
        "clientSecret": SECRET,
    }
    stage.on(CREATE_WITH_TOKEN, stage.answer(201, answer))

    outcome = create(stage, stage.token)

    assert isinstance(outcome, ClientCreated)
    assert (outcome.client_id, outcome.owner, outcome.id) == (CLIENT_ID, 27, 1234)
    assert stage.asked[-1].headers["x-domo-developer-token"] == "t0ken-of-an-administrator"
    assert stage.asked[-1].json()["scopes"] == ["data"]
    assert len(stage.asked) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"client_secret": ...},
        {"client_secret": None},
        {"client_secret": ""},
        {"client_secret": 42},
        {"client_secret": "********"},
        {"client_secret": "two words"},
        {"client_id": ...},
        {"client_id": "0b6e****"},
    ],
    ids=str,
)
def test_a_create_without_a_usable_secret_is_ambiguous(
    stage: Stage, changed: dict[str, Any]
) -> None:
    """A 201 that does not give a whole id and secret proves nothing."""
    stage.signs_on()
    stage.on(CREATE, stage.answer(201, made(**changed)))

    outcome = create(stage)

    assert isinstance(outcome, Ambiguous)
    assert outcome.status == 201
    assert SECRET not in outcome.reason
    assert stage.count(CREATE) == 1


@pytest.mark.parametrize("name", ["Reporting", "  Reporting\n", ...], ids=repr)
def test_a_name_may_come_back_trimmed_or_not_at_all(stage: Stage, name: Any) -> None:
    """Domo promises no exact bytes, so white space around a name is no other name."""
    stage.signs_on()
    stage.on(CREATE, stage.answer(201, made(name=name)))

    assert isinstance(create(stage), ClientCreated)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (201, b""),
        (201, b'{"name": "Reporting", "client_id": "0b6'),
        (201, b"<html>welcome</html>"),
        (200, b"[]"),
        (201, b"[" * 100_000),
        (202, b"{}"),
        (204, b""),
        (302, b""),
        (408, b""),
        (500, b'{"message": "oops"}'),
        (503, b""),
        (504, b""),
    ],
    ids=lambda value: str(value)[:20],
)
def test_an_answer_that_says_nothing_is_ambiguous(stage: Stage, status: int, body: bytes) -> None:
    """Whatever does not say that it made, or did not make, is left to a list and sent once."""
    stage.signs_on()
    stage.on(CREATE, stage.answer(status, body))

    outcome = create(stage)

    assert isinstance(outcome, Ambiguous)
    assert outcome.status == status
    assert stage.count(CREATE) == 1


def test_a_redirect_is_not_followed_and_says_where_it_led(stage: Stage) -> None:
    """The secret of a create must not travel to a host that an answer names."""
    stage.signs_on()
    stage.on(CREATE, stage.answer(307, Location="https://user:pw@elsewhere.example/x?k=v"))

    outcome = create(stage)

    assert isinstance(outcome, Ambiguous)
    assert "elsewhere.example" in outcome.reason
    assert "pw" not in outcome.reason
    assert "k=v" not in outcome.reason


@pytest.mark.parametrize("location", ["/login", "ftp://", "//\xe9:80", ""])
def test_a_redirect_to_nowhere_is_survived(stage: Stage, location: str) -> None:
    """A Location without a usable host is still only a redirect."""
    stage.signs_on()
    stage.on(CREATE, stage.answer(302, Location=location))

    outcome = create(stage)

    assert isinstance(outcome, Ambiguous)
    assert "redirect (302)" in outcome.reason


@pytest.mark.parametrize("location", ["mailto:x", "http://host:port/", "http://a b/"])
def test_a_redirect_that_is_no_url_is_ambiguous(stage: Stage, location: str) -> None:
    """An answer that no client can read may still be to a create that was done."""
    stage.signs_on()
    stage.on(CREATE, stage.answer(302, Location=location))

    assert isinstance(create(stage), Ambiguous)
    assert stage.count(CREATE) == 1


def test_a_redirect_of_another_kind_that_is_no_url_is_survived(stage: Stage) -> None:
    """300 is not parsed by the library, so its Location is met here."""
    stage.signs_on()
    stage.on(CREATE, stage.answer(300, Location="http://host:port/"))

    outcome = create(stage)

    assert isinstance(outcome, Ambiguous)
    assert "redirect (300) to a place that is no URL" in outcome.reason


def test_a_header_that_is_no_text_is_survived(stage: Stage) -> None:
    """Bytes above ASCII in Retry-After say nothing, so the wait is drawn."""
    stage.signs_on()
    stage.on(CREATE, stage.answer(429, Retry_After="s\xfcn"), stage.answer(201, made()))

    assert isinstance(create(stage), ClientCreated)


@pytest.mark.parametrize("status", [400, 403, 409, 422])
def test_a_refusal_made_nothing(stage: Stage, status: int) -> None:
    """A 4xx is an answer: nothing was made, and the status says how it was refused."""
    stage.signs_on()
    stage.on(CREATE, stage.answer(status, {"message": "Bad Request"}))

    outcome = create(stage)

    assert isinstance(outcome, NotApplied)
    assert outcome.reason == f"Domo answered {status}: Bad Request"
    assert outcome.status == status
    assert ("Create API OAuth Clients" in (outcome.hint or "")) == (status == 403)
    assert stage.count(CREATE) == 1


def test_429_is_waited_out_and_sent_again(stage: Stage) -> None:
    """A create that was turned away made nothing, so it is sent again after the time told."""
    stage.signs_on()
    stage.on(CREATE, stage.answer(429, Retry_After="7"), stage.answer(201, made()))

    assert isinstance(create(stage), ClientCreated)
    assert len(stage.clock.slept) == 1
    assert 7.0 <= stage.clock.slept[0] <= 7.7


def test_429_without_end_made_nothing(stage: Stage) -> None:
    """When the deadline passes the create is known not to have happened."""
    stage.signs_on()
    stage.on(CREATE, stage.answer(429, Retry_After="50"))

    outcome = create(stage)

    assert isinstance(outcome, NotApplied)
    assert outcome.status == 429
    assert stage.count(CREATE) == 4
    assert stage.clock.passed <= 180


def test_429_that_asks_for_too_long_is_not_waited_for(stage: Stage) -> None:
    """An hour is longer than a run waits, so it does not begin to."""
    stage.signs_on()
    stage.on(CREATE, stage.answer(429, Retry_After="3600"))

    assert isinstance(create(stage), NotApplied)
    assert stage.clock.slept == []


@pytest.mark.parametrize("fault", ["hang", "reset", "closed", "cut", "drip", "huge", "gzip"])
def test_a_lost_answer_is_ambiguous_and_never_sent_again(stage: Stage, fault: str) -> None:
    """Once bytes have left, only a list tells what became of them."""
    faults = {
        "hang": stage.hang(),
        "reset": stage.reset(),
        "closed": stage.raw(b""),
        "cut": stage.raw(b"HTTP/1.1 201 Created\r\nContent-Length: 500\r\n\r\n{"),
        "drip": stage.drip(b" " * 100),
        "huge": stage.answer(201, b" " * 1_200_000),
        "gzip": stage.answer(201, b"not gzip", Content_Encoding="gzip"),
    }
    stage.signs_on()
    stage.on(CREATE, faults[fault])

    outcome = create(stage)

    assert isinstance(outcome, Ambiguous)
    assert outcome.status is None
    assert stage.count(CREATE) == 1


def test_401_in_mid_run_signs_on_again_and_sends_again(stage: Stage) -> None:
    """An ended session made nothing: one more sign-on, and the create goes out with it."""
    stage.signs_on("s3ssion-one", "s3ssion-two")
    stage.on(CREATE, stage.answer(401), stage.answer(201, made()))

    assert isinstance(create(stage), ClientCreated)
    assert stage.count(SIGN_ON) == 2
    assert stage.asked[-1].headers["x-domo-authentication"] == "s3ssion-two"


def test_a_second_401_is_given_up(stage: Stage) -> None:
    """A session that was just given and is not accepted is not replaced without end."""
    stage.signs_on("s3ssion-one", "s3ssion-two")
    stage.on(CREATE, stage.answer(401))

    outcome = create(stage)

    assert isinstance(outcome, NotApplied)
    assert outcome.status == 401
    assert (stage.count(SIGN_ON), stage.count(CREATE)) == (2, 2)


@pytest.mark.parametrize("fault", ["hang", "reset", "error", "garbage"])
def test_a_lost_sign_on_in_mid_run_made_nothing(stage: Stage, fault: str) -> None:
    """The create was answered 401; what then happens to the sign-on cannot make it ambiguous."""
    faults: dict[str, Callable[[], Any]] = {
        "hang": stage.hang,
        "reset": stage.reset,
        "error": lambda: stage.answer(500),
        "garbage": lambda: stage.answer(200, b"<html>"),
    }
    granted = stage.answer(200, {"userId": 27, "success": True, "sessionToken": "s3ssion-one"})
    stage.on(SIGN_ON, granted, faults[fault]())
    stage.on(CREATE, stage.answer(401))

    outcome = create(stage)

    assert isinstance(outcome, NotApplied)
    assert stage.count(SIGN_ON) == 2


def test_a_refused_access_token_made_nothing(stage: Stage) -> None:
    """There is nothing to renew about an access token, so its 401 is final."""
    stage.on(CREATE_WITH_TOKEN, stage.answer(401))

    outcome = create(stage, stage.token)

    assert isinstance(outcome, NotApplied)
    assert outcome.status == 401
    assert stage.count(CREATE_WITH_TOKEN) == 1


def test_a_reason_that_repeats_a_credential_is_not_shown(stage: Stage) -> None:
    """A server that echoes the session token does not get it into a message."""
    stage.signs_on("s3ssion-one")
    stage.on(CREATE, stage.answer(400, {"message": "no such session: s3ssion-one"}))

    assert create(stage) == NotApplied(reason="Domo answered 400: …", status=400)
