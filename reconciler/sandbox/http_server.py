"""Serve the sandbox over HTTP: read a request, wait the latency, and send what `exchange` decided.

Faults below HTTP are sent on the socket itself.
"""

import asyncio
import socket
import struct
import threading
import time
from contextlib import suppress
from typing import Final, assert_never

from aiohttp import web

from reconciler.sandbox.control import control
from reconciler.sandbox.fault_responses import (
    Closed,
    CutShort,
    Dripped,
    Held,
    Padded,
    Sending,
    Whole,
)
from reconciler.sandbox.handler import exchange
from reconciler.sandbox.http_types import Request, Response, phrase_of
from reconciler.sandbox.server_state import SandboxState

CHUNK: Final = 65_536
_TICK: Final = 0.02
"""Seconds between two looks at whether the client of a held answer is still connected."""


class Sandbox:
    """Answer requests. `lock` keeps the state consistent for readers in another thread."""

    def __init__(self, world: SandboxState) -> None:
        self.world = world
        self.lock = threading.Lock()
        self._closing = asyncio.Event()

    def close(self) -> None:
        """End answers that hang or drip, so that the server can stop."""
        self._closing.set()

    async def answer(self, http: web.BaseRequest) -> web.StreamResponse:
        """Answer one request.

        A request is carried out even if its client disconnects during the latency, as Domo does it:
        a lost answer does not mean that nothing was created.
        """
        request = await _read(http)
        if request.path.startswith("/control/"):
            with self.lock:
                return _whole(control(self.world, request, time.time()))
        delay = self._delay() / 2
        await asyncio.sleep(delay)
        with self.lock:
            sending = exchange(self.world, request, time.time())
        await asyncio.sleep(delay)
        with suppress(ConnectionError):  # the client has left
            return await self._send(sending, http)
        return web.Response()

    def _delay(self) -> float:
        with self.lock:
            jitter = self.world.jitter
            return self.world.latency + (self.world.draw.uniform(0, jitter) if jitter else 0)

    async def _send(self, sending: Sending, http: web.BaseRequest) -> web.StreamResponse:
        match sending:
            case Whole(response=response):
                return _whole(response)
            case Closed(reset=reset):
                return _close(http, reset=reset)
            case Held(seconds=seconds):
                await self._is_left_alone(http, seconds)
                return _close(http, reset=False)
            case Dripped(response=response, seconds=seconds):
                return await self._drip(response, seconds, http)
            case CutShort(response=response):
                _cut_short(response, http)
                return _close(http, reset=False)
            case Padded(response=response, padding=padding):
                return await _padded(response, padding, http)
            case _:
                assert_never(sending)

    async def _is_left_alone(self, http: web.BaseRequest, seconds: float) -> bool:
        """Wait; return whether the time passed before the client left or the server stopped."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), min(left, _TICK))
                return False
            if http.transport is None or http.transport.is_closing():
                return False
        return True

    async def _drip(
        self, response: Response, seconds: float, http: web.BaseRequest
    ) -> web.StreamResponse:
        sent = _started(response)
        sent.content_length = len(response.body)
        await sent.prepare(http)
        for at in range(len(response.body)):
            if not await self._is_left_alone(http, seconds):
                return _close(http, reset=False)
            await sent.write(response.body[at : at + 1])
        await sent.write_eof()
        return sent


async def _read(http: web.BaseRequest) -> Request:
    return Request(
        method=http.method,
        path=http.path,
        query=dict(http.query),
        headers={name.lower(): value for name, value in http.headers.items()},
        body=await http.content.read(),
    )


def _whole(response: Response) -> web.Response:
    headers = {"Server": "sandbox", **response.headers}
    return web.Response(body=response.body, status=response.status, headers=headers)


def _started(response: Response) -> web.StreamResponse:
    headers = {"Server": "sandbox", **response.headers}
    return web.StreamResponse(status=response.status, headers=headers)


async def _padded(response: Response, padding: int, http: web.BaseRequest) -> web.StreamResponse:
    """Send in chunks, without a `Content-Length`, until the client has enough."""
    sent = _started(response)
    sent.enable_chunked_encoding()
    await sent.prepare(http)
    blank = b" " * CHUNK
    while padding > 0:
        await sent.write(blank[:padding])
        padding -= CHUNK
    await sent.write_eof(response.body)
    return sent


def _cut_short(response: Response, http: web.BaseRequest) -> None:
    """Write to the socket itself: the library does not send less than it announced."""
    lines = [
        f"HTTP/1.1 {response.status} {phrase_of(response.status)}",
        *(f"{name}: {value}" for name, value in response.headers.items()),
        f"content-length: {len(response.body) + 1}",
        "",
        "",
    ]
    half = response.body[: len(response.body) // 2]
    if http.transport is not None:
        http.transport.write("\r\n".join(lines).encode("latin-1") + half)


def _close(http: web.BaseRequest, *, reset: bool) -> web.Response:
    """Close the socket; the response that is returned can no longer be sent.

    With a linger of 0 seconds the kernel answers with RST instead of FIN.
    """
    connection = http.transport
    if connection is not None and reset:
        linger = struct.pack("ii", 1, 0)
        connection.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        connection.abort()
    elif connection is not None:
        connection.close()
    return web.Response()
