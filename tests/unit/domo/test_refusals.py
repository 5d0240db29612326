"""Refused sign-ons: each known cause shows Domo's own words and its remedy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.model.errors import SignOnRefused
from tests.unit.domo.test_sign_on import LIST, SIGN_ON, refusal

if TYPE_CHECKING:
    from tests.unit.domo.conftest import Stage


def test_a_session_that_waits_for_a_second_factor_is_not_used(stage: Stage) -> None:
    """A session token with a status other than VALID: the password is sent once, and no more."""
    waiting = {"sessionToken": "pending", "userId": 1, "twoFactorInfo": {"status": "REQUIRED"}}
    stage.on(SIGN_ON, stage.answer(200, waiting))

    error = refusal(stage)

    assert "second factor" in error.message
    assert "method: token" in (error.hint or "")
    assert stage.count(SIGN_ON) == 1
    assert stage.count(LIST) == 0


@pytest.mark.parametrize(
    ("reason", "hint"),
    [
        ("TWO_FACTOR_REQUIRED", "method: token"),
        ("MFA_REQUIRED", "method: token"),
        ("DIRECT_SIGN_ON_NOT_ALLOWED", "direct sign-on"),
        ("SSO_REQUIRED", "direct sign-on"),
        ("PASSWORD_EXPIRED", "new password"),
        ("USER_DISABLED", "activate"),
    ],
)
def test_a_reason_that_no_other_password_changes_has_its_own_remedy(
    stage: Stage, reason: str, hint: str
) -> None:
    """Each known cause shows Domo's word and what to do, not the password's source."""
    stage.on(SIGN_ON, stage.answer(200, {"success": False, "reason": reason}))

    error = refusal(stage)

    assert reason in error.message
    assert hint in (error.hint or "")
    assert "check the value of" not in (error.hint or "")


@pytest.mark.parametrize("status", [200, 401, 403])
def test_a_refused_cookie_is_called_a_cookie(stage: Stage, status: int) -> None:
    """The message and the hint speak of the cookie, and never of a locked account."""
    stage.on(SIGN_ON, stage.answer(status, {"success": False, "message": "no", "toe": "AA-BB"}))

    error = refusal(stage, stage.cookie)

    assert isinstance(error, SignOnRefused)
    assert "cookie" in error.message
    assert "AA-BB" in error.message
    assert "_dsidv1" in (error.hint or "")
    assert "lock" not in (error.hint or "")


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (200, b"<html><title>Domo - Blocked</title><p>Your IP 203.0.113.7 is not", {}),
        (303, b"", {"Location": "/admin/whitelist/blocked?ip=203.0.113.7"}),
        (403, b'{"status": 403, "message": "IP 203.0.113.7 is not allowed"}', {}),
    ],
)
def test_an_address_that_is_not_allowed_is_named(
    stage: Stage, status: int, body: bytes, headers: dict[str, str]
) -> None:
    """The allow-list is recognised by its page, its redirect and its message."""
    stage.on(SIGN_ON, stage.answer(status, body, **headers))

    error = refusal(stage)

    assert "IP address 203.0.113.7 is not on the instance's allow-list" in error.message


@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_failed_sign_on_shows_the_message_and_toe(stage: Stage, status: int) -> None:
    """Domo's support asks for the `toe`, so every failure shows it."""
    body = {"status": status, "message": "Full authentication", "toe": "O6Q67-NVA7L"}
    stage.on(SIGN_ON, stage.answer(status, body))

    error = refusal(stage)

    assert f"{status}: Full authentication (toe O6Q67-NVA7L)" in error.message
