"""The requests of Domo's API as values: URL, headers, body, and whether each may be sent again.

Sources: Domo's OpenAPI descriptions for the sign-on, `POST /clients` and `oauth/token`; for
`developer-tokens`, what public clients rely on.
"""

from collections.abc import Mapping
from typing import Final

import httpx
import orjson

from reconciler import __version__
from reconciler.domo.retry import Resend
from reconciler.model.instance import Instance
from reconciler.ports import CookieCredential, PasswordCredential

LIST_CAP: Final = 16_000_000
"""Bytes of a list: about forty thousand clients. A larger answer could only exhaust the memory."""

SIGN_ON_PATH: Final = "/api/content/v2/authentication"
_TOKENS_PATH: Final = "/api/identity/v1/developer-tokens"
_ACCESS_TOKENS_PATH: Final = "/api/data/v1/accesstokens"
_GRANT: Final = "grant_type=client_credentials"


def password_sign_on(instance: Instance, credential: PasswordCredential) -> httpx.Request:
    """Build a direct sign-on: `UNSENT`, because a lost answer may have judged the password.

    Raises:
        UnicodeError: the e-mail address or the password cannot be encoded as JSON.

    """
    body = {
        "method": "password",
        "emailAddress": _encodable(credential.email),
        "password": _encodable(credential.password.reveal()),
    }
    return _sign_on(instance, body, {}, Resend.UNSENT)


def cookie_sign_on(instance: Instance, credential: CookieCredential) -> httpx.Request:
    """Build an SSO sign-on. No password is judged, and a second session is harmless: `READING`."""
    cookie = {"Cookie": f"{credential.name}={credential.dsidv1.reveal()}"}
    return _sign_on(instance, {"method": "exptoken"}, cookie, Resend.READING)


def _sign_on(
    instance: Instance, body: Mapping[str, object], headers: dict[str, str], resend: Resend
) -> httpx.Request:
    return _request(
        "POST",
        instance.endpoints.instance + SIGN_ON_PATH,
        body=body,
        headers={"Origin": f"https://{instance.domain}", **headers},
        extensions={"resend": resend},
    )


def create_with_session(
    instance: Instance, *, name: str, description: str, scope: tuple[str, ...]
) -> httpx.Request:
    """Build a create on the API host, for a session."""
    return _request(
        "POST",
        f"{instance.endpoints.api}/clients",
        body={"name": name, "description": description, "scope": list(scope)},
        headers={"X-DOMO-CustomerDomain": instance.domain},
        extensions={"resend": Resend.UNSENT},
    )


def create_on_instance(
    instance: Instance, *, name: str, description: str, scope: tuple[str, ...]
) -> httpx.Request:
    """Build a create on the instance, which accepts an access token or a session."""
    return _request(
        "POST",
        instance.endpoints.instance + _TOKENS_PATH,
        body={"name": name, "description": description, "scopes": list(scope)},
        headers={},
        extensions={"resend": Resend.UNSENT},
    )


def list_clients(instance: Instance, *, offset: int = 0, limit: int | None = None) -> httpx.Request:
    """Build the list of an instance's clients; a later page asks for its `offset`."""
    extensions = {"resend": Resend.READING, "cap": LIST_CAP}
    url = instance.endpoints.instance + _TOKENS_PATH
    if offset:
        url += f"?offset={offset}" + (f"&limit={limit}" if limit else "")
    return _request("GET", url, body=None, headers={}, extensions=extensions)


def list_access_tokens(instance: Instance) -> httpx.Request:
    """Build the list of the access tokens that the user sees; it has no values."""
    url = instance.endpoints.instance + _ACCESS_TOKENS_PATH
    return _request(
        "GET", url, body=None, headers={}, extensions={"resend": Resend.UNSENT, "cap": LIST_CAP}
    )


def revoke(instance: Instance, numeric_id: int) -> httpx.Request:
    """Build a revoke."""
    url = f"{instance.endpoints.instance}{_TOKENS_PATH}/{numeric_id}"
    return _request("DELETE", url, body=None, headers={}, extensions={"resend": Resend.UNSENT})


def prove(instance: Instance) -> httpx.Request:
    """Build a sign-in with a client's secret; the caller adds the secret as Basic authorization.

    It asks for no scope: a scope that the endpoint does not know would be refused instead of the
    secret.
    """
    return _request(
        "POST",
        f"{instance.endpoints.api}/oauth/token",
        body=None,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        extensions={"resend": Resend.READING},
        content=_GRANT.encode(),
    )


def prove_by_get(instance: Instance) -> httpx.Request:
    """Build the same sign-in as a GET, for an endpoint that answers 405 to a POST."""
    url = f"{instance.endpoints.api}/oauth/token?{_GRANT}"
    return _request("GET", url, body=None, headers={}, extensions={"resend": Resend.READING})


def _request(
    method: str,
    url: str,
    *,
    body: Mapping[str, object] | None,
    headers: dict[str, str],
    extensions: dict[str, object],
    content: bytes | None = None,
) -> httpx.Request:
    general = {"Accept": "application/json", "User-Agent": f"domo-reconciler/{__version__}"}
    if body is None:
        return httpx.Request(
            method, url, headers=general | headers, content=content, extensions=extensions
        )
    general["Content-Type"] = "application/json"
    content = orjson.dumps(body)
    return httpx.Request(
        method, url, headers=general | headers, content=content, extensions=extensions
    )


def _encodable(text: str) -> str:
    text.encode()
    return text
