"""When a credential says that it ends."""

import base64
import urllib.parse
from datetime import UTC, datetime

import pytest

from reconciler.model.jwt import expiry
from reconciler.model.secret import Secret


def token(claims: str) -> Secret:
    """Return a JWT with these claims, unsigned."""
    return Secret(f"e30.{base64.urlsafe_b64encode(claims.encode()).decode().rstrip('=')}.x")


def test_a_jwt_says_when_it_ends() -> None:
    """`exp` is in seconds since 1970."""
    assert expiry(token('{"exp": 1767225600}')) == datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("safe", ["", "="])
def test_a_session_of_domo_says_when_it_ends(safe: str) -> None:
    """It is URL-encoded base64 of JSON, and its `expiration` is in milliseconds."""
    encoded = base64.b64encode(b'{"userId": "1", "expiration": 1767225600000}').decode()
    cookie = Secret(urllib.parse.quote(encoded, safe=safe))
    assert expiry(cookie) == datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "claims",
    ["{}", "[]", "3", '{"exp": "soon"}', '{"exp": 1e300}', "{", '{"exp": null}', "[" * 9000],
)
def test_anything_else_says_nothing(claims: str) -> None:
    """What is no JWT, or a wild one, has no end that is known."""
    assert expiry(token(claims)) is None


@pytest.mark.parametrize("text", ["", "opaque", "a.b", "a.é.c", "a.b.c.d", f"a.{'x' * 20000}.c"])
def test_an_opaque_credential_says_nothing(text: str) -> None:
    """Most cookies and tokens are not JWTs."""
    assert expiry(Secret(text)) is None
