"""Requests and responses as values, and the shapes of Domo's answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Literal

import orjson


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """An HTTP request; header names are in lower case, `path` is percent-decoded."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """An HTTP response; its `Content-Length` follows from the body."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def answered(status: int, document: Any) -> Response:
    """Answer with JSON."""
    return Response(
        status=status,
        body=orjson.dumps(document),
        headers={"content-type": "application/json;charset=utf-8"},
    )


def refused(status: int) -> Response:
    """Answer like Domo, with the status in the body and no cause."""
    phrase = phrase_of(status)
    return answered(status, {"status": status, "statusReason": phrase, "message": phrase})


def explained(response: Response, *, path: str, toe: str, message: str | None = None) -> Response:
    """Add the fields of Domo's error bodies: path, `toe`, and the message if one is given."""
    document = document_in(response.body)
    if response.status < 400 or not isinstance(document, dict) or "statusReason" not in document:
        return response
    said = {} if message is None else {"message": message}
    document = {**document, "path": path, **said, "toe": toe}
    return Response(
        status=response.status, body=orjson.dumps(document), headers=dict(response.headers)
    )


def blocked(form: Literal["page", "redirect"]) -> Response:
    """Answer a caller with an address that is not allowed."""
    if form == "redirect":
        return Response(status=303, headers={"location": "/whitelist/blocked?reason=ip"})
    page = b"<!doctype html><html><head><title>Domo - Blocked</title></head><body></body></html>"
    return Response(status=403, body=page, headers={"content-type": "text/html;charset=utf-8"})


def phrase_of(status: int) -> str:
    """Return the reason phrase of a status, empty for a non-standard one such as 520."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def forbidden() -> Response:
    """Answer as for an instance that does not exist: plain text, not JSON."""
    return Response(status=403, body=b"Forbidden", headers={"content-type": "text/plain"})


def document_in(body: bytes) -> Any:
    """Return the JSON of a body, None if it is not JSON."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
