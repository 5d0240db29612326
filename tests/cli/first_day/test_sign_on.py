"""Why a first sign-on fails: what `check` shows for each cause, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.first_day.conftest import LIST, SIGN_ON, SIGNED_ON, WORKS, Answer, hint

if TYPE_CHECKING:
    from tests.cli.first_day.conftest import Domo

PAGE = b"<html><title>Domo - Blocked</title>Your IP address 203.0.113.7 is not allowed"
UUID = "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0"
MISSING = b"<html><title>Domo - Page not found</title>"


@pytest.mark.parametrize("method", ["password", "token"])
@pytest.mark.parametrize(
    "blocked", [Answer(body=PAGE), Answer(status=303, headers={"Location": "/whitelist/blocked"})]
)
def test_an_allow_list_is_recognised_by_its_page_and_its_redirect(
    domo: Domo, method: str, blocked: Answer
) -> None:
    """The message names the allow-list, the hint its administrator."""
    run, _ = domo.check({"*": blocked}, method=method)

    assert run.code == 3
    assert "is not on the instance's allow-list (Domo answered " in run.err
    assert "list of allowed IP addresses" in hint(run)


@pytest.mark.parametrize("token", [None, "unusable"])
def test_a_second_factor_costs_one_sign_on(domo: Domo, token: str | None) -> None:
    """The password is sent once, whether or not a session token comes with the request."""
    second = {"status": "REQUIRED", "token": "a", "key": "b"}
    body = {"userId": 1, "success": True, "sessionToken": token, "twoFactorInfo": second}
    run, server = domo.check({SIGN_ON: Answer(body=body)})

    assert run.code == 3
    assert "this user's sign-on needs a second factor" in run.err
    assert "use `method: token`" in hint(run)
    assert [each.line for each in server.asked] == [SIGN_ON]


@pytest.mark.parametrize(
    ("reason", "what", "remedy"),
    [
        ("SSO_ONLY", "only by SSO", "`method: token`"),
        ("DIRECT_SIGN_ON_DISABLED", "only by SSO", "`method: token`"),
        ("PASSWORD_EXPIRED", "password has expired", "set a new password"),
        ("ACCOUNT_LOCKED", "the user is locked", "unlock the user"),
        ("USER_DISABLED", "the user is not active", "activate the user"),
        ("INVALID_CREDENTIALS", "refused the sign-on", "environment variable `VALUE`"),
    ],
)
def test_a_refused_password_shows_its_cause(
    domo: Domo, reason: str, what: str, remedy: str
) -> None:
    """Each reason has its own message and hint, and costs one sign-on."""
    run, server = domo.check({SIGN_ON: Answer(body={"success": False, "reason": reason})})

    assert run.code == 3
    assert what in run.err
    assert reason in run.err
    assert remedy in hint(run)
    assert server.count(SIGN_ON) == 1


@pytest.mark.parametrize(
    "refused",
    [
        Answer(body={"success": False, "reason": "INVALID_CREDENTIALS"}),
        Answer(body={}),
        Answer(),
        Answer(status=401),
        Answer(status=302, headers={"Location": "/auth/index"}),
        Answer(body=b"<html><title>Domo - Login</title>"),
        Answer(status=431),
    ],
    ids=["reason", "object", "empty", "401", "redirect", "page", "431"],
)
def test_an_expired_or_wrong_cookie_is_called_a_cookie(domo: Domo, refused: Answer) -> None:
    """The hint explains where the cookie is; locked accounts are not mentioned."""
    run, _ = domo.check({SIGN_ON: refused}, method="cookie", value=UUID)

    assert run.code == 3
    assert "cookie" in run.err.splitlines()[0]
    assert "`_dsidv1`" in hint(run)
    assert "environment variable `VALUE`" in hint(run)
    assert "lock" not in run.err


@pytest.mark.parametrize(
    ("pasted", "sent"),
    [
        (f'"{UUID}"', f"_dsidv1={UUID}"),
        (f"_dsidv1={UUID}\n", f"_dsidv1={UUID}"),
        (f"Cookie: theme=dark; _dsidv1={UUID}", f"_dsidv1={UUID}"),
        (f"DA-SID-prod5-acme={UUID}", f"DA-SID-prod5-acme={UUID}"),
    ],
)
def test_a_pasted_cookie_is_trimmed(domo: Domo, pasted: str, sent: str) -> None:
    """Name, quotes and header are accepted; a `DA-SID-…` cookie keeps its name."""
    run, server = domo.check(WORKS, method="cookie", value=pasted)

    assert run.code == 0
    assert server.asked[0].headers["cookie"] == sent


def test_a_cookie_among_others_must_be_named(domo: Domo) -> None:
    """A header without `_dsidv1` is not sent."""
    run, server = domo.check(WORKS, method="cookie", value="Cookie: theme=dark; lang=en")

    assert run.code == 3
    assert "the value of the cookie `_dsidv1`" in hint(run)
    assert server.asked == []


def test_a_pasted_access_token_is_trimmed(domo: Domo) -> None:
    """Quotes and the header's name are no part of the token."""
    run, server = domo.check(WORKS, method="token", value='"X-DOMO-Developer-Token: DDCI9a"\n')

    assert run.code == 0
    assert server.asked[0].headers["x-domo-developer-token"] == "DDCI9a"


def test_an_expired_or_revoked_access_token_names_its_source(domo: Domo) -> None:
    """A 401 shows Domo's words, the possible causes, and where a new token goes."""
    refused = Answer(status=401, body={"status": 401, "message": "expired", "toe": "AA-BB"})
    run, _ = domo.check({LIST: refused}, method="token")

    assert run.code == 3
    assert "Domo refused the access token: 401: expired (toe AA-BB)" in run.err
    assert "it has expired, was revoked, or belongs to another instance" in hint(run)
    assert "store it in environment variable `VALUE`" in hint(run)


@pytest.mark.parametrize(
    "unknown",
    [
        Answer(status=403, body=b"Forbidden"),
        Answer(status=403, body={"status": 403}),
        Answer(body={"status": 403, "statusReason": "Forbidden"}),
        Answer(status=404, body=MISSING),
        Answer(body=MISSING),
        Answer(status=302, headers={"Location": "https://www.domo.com/login"}),
    ],
    ids=["text", "json", "json in a 200", "404", "page", "redirect"],
)
def test_an_unknown_instance_points_at_its_domain(domo: Domo, unknown: Answer) -> None:
    """The password is not blamed."""
    run, _ = domo.check({SIGN_ON: unknown})

    assert run.code == 3
    assert "`domain`: acme.domo.com" in hint(run)
    assert "VALUE" not in run.err


@pytest.mark.parametrize("method", ["password", "token"])
@pytest.mark.parametrize("domain", ["acme-dev-1000.domo.com", "acme.dev.domo.com"])
def test_a_developer_sandbox_has_a_domain_of_its_own_kind(
    domo: Domo, domain: str, method: str
) -> None:
    """The hint shows the usual domain of a developer sandbox."""
    forbidden = Answer(status=403, body=b"Forbidden")
    run, _ = domo.check({"*": forbidden}, domain=domain, method=method)

    assert run.code == 3
    assert "usually acme-dev-1000.demo.domo.com" in hint(run)


def test_a_domain_without_an_address_points_at_its_spelling(domo: Domo) -> None:
    """A host name that does not resolve may also need the proxy."""
    domo.write(None, domain="acme.invalid")
    run = domo.reconciler("check", env={"VALUE": "x"})

    assert run.code == 3
    assert "its host name cannot be resolved" in run.err
    assert "the instance's `domain`" in hint(run)
    assert "HTTPS_PROXY" in hint(run)


@pytest.mark.parametrize("line", [SIGN_ON, LIST])
def test_too_large_headers_point_at_a_proxy(domo: Domo, line: str) -> None:
    """431 without a cookie can only come from headers that were added on the way."""
    run, _ = domo.check({SIGN_ON: SIGNED_ON, line: Answer(status=431)})

    assert run.code == 3
    assert "431" in run.err
    assert "a proxy that adds headers" in hint(run)
