"""Layers over the connections: retry, rate limit, trace, and limits of size and time.

`BoundedTransport` reads a response whole. A body that is cut short or too slow is therefore a
failure of the exchange, which `Retrying` sees.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final

import httpx

from reconciler.domo.errors import TooLarge, phrase
from reconciler.domo.rate_limit import RateLimiter
from reconciler.domo.retry import Failed, Resend, RetryPolicy, retry_after
from reconciler.model.strings import printable
from reconciler.ports import Clock

CAP: Final = 1_000_000
"""Bytes of an answer that does not say otherwise in its request's `cap`."""

_CODINGS: Final = frozenset({"", "identity", "gzip", "deflate"})
"""What a body may be packed in: codings that unpack a thousandfold at most, and one at a time.

Two layers of gzip, or one of Brotli, make gigabytes out of a chunk before its size can be seen."""

_LOOK: Final = 0.2
"""Seconds between two checks whether the run was stopped: short enough for Ctrl-C."""

_OWN_QUERY: Final = frozenset({"offset", "limit", "grant_type"})

_KEPT_HEADERS: Final = (b"retry-after", b"date")


class BoundedTransport(httpx.AsyncBaseTransport):
    """Reads answers whole, within a number of bytes and of seconds."""

    def __init__(self, inner: httpx.AsyncBaseTransport, *, seconds: float) -> None:
        self._inner = inner
        self._seconds = seconds

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Return an answer that holds its body.

        Raises:
            TooLarge: the body, decompressed, is over the request's `cap`.
            httpx.DecodingError: the body is packed in a way that could fill the memory.
            httpx.ReadTimeout: the exchange as a whole took too long.
            httpx.RemoteProtocolError: the answer is not one that HTTP knows.

        """
        try:
            async with asyncio.timeout(self._seconds):
                return await self._whole(request)
        except TimeoutError:
            raise httpx.ReadTimeout("the exchange took too long", request=request) from None
        except (OSError, ValueError, httpx.InvalidURL):
            # What the libraries let through: a broken TLS record, a Location that is no URL.
            raise httpx.RemoteProtocolError("no HTTP answer", request=request) from None

    async def _whole(self, request: httpx.Request) -> httpx.Response:
        answer = await self._inner.handle_async_request(request)
        try:
            _refuse_bomb(answer)
            body = await _read(answer, cap=request.extensions.get("cap", CAP))
        finally:
            await answer.aclose()
        # Fewer headers on purpose: the body is decoded already, cookies are not wanted, and the
        # client outside must not see a redirect.
        return httpx.Response(
            answer.status_code,
            headers=[
                (key, value) for key, value in answer.headers.raw if key.lower() in _KEPT_HEADERS
            ],
            content=body,
            extensions={"location": answer.headers.get("location", "")},
        )

    async def aclose(self) -> None:
        """Close the layer within."""
        await self._inner.aclose()


def _refuse_bomb(answer: httpx.Response) -> None:
    coding = answer.headers.get("content-encoding", "").strip().lower()
    if coding not in _CODINGS:
        raise httpx.DecodingError("a coding that was not asked for", request=answer.request)


async def _read(answer: httpx.Response, *, cap: int) -> bytes:
    body = bytearray()
    async for chunk in answer.aiter_bytes():
        body += chunk
        if len(body) > cap:
            raise TooLarge(f"an answer is over {cap} bytes", request=answer.request)
    return bytes(body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request that was sent: `status` is None and `failure` says why if nothing came back.

    `path` has the query; a value in it is shown only if it is one of the tool's own.
    """

    method: str
    host: str
    path: str
    status: int | None
    milliseconds: int
    failure: str = ""


class Traced(httpx.AsyncBaseTransport):
    """Reports each request when it has ended."""

    def __init__(
        self, inner: httpx.AsyncBaseTransport, *, clock: Clock, report: Callable[[Exchange], None]
    ) -> None:
        self._inner = inner
        self._clock = clock
        self._report = report

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send; report the status, or what failed."""
        began = self._clock.monotonic()
        status, failure = None, "interrupted"
        try:
            answer = await self._inner.handle_async_request(request)
        except httpx.RequestError as error:
            failure = phrase(error)
            raise
        else:
            status, failure = answer.status_code, ""
            return answer
        finally:
            self._report(
                Exchange(
                    method=printable(request.method),
                    host=printable(request.url.netloc.decode()),
                    path=_shown_path(request.url),
                    status=status,
                    milliseconds=round((self._clock.monotonic() - began) * 1000),
                    failure=failure,
                )
            )

    async def aclose(self) -> None:
        """Close the layer within."""
        await self._inner.aclose()


def _shown_path(url: httpx.URL) -> str:
    path = url.raw_path.split(b"?")[0].decode()
    shown = [
        f"{key}={value if key in _OWN_QUERY else '…'}" for key, value in url.params.multi_items()
    ]
    return printable(f"{path}?{'&'.join(shown)}" if shown else path)


class RateLimitTransport(httpx.AsyncBaseTransport):
    """Waits for a slot of the request's host."""

    def __init__(self, inner: httpx.AsyncBaseTransport, *, pace: RateLimiter, clock: Clock) -> None:
        self._inner = inner
        self._pace = pace
        self._clock = clock

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send at the next slot."""
        wait = self._pace.wait(request.url.netloc.decode(), self._clock.monotonic())
        if wait > 0:
            await self._clock.sleep(wait)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Close the layer within."""
        await self._inner.aclose()


class Retrying(httpx.AsyncBaseTransport):
    """Sends again what its `resend` extension allows, for as long as the policy says.

    Once `stopped` returns true, nothing is sent again, and a wait ends.
    """

    def __init__(
        self,
        inner: httpx.AsyncBaseTransport,
        *,
        policy: RetryPolicy,
        clock: Clock,
        rng: Random,
        stopped: Callable[[], bool] | None = None,
    ) -> None:
        self._stopped = stopped
        self._inner = inner
        self._policy = policy
        self._clock = clock
        self._rng = rng

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Return the last answer, or raise the last failure."""
        resend = request.extensions.get("resend", Resend.UNSENT)
        start, tries = self._clock.monotonic(), 1
        while True:
            outcome = await self._try(request)
            failed = self._failed(outcome, tries, self._clock.monotonic() - start)
            wait = self._policy.wait(resend, failed, self._rng) if failed else None
            if wait is None or not await self._waited(wait):
                break
            tries += 1
        if isinstance(outcome, httpx.Response):
            return outcome
        raise outcome

    async def _waited(self, seconds: float) -> bool:
        """Wait; return whether to continue afterwards."""
        if self._stopped is None:
            await self._clock.sleep(seconds)
            return True
        until = self._clock.monotonic() + seconds
        while not self._stopped() and (left := until - self._clock.monotonic()) > 0:
            await self._clock.sleep(min(left, _LOOK))
        return not self._stopped()

    async def _try(self, request: httpx.Request) -> httpx.Response | httpx.RequestError:
        try:
            return await self._inner.handle_async_request(request)
        except httpx.RequestError as failure:
            return failure

    def _failed(
        self, outcome: httpx.Response | httpx.RequestError, tries: int, elapsed: float
    ) -> Failed | None:
        if not isinstance(outcome, httpx.Response):
            return Failed(what=outcome, tries=tries, elapsed=elapsed)
        if outcome.status_code < 400:
            return None
        seconds = retry_after(outcome.headers, self._clock.now())
        return Failed(what=outcome.status_code, tries=tries, elapsed=elapsed, retry_after=seconds)

    async def aclose(self) -> None:
        """Close the layer within."""
        await self._inner.aclose()
