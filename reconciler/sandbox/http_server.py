"""The core as an ASGI application: read a request, wait for the latency, send the `Sending`.

A fault below HTTP needs the socket itself. `Connection` stores it in the scope's `state`; the
rest is ordinary ASGI.
"""

import asyncio
import socket
import struct
import threading
import time
from collections.abc import Mapping
from typing import Final, assert_never

from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import Response as HttpResponse
from starlette.types import Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

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


class Connection(H11Protocol):
    """A connection whose requests find their socket in `scope["state"]["socket"]`."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Store the socket for the requests of this connection."""
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("the sandbox serves TCP and nothing else")
        super().connection_made(transport)
        self.app_state = {**self.app_state, "socket": transport}


class Sandbox:
    """The ASGI application. `lock` lets other threads see the world only between two changes."""

    def __init__(self, world: SandboxState) -> None:
        self.world = world
        self.lock = threading.Lock()
        self._closing = asyncio.Event()

    def close(self) -> None:
        """End the answers that hang or drip, so that the server can stop."""
        self._closing.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            request = await _read(scope, receive)
        except ClientDisconnect:
            return
        if request.path.startswith("/control/"):
            with self.lock:
                response = control(self.world, request, time.time())
            await _whole(response)(scope, receive, send)
            return
        delay = self._delay() / 2
        await asyncio.sleep(delay)
        with self.lock:
            sending = exchange(self.world, request, time.time())
        await asyncio.sleep(delay)
        await self._send(sending, scope, receive, send)

    def _delay(self) -> float:
        with self.lock:
            jitter = self.world.jitter
            return self.world.latency + (self.world.draw.uniform(0, jitter) if jitter else 0)

    async def _send(self, sending: Sending, scope: Scope, receive: Receive, send: Send) -> None:
        match sending:
            case Whole(response=response):
                await _whole(response)(scope, receive, send)
            case Closed(reset=reset):
                await _close(scope, receive, reset=reset)
            case Held(seconds=seconds):
                await self._left_alone(receive, seconds)
                await _close(scope, receive, reset=False)
            case Dripped(response=response, seconds=seconds):
                await self._drip(response, seconds, scope, receive, send)
            case CutShort(response=response):
                _cut_short(response, scope)
                await _close(scope, receive, reset=False)
            case Padded(response=response, padding=padding):
                await _padded(response, padding, scope, send)
            case _:
                assert_never(sending)

    async def _left_alone(self, receive: Receive, seconds: float) -> bool:
        """Wait; return whether the time passed before the client left or the server stopped."""
        ends = [asyncio.ensure_future(_gone(receive)), asyncio.ensure_future(self._closing.wait())]
        done, pending = await asyncio.wait(
            ends, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
        )
        for each in pending:
            each.cancel()
        return not done

    async def _drip(
        self, response: Response, seconds: float, scope: Scope, receive: Receive, send: Send
    ) -> None:
        length = {"content-length": str(len(response.body))}
        await send(_start(response, {**response.headers, **length}))
        for at in range(len(response.body)):
            if not await self._left_alone(receive, seconds):
                await _close(scope, receive, reset=False)
                return
            await send(_body(response.body[at : at + 1], more=True))
        await send(_body(b"", more=False))


async def _read(scope: Scope, receive: Receive) -> Request:
    http = HttpRequest(scope, receive)
    return Request(
        method=http.method,
        path=scope["path"],
        query=dict(http.query_params) if scope["query_string"] else {},
        headers={
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        },
        body=await http.body(),
    )


def _whole(response: Response) -> HttpResponse:
    return HttpResponse(response.body, response.status, dict(response.headers))


async def _padded(response: Response, padding: int, scope: Scope, send: Send) -> None:
    """Send in chunks, without a `Content-Length`, until the client closes the connection."""
    connection: asyncio.Transport = scope["state"]["socket"]
    await send(_start(response, response.headers))
    blank = b" " * CHUNK
    while padding > 0 and not connection.is_closing():
        await send(_body(blank[:padding], more=True))
        padding -= CHUNK
        # `send` alone never notices that the client has left; a turn of the event loop does.
        await asyncio.sleep(0)
    await send(_body(response.body, more=False))


def _cut_short(response: Response, scope: Scope) -> None:
    """Write to the socket itself, because uvicorn refuses a body that is shorter than announced."""
    lines = [
        f"HTTP/1.1 {response.status} {phrase_of(response.status)}",
        *(f"{name}: {value}" for name, value in response.headers.items()),
        f"content-length: {len(response.body) + 1}",
        "",
        "",
    ]
    connection: asyncio.Transport = scope["state"]["socket"]
    half = response.body[: len(response.body) // 2]
    connection.write("\r\n".join(lines).encode("latin-1") + half)


async def _close(scope: Scope, receive: Receive, *, reset: bool) -> None:
    """Close the socket, and return once the server has noticed, so that it sends nothing itself.

    With a linger of 0 seconds the kernel answers with RST instead of FIN.
    """
    connection: asyncio.Transport = scope["state"]["socket"]
    if reset:
        linger = struct.pack("ii", 1, 0)
        connection.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        connection.abort()
    else:
        connection.close()
    await _gone(receive)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _start(response: Response, headers: Mapping[str, str]) -> Message:
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    return {"type": "http.response.start", "status": response.status, "headers": encoded}


def _body(part: bytes, *, more: bool) -> Message:
    return {"type": "http.response.body", "body": part, "more_body": more}
