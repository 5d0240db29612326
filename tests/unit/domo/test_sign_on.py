"""Signing on: three ways, each sent once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.model.errors import (
    CredentialUnavailable,
    ReconcilerError,
    SignOnRefused,
    Unreachable,
)
from reconciler.model.secret import Secret
from reconciler.ports import (
    CookieCredential,
    Credential,
    Listing,
    PasswordCredential,
    TokenCredential,
)

if TYPE_CHECKING:
    from reconciler.domo.client import DomoHttp
    from reconciler.domo.session import HttpSession
    from tests.unit.domo.conftest import Stage

SIGN_ON = "POST /instance/api/content/v2/authentication"
LIST = "GET /instance/api/identity/v1/developer-tokens"


async def who(session: HttpSession) -> tuple[int | None, str]:
    """Return whom the session belongs to."""
    return session.user, session.principal


async def list_them(session: HttpSession) -> Listing:
    """List the clients."""
    return await session.list_clients()


def refusal(stage: Stage, credential: Credential | None = None) -> ReconcilerError:
    """Sign on, and return why that failed."""
    with pytest.raises(ReconcilerError) as caught:
        stage.run(who, credential)
    return caught.value


def test_a_password_signs_on_with_the_real_origin(stage: Stage) -> None:
    """A direct sign-on sends address and password, and the domain's Origin to any endpoint."""
    stage.signs_on()

    assert stage.run(who) == (27, "user:27")
    (asked,) = stage.asked
    assert asked.headers["origin"] == "https://acme-prod.domo.com"
    assert "cookie" not in asked.headers
    assert asked.json() == {
        "method": "password",
        "emailAddress": "ops@acme.example",
        "password": "hunter2-password",
    }


def test_a_cookie_signs_on_by_exptoken(stage: Stage) -> None:
    """An SSO sign-on sends the browser's cookie and no more than the method."""
    stage.signs_on()

    assert stage.run(who, stage.cookie) == (27, "user:27")
    (asked,) = stage.asked
    assert asked.headers["cookie"] == "_dsidv1=c00kie-of-a-browser"
    assert asked.json() == {"method": "exptoken"}


def test_a_token_needs_no_sign_on(stage: Stage) -> None:
    """An access token is a session already: opening one sends nothing."""
    user, principal = stage.run(who, stage.token)

    assert user is None
    assert principal.startswith("token:")
    assert len(principal) == len("token:") + 12
    assert "t0ken" not in principal
    assert stage.asked == []


@pytest.mark.parametrize("way", ["password", "cookie"])
def test_a_principal_without_a_user_id_is_a_digest(stage: Stage, way: str) -> None:
    """Where Domo does not say who signed on, the credential tells principals apart."""
    stage.on(SIGN_ON, stage.answer(200, {"success": True, "sessionToken": "s3ssion"}))
    credentials = {"password": stage.password, "cookie": stage.cookie}

    user, principal = stage.run(who, credentials[way])

    assert user is None
    assert principal.split(":")[0] == {"password": "email", "cookie": "cookie"}[way]
    assert stage.run(who, credentials[way]) == (None, principal)


@pytest.mark.parametrize(
    ("answer", "shown", "hint"),
    [
        ({"success": False, "reason": "INVALID_CREDENTIALS"}, "INVALID_CREDENTIALS", "DOMO_PASS"),
        ({"success": False, "reason": "ACCOUNT_LOCKED"}, "ACCOUNT_LOCKED", "unlock"),
        ({"success": False, "reason": "\x1b[2JSORRY"}, "\\x1b[2JSORRY", "DOMO_PASSWORD"),
        ({"success": False, "reason": "x " * 500}, "x " * 99 + "x…", "DOMO_PASSWORD"),
        ({"success": False}, "without a reason", "DOMO_PASSWORD"),
        ({"success": True}, "without a reason", "DOMO_PASSWORD"),
        ({"success": False, "sessionToken": "s"}, "without a reason", "DOMO_PASSWORD"),
        ({"success": True, "sessionToken": "two\nlines"}, "without a reason", "DOMO_PASSWORD"),
        ({"twoFactorInfo": {"status": "REQUIRED"}}, "second factor", "cookie"),
        (
            {"success": False, "reason": "no hunter2-password here"},
            "refused the sign-on: …",
            "DOMO_PASSWORD",
        ),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_refused_password_says_why_and_is_sent_once(
    stage: Stage, answer: dict[str, Any], shown: str, hint: str
) -> None:
    """A refusal is HTTP 200, is told in Domo's word for it, and is never tried again."""
    stage.on(SIGN_ON, stage.answer(200, answer))

    error = refusal(stage)

    assert isinstance(error, SignOnRefused)
    assert error.message.startswith("acme-prod: Domo ")
    assert shown in error.message
    assert error.hint is not None
    assert hint in error.hint
    assert "hunter2" not in f"{error!r} {error} {error.hint}"
    assert stage.count(SIGN_ON) == 1


def test_403_says_that_the_instance_may_not_exist(stage: Stage) -> None:
    """An instance that does not exist answers `Forbidden`, which says nothing of the password."""
    stage.on(SIGN_ON, stage.answer(403, b"Forbidden"))

    error = refusal(stage)

    assert isinstance(error, SignOnRefused)
    assert "no such instance" in error.message
    assert "acme-prod.domo.com" in error.message


@pytest.mark.parametrize("status", [400, 401])
def test_a_4xx_to_a_sign_on_is_a_refusal(stage: Stage, status: int) -> None:
    """Other refusals than the observed one are refusals, too, and are not repeated."""
    stage.on(SIGN_ON, stage.answer(status, {"message": "no"}))

    error = refusal(stage)

    assert isinstance(error, SignOnRefused)
    assert f"{status}: no" in error.message
    assert stage.count(SIGN_ON) == 1


def test_a_refusal_of_an_instance_without_references_has_a_hint(stage: Stage) -> None:
    """Where no reference says whence the password came, the hint does without."""

    async def work(domo: DomoHttp) -> None:
        async with domo.session(replace(stage.instance(), auth=None), stage.password):
            pass

    stage.on(SIGN_ON, stage.answer(200, {"success": False, "reason": "INVALID_CREDENTIALS"}))

    with pytest.raises(SignOnRefused) as caught:
        stage.run_domo(work)
    assert (caught.value.hint or "").startswith("check the credential; ")


@pytest.mark.parametrize("status", [302, 404, 500, 503])
def test_a_useless_answer_to_a_password_is_not_sent_again(stage: Stage, status: int) -> None:
    """After a 5xx the password may have been judged, so it is not risked a second time."""
    stage.on(SIGN_ON, stage.answer(status, Location="https://login.example/x"))

    error = refusal(stage)

    assert isinstance(error, Unreachable)
    assert str(status) in error.message
    assert stage.count(SIGN_ON) == 1


@pytest.mark.parametrize("body", [b"<html>", b"", b"[]", b"null", b"[" * 50_000])
def test_a_sign_on_answered_with_garbage_is_unreachable(stage: Stage, body: bytes) -> None:
    """An answer that is no JSON object is neither a grant nor a refusal."""
    stage.on(SIGN_ON, stage.answer(200, body))

    error = refusal(stage)

    assert isinstance(error, Unreachable)
    assert "not answered usefully" in error.message
    assert stage.count(SIGN_ON) == 1


@pytest.mark.parametrize("fault", ["hang", "reset", "closed"])
def test_a_password_whose_answer_was_lost_is_not_sent_again(stage: Stage, fault: str) -> None:
    """It may have been judged: a retry could be the one that locks the account."""
    stage.on(
        SIGN_ON,
        {"hang": stage.hang(), "reset": stage.reset(), "closed": stage.raw(b"")}[fault],
    )

    error = refusal(stage)

    assert isinstance(error, Unreachable)
    assert f"127.0.0.1:{stage.port}" in error.message
    assert stage.count(SIGN_ON) == 1


def test_429_to_a_password_is_waited_out(stage: Stage) -> None:
    """A sign-on that was turned away did not judge the password, so it is sent again."""
    granted = stage.answer(200, {"userId": 27, "success": True, "sessionToken": "s3ssion"})
    stage.on(SIGN_ON, stage.answer(429, Retry_After="2"), stage.answer(429), granted)

    assert stage.run(who) == (27, "user:27")
    assert len(stage.clock.slept) == 2


def test_429_to_a_password_without_end_is_unreachable(stage: Stage) -> None:
    """A limit that outlasts the deadline is no refusal of the password."""
    stage.on(SIGN_ON, stage.answer(429, Retry_After="100"))

    error = refusal(stage)

    assert isinstance(error, Unreachable)
    assert "too many requests" in error.message


def test_a_cookie_is_sent_again_after_a_5xx(stage: Stage) -> None:
    """No password is judged by it, so a cookie's sign-on is as safe to repeat as reading."""
    granted = stage.answer(200, {"userId": 27, "success": True, "sessionToken": "s3ssion"})
    stage.on(SIGN_ON, stage.answer(503), stage.reset(), granted)

    assert stage.run(who, stage.cookie) == (27, "user:27")
    assert stage.count(SIGN_ON) == 3


@pytest.mark.parametrize(
    "credential",
    [
        PasswordCredential(email="ops@acme.example", password=Secret("br\udce4ken")),
        PasswordCredential(email="\udce4@acme.example", password=Secret("whole")),
        CookieCredential(dsidv1=Secret("br\nken")),
        CookieCredential(dsidv1=Secret("br;ken=1")),
        TokenCredential(token=Secret("brökén")),
        TokenCredential(token=Secret("")),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_credential_that_cannot_be_sent_is_said_and_not_shown(
    stage: Stage, credential: Credential
) -> None:
    """The library's own error would quote the header; ours does not, and nothing is sent."""
    error = refusal(stage, credential)

    assert isinstance(error, CredentialUnavailable)
    assert "ken" not in error.message.replace("token", "")
    assert stage.asked == []


def test_concurrent_401s_sign_on_once(stage: Stage) -> None:
    """The first task that sees the session's end renews it; the others use what it got."""

    async def five(session: HttpSession) -> list[Listing]:
        return await asyncio.gather(*(session.list_clients() for _ in range(5)))

    stage.signs_on("s3ssion-one", "s3ssion-two", "s3ssion-three")
    stage.on(LIST, *[stage.answer(401)] * 5, stage.answer(200, []))

    assert len(stage.run(five)) == 5
    assert stage.count(SIGN_ON) == 2
    assert {each.headers["x-domo-authentication"] for each in stage.asked[7:]} == {"s3ssion-two"}


@pytest.mark.parametrize("fault", ["refused", "lost"])
def test_a_failed_renewal_stops_every_task(stage: Stage, fault: str) -> None:
    """A refused or lost renewal is not tried by the next task that waits for the lock."""

    async def five(session: HttpSession) -> list[Listing | BaseException]:
        return await asyncio.gather(
            *(session.list_clients() for _ in range(5)), return_exceptions=True
        )

    granted = stage.answer(200, {"userId": 27, "success": True, "sessionToken": "s3ssion"})
    refused = stage.answer(200, {"success": False, "reason": "INVALID_CREDENTIALS"})
    stage.on(SIGN_ON, granted, {"refused": refused, "lost": stage.reset()}[fault])
    stage.on(LIST, stage.answer(401))

    outcomes = stage.run(five)

    expected = {"refused": SignOnRefused, "lost": Unreachable}[fault]
    assert [type(each) for each in outcomes] == [expected] * 5
    assert stage.count(SIGN_ON) == 2


def test_a_session_that_is_not_accepted_is_given_up_for_good(stage: Stage) -> None:
    """After a second 401 the session does not sign on once more for its next request."""

    async def twice(session: HttpSession) -> None:
        for _ in range(2):
            with pytest.raises(SignOnRefused, match="just given"):
                await session.list_clients()

    stage.signs_on("s3ssion-one", "s3ssion-two")
    stage.on(LIST, stage.answer(401))

    stage.run(twice)

    assert (stage.count(SIGN_ON), stage.count(LIST)) == (2, 2)


def test_a_refused_access_token_is_said(stage: Stage) -> None:
    """A token that is refused when it is first used is a refused sign-on, without its text."""
    stage.on(LIST, stage.answer(401))

    with pytest.raises(SignOnRefused, match="refused the access token") as caught:
        stage.run(list_them, stage.token)
    assert "t0ken" not in str(caught.value)
