"""What goes over the socket, as values: a complete answer, or one that a fault has changed."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from email.utils import formatdate
from typing import Literal, assert_never

from reconciler.sandbox.faults import Fault
from reconciler.sandbox.http_types import Response, answered, blocked, refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """The unchanged answer."""

    response: Response


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """No answer: the socket closes, with a reset (RST) or in order (FIN)."""

    reset: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """No answer: silence for some seconds, then the socket closes."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Dripped:
    """The answer's body, one byte after each interval in seconds."""

    response: Response
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CutShort:
    """The first half of the body with a `Content-Length` for the whole, then the end."""

    response: Response


@dataclass(frozen=True, slots=True, kw_only=True)
class Padded:
    """A number of bytes of white space, then the answer's body."""

    response: Response
    padding: int


Sending = Whole | Closed | Held | Dripped | CutShort | Padded


def status_of(sending: Sending) -> int | None:
    """Return the status that the client gets, None if it gets no answer."""
    return None if isinstance(sending, Closed | Held) else sending.response.status


def apply_fault(fault: Fault, perform: Callable[[], Response], now: float) -> Sending:
    """Return what is sent for a call with a fault; `perform` carries it out with the fault's edits.

    The caller ends an expired session; this function only answers 401.
    """
    match fault.what:
        case "reset_before":
            return Closed(reset=True)
        case "hang":
            if fault.done:
                perform()
            return Held(seconds=3600 if fault.seconds is None else fault.seconds)
        case "lost_answer":
            perform()
            return Closed(reset=False)
        case "slow_drip":
            seconds = 0.05 if fault.seconds is None else fault.seconds
            return Dripped(response=perform(), seconds=seconds)
        case "truncated":
            return CutShort(response=_bodied(perform()))
        case "huge":
            return Padded(response=_bodied(perform()), padding=int(fault.megabytes * 1_000_000))
        case _:
            return Whole(response=_replaced(fault, now) or _spoiled(fault, perform()))


def _replaced(  # noqa: C901 (one flat table, an arm for each fault)
    fault: Fault, now: float
) -> Response | None:
    """Return the answer of a fault that prevents the call; None for the other faults."""
    match fault.what:
        case "error_before":
            return refused(fault.status or 500)
        case "rate_limited":
            return _rate_limited(fault, now)
        case "redirect":
            return Response(status=fault.status or 302, headers={"location": fault.location})
        case "expired_session":
            return refused(401)
        case "blocked_page":
            return blocked("page")
        case "blocked_redirect":
            return blocked("redirect")
        case "sign_on_refused":
            return answered(200, {"success": False, "reason": fault.reason})
        case "no_effect":
            return Response(status=204)
        case "oauth_error":
            return answered(fault.status or 400, {"error": fault.error})
        case "answer":
            return None if fault.done else _canned(fault)
        case _:
            return None


def _spoiled(fault: Fault, response: Response) -> Response:
    match fault.what:
        case "error_after":
            return refused(fault.status or 500)
        case "answer":
            return _canned(fault)
        case "garbage":
            return _garbage(_bodied(response), fault.form)
        case "deep_json":
            body = b"[" * fault.depth + b"]" * fault.depth
            return replace(_bodied(response), body=body)
        case _:
            return response


def _canned(fault: Fault) -> Response:
    return Response(
        status=fault.status or 200,
        body=fault.body.encode(),
        headers={"content-type": fault.content_type},
    )


def _bodied(response: Response) -> Response:
    """Return an answer that may have a body: 204 must not have one."""
    return replace(response, status=200) if response.status == 204 else response


def _rate_limited(fault: Fault, now: float) -> Response:
    seconds = 1 if fault.seconds is None else math.ceil(fault.seconds)
    match fault.retry_after:
        case "seconds":
            headers = {"retry-after": str(seconds)}
        case "date":
            headers = {"retry-after": formatdate(math.ceil(now) + seconds, usegmt=True)}
        case "absent":
            headers = {}
        case _:
            assert_never(fault.retry_after)
    return Response(status=429, headers=headers)


def _garbage(response: Response, form: Literal["truncated", "text", "html"]) -> Response:
    match form:
        case "truncated":
            return replace(response, body=response.body[: len(response.body) // 2] or b"{")
        case "text":
            return replace(response, body=b"upstream connect error \xff\xfe\x00")
        case "html":
            page = b"<!doctype html><title>Sign in</title><h1>Please sign in</h1>"
            return replace(response, body=page, headers={"content-type": "text/html"})
        case _:
            assert_never(form)
