"""What goes over the socket, as values: a whole answer, or one that a fault has spoiled."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from email.utils import formatdate
from typing import Literal, assert_never

from reconciler.sandbox.faults import Fault
from reconciler.sandbox.message import Response, answered, document_in, refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """The answer, as it is."""

    response: Response


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """No answer: the socket closes, with a reset (RST) or in order (FIN)."""

    reset: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """No answer: silence for so many seconds, then the socket closes."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Dripped:
    """The answer's body, a byte every so many seconds."""

    response: Response
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CutShort:
    """The first half of the body, under a `Content-Length` for the whole, then the end."""

    response: Response


@dataclass(frozen=True, slots=True, kw_only=True)
class Padded:
    """So many bytes of white space, then the answer's body."""

    response: Response
    padding: int


Sending = Whole | Closed | Held | Dripped | CutShort | Padded


def status_of(sending: Sending) -> int | None:
    """Return the status that the client sees; None where it sees no answer."""
    return None if isinstance(sending, Closed | Held) else sending.response.status


def struck(  # noqa: C901, PLR0912 (one flat table, an arm for each fault)
    fault: Fault, perform: Callable[[], Response], now: float
) -> Sending:
    """Return what a fault makes of a call; `perform` carries the call out where the fault lets it.

    An expired session is ended by the caller: this only says 401.
    """
    match fault.what:
        case "reset_before":
            return Closed(reset=True)
        case "error_before":
            return Whole(response=refused(fault.status or 500))
        case "rate_limited":
            return Whole(response=_rate_limited(fault, now))
        case "redirect":
            headers = {"location": fault.location}
            return Whole(response=Response(status=fault.status or 302, headers=headers))
        case "expired_session":
            return Whole(response=refused(401))
        case "hang":
            if fault.done:
                perform()
            return Held(seconds=3600 if fault.seconds is None else fault.seconds)
        case "lost_answer":
            perform()
            return Closed(reset=False)
        case "error_after":
            perform()
            return Whole(response=refused(fault.status or 500))
        case "slow_drip":
            seconds = 0.05 if fault.seconds is None else fault.seconds
            return Dripped(response=perform(), seconds=seconds)
        case "truncated":
            return CutShort(response=_bodied(perform()))
        case "huge":
            return Padded(response=_bodied(perform()), padding=int(fault.megabytes * 1_000_000))
        case "garbage":
            return Whole(response=_garbage(_bodied(perform()), fault.form))
        case "deep_json":
            body = b"[" * fault.depth + b"]" * fault.depth
            return Whole(response=replace(_bodied(perform()), body=body))
        case "no_secret":
            return Whole(response=_without_secret(perform()))
        case "wrong_name":
            return Whole(response=_renamed(perform()))
        case _:
            assert_never(fault.what)


def _bodied(response: Response) -> Response:
    """Return an answer that may have a body: 204 may not."""
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


def _without_secret(response: Response) -> Response:
    document = document_in(response.body)
    if not isinstance(document, dict):
        return response
    kept = {key: each for key, each in document.items() if "secret" not in key.lower()}
    return answered(response.status, kept)


def _renamed(response: Response) -> Response:
    document = document_in(response.body)
    if not isinstance(document, dict) or "name" not in document:
        return response
    return answered(response.status, {**document, "name": f"{document['name']} of another"})
