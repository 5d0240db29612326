"""Domo's answers as values.

Required fields are checked strictly, and unknown fields are ignored. The text of an `Unusable`
describes what is wrong with an answer and quotes no part of it, because it may contain a secret.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeGuard

import orjson

from reconciler.model.client import ListedClient
from reconciler.model.client_id import is_whole
from reconciler.model.jwt import instant
from reconciler.model.scope import canonical
from reconciler.model.secret import Secret
from reconciler.ports import ClientCreated

_GRAPHIC: Final = re.compile(r"[!-~]+")
_DIGITS: Final = re.compile(r"[0-9]{1,18}")
_REASONS: Final = ("reason", "error_description", "message", "error", "statusReason")
_MARKS_OF_A_CUT: Final = ("hasMore", "more", "truncated", "incomplete", "partial", "next")
"""Fields with which servers mark a list as incomplete if their value is true."""


class Unusable(ValueError):  # noqa: N818 (the answer is unusable; it is not an error of ours)
    """An answer lacks a required part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionGranted:
    """A session. `user` is Domo's id of the user who signed on, None if the answer lacks it.

    `waits` means that a second factor is still to come: the session cannot be used.
    """

    token: Secret
    user: int | None
    waits: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionDenied:
    """No session. `reason` is Domo's own word for it, empty if the answer has none.

    `status` is that of the body: Domo has answered 200 with a 403 there for an unknown instance.
    """

    reason: str
    status: int | None = None
    two_factor: bool = False


def document(body: bytes) -> Any:
    """Parse JSON; the parser refuses more than a thousand levels of nesting.

    Raises:
        Unusable: it is not JSON.

    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        # Not chained: the parser's error contains the whole document.
        raise Unusable("the answer is not JSON") from None


def session(body: bytes) -> SessionGranted | SessionDenied:
    """Read the answer of a sign-on; a refusal is HTTP 200 as well.

    Raises:
        Unusable: it is not a JSON object.

    """
    answer = _mapping(document(body))
    token = answer.get("sessionToken")
    second = answer.get("twoFactorInfo")
    status = second.get("status") if isinstance(second, Mapping) else None
    waits = status not in (None, "") and str(status).upper() != "VALID"
    if answer.get("success") is not False and is_header_value(token):
        return SessionGranted(token=Secret(token), user=_number(answer.get("userId")), waits=waits)
    return SessionDenied(
        reason=_reason(answer), status=_number(answer.get("status")), two_factor=waits
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One answer to a list request.

    `total` and `limit` are the answer's own figures, None if it has none. `cut` is true if the
    answer is marked as incomplete or has an entry that cannot be read.
    """

    clients: tuple[ListedClient, ...]
    total: int | None = None
    limit: int | None = None
    cut: bool = False


def page(body: bytes) -> Page:
    """Read a list of clients: an array, or Domo's paginated form, `{"entries": […]}`.

    `null` is the list of an instance without clients.

    Raises:
        Unusable: it has neither form, so it does not even show that the instance has no clients.

    """
    answer = document(body)
    if answer is None:
        return Page(clients=())
    around = answer if isinstance(answer, Mapping) else {}
    entries = around.get("entries") if around else answer
    if not isinstance(entries, list):
        raise Unusable("the answer is not a list of clients")
    read = tuple(_listed(each) for each in entries if _is_client(each))
    return Page(
        clients=read,
        total=_number(around.get("totalCount", around.get("total"))),
        limit=_number(around.get("limit")),
        cut=len(read) < len(entries) or any(around.get(each) for each in _MARKS_OF_A_CUT),
    )


def _is_client(entry: object) -> bool:
    return isinstance(entry, Mapping) and any(key in entry for key in ("id", "name", "clientId"))


def _listed(entry: Mapping[str, Any]) -> ListedClient:
    client_id = _text(entry.get("clientId"))
    whole = is_whole(client_id)
    return ListedClient(
        id=_number(entry.get("id")),
        name=_text(entry.get("name")),
        description=_text(entry.get("description")),
        client_id=client_id if whole else None,
        hidden="" if whole else client_id,
        owner=_number(entry.get("userId")),
        scope=_scope(entry),
    )


def token_ends(body: bytes) -> tuple[datetime | None, ...]:
    """Read a list of access tokens: the end of each, None if it cannot be read.

    Raises:
        Unusable: it is not a list of tokens.

    """
    answer = document(body)
    entries = answer.get("entries") if isinstance(answer, Mapping) else answer
    if not isinstance(entries, list) or not all(isinstance(each, Mapping) for each in entries):
        raise Unusable("the answer is not a list of access tokens")
    return tuple(instant(each.get("expires", each.get("expiration"))) for each in entries)


def made(body: bytes) -> ClientCreated:
    """Read the answer of a create, in the spelling of either endpoint.

    An id and a secret are a success. Name, description and scope are not compared with the request,
    because Domo may repeat them in another spelling. The list shows what Domo stored.

    Raises:
        Unusable: a usable id or secret is missing.

    """
    answer = _mapping(document(body))
    client_id = answer.get("client_id", answer.get("clientId"))
    secret = answer.get("client_secret", answer.get("clientSecret"))
    if not _is_visible(client_id):
        raise Unusable("the answer has no usable client id")
    if not _is_visible(secret):
        raise Unusable("the answer has no usable secret")
    return ClientCreated(
        client_id=client_id,
        secret=Secret(secret),
        owner=_number(answer.get("user", answer.get("userId"))),
        id=_number(answer.get("id")),
        name=_text(answer.get("name")) or None,
        description=_text(answer.get("description")) or None,
        scope=_scope(answer),
    )


def access_token(body: bytes) -> bool:
    """Return whether an answer contains an access token.

    Raises:
        Unusable: it is not a JSON object.

    """
    return _is_visible(_mapping(document(body)).get("access_token"))


def is_invalid_client(body: bytes) -> bool:
    """Return whether an OAuth error concerns the client's id or secret."""
    try:
        return _mapping(document(body)).get("error") == "invalid_client"
    except Unusable:
        return False


def is_header_value(value: object) -> TypeGuard[str]:
    """Return whether a header can contain a token; the library's error would quote the token."""
    return isinstance(value, str) and _GRAPHIC.fullmatch(value) is not None


def _mapping(answer: object) -> Mapping[str, Any]:
    if not isinstance(answer, Mapping):
        raise Unusable("the answer is not a JSON object")
    return answer


def _reason(answer: Mapping[str, Any]) -> str:
    return next((answer[key] for key in _REASONS if isinstance(answer.get(key), str)), "")


def _is_visible(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and "*" not in value and _GRAPHIC.fullmatch(value) is not None


def _number(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value if value >= 0 else None
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        return int(value)
    return None


def _scope(entry: Mapping[str, Any]) -> tuple[str, ...]:
    scopes = entry.get("scopes", entry.get("scope"))
    return canonical(each for each in _list(scopes) if isinstance(each, str) and each)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
