"""A scripted server on loopback, a clock that jumps, and a session that speaks to the server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any, Final, TypeVar

import pytest

from reconciler.credentials.references import EnvRef
from reconciler.domo.client import DomoHttp
from reconciler.domo.connections import Timeouts
from reconciler.model.auth import PasswordAuth
from reconciler.model.instance import Endpoints, Instance
from reconciler.model.secret import Secret
from reconciler.model.source_location import SourceLocation
from reconciler.ports import (
    CookieCredential,
    Credential,
    PasswordCredential,
    TokenCredential,
)

if TYPE_CHECKING:
    from reconciler.domo.session import HttpSession

T = TypeVar("T")
Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[bool]]
"""Answers one request in its way; says whether the connection lives on."""

SIGN_ON: Final = "/instance/api/content/v2/authentication"
_SHORT: Final = Timeouts(connect=0.4, silence=0.4, exchange=0.8)
_TLS_HELLO: Final = b"\x16"


class JumpingClock:
    """A clock on which sleeping takes no time; real waits would be minutes."""

    def __init__(self) -> None:
        self.passed = 0.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        """Return a UTC instant that moves with the sleeps."""
        return datetime(2026, 1, 31, 8, tzinfo=UTC) + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        """Return the seconds slept."""
        return self.passed

    async def sleep(self, seconds: float) -> None:
        """Jump."""
        self.slept.append(seconds)
        self.passed += seconds
        await asyncio.sleep(0)


@dataclass
class Asked:
    """One request as it arrived; header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body parsed."""
        return json.loads(self.body)


@dataclass
class Stage:
    """What the server does, what it was asked, and how a session is opened on it.

    `script` maps `METHOD path` to behaviours, used in order; the last one stays.
    """

    script: dict[str, list[Behaviour]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    clock: JumpingClock = field(default_factory=JumpingClock)
    timeouts: Timeouts = field(default_factory=Timeouts)
    rate: float | None = None
    port: int = 0

    password: Credential = field(
        default_factory=lambda: PasswordCredential(
            email="ops@acme.example", password=Secret("hunter2-password")
        )
    )
    cookie: Credential = field(
        default_factory=lambda: CookieCredential(dsidv1=Secret("c00kie-of-a-browser"))
    )
    token: Credential = field(
        default_factory=lambda: TokenCredential(token=Secret("t0ken-of-an-administrator"))
    )

    def on(self, line: str, *behaviours: Behaviour) -> None:
        """Script the answers to `METHOD path`."""
        self.script[line] = list(behaviours)

    def signs_on(self, *tokens: str) -> None:
        """Script sign-ons that give these session tokens, to user 27."""
        self.on(
            f"POST {SIGN_ON}",
            *(
                self.answer(200, {"userId": 27, "success": True, "sessionToken": each})
                for each in tokens or ("s3ssion-one",)
            ),
        )

    def count(self, line: str) -> int:
        """Say how often `METHOD path` was asked."""
        return sum(1 for each in self.asked if f"{each.method} {each.path.split('?')[0]}" == line)

    def instance(self) -> Instance:
        """Return the instance whose endpoints are this server."""
        base = f"http://127.0.0.1:{self.port}"
        return Instance(
            key="acme-prod",
            domain="acme-prod.domo.com",
            endpoints=Endpoints(api=f"{base}/api", instance=f"{base}/instance"),
            place=SourceLocation("reconciler.yaml", 1, 1),
            auth=PasswordAuth(email="ops@acme.example", password=EnvRef(name="DOMO_PASSWORD")),
        )

    def run(
        self, work: Callable[[HttpSession], Awaitable[T]], credential: Credential | None = None
    ) -> T:
        """Serve, sign on, do `work` with the session, and return what it returns."""

        async def session(domo: DomoHttp) -> T:
            async with domo.session(self.instance(), credential or self.password) as opened:
                return await work(opened)

        return self.run_domo(session)

    def run_domo(self, work: Callable[[DomoHttp], Awaitable[T]]) -> T:
        """Serve, and do `work` with an adapter."""

        async def all_of_it() -> T:
            handlers: set[asyncio.Task[None]] = set()

            async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                task = asyncio.current_task()
                assert task is not None
                handlers.add(task)
                await self._serve(reader, writer)

            server = await asyncio.start_server(serve, "127.0.0.1", self.port)
            self.port = server.sockets[0].getsockname()[1]
            domo = DomoHttp(clock=self.clock, rng=Random(7), timeouts=self.timeouts, rate=self.rate)
            try:
                async with domo:
                    return await work(domo)
            finally:
                server.close()
                for task in handlers:
                    task.cancel()
                await asyncio.gather(*handlers, return_exceptions=True)
                await server.wait_closed()

        return asyncio.run(all_of_it())

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        first = await reader.readexactly(1)
        if first == _TLS_HELLO:
            return await self.raw(b"this port does not speak TLS\r\n")(reader, writer)
        head = (first + await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        method, target, _ = head[0].split(" ")
        headers = {
            name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:])
        }
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.asked.append(Asked(method, target, headers, body))
        behaviours = self.script[f"{method} {target.split('?')[0]}"]
        behaviour = behaviours.pop(0) if len(behaviours) > 1 else behaviours[0]
        return await behaviour(reader, writer)

    def answer(self, status: int, body: object = b"", **headers: str) -> Behaviour:
        """Answer with a status and a body: bytes as they are, anything else as JSON."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.raw(_head(status, len(content), headers) + content, lives=True)

    def raw(self, content: bytes, *, lives: bool = False) -> Behaviour:
        """Send these bytes; the connection is closed after them unless it `lives`."""

        async def send(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
            writer.write(content)
            await writer.drain()
            return lives

        return send

    def reset(self) -> Behaviour:
        """Reset the connection without an answer."""

        async def abort(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
            writer.transport.abort()
            return False

        return abort

    def hang(self) -> Behaviour:
        """Never answer; a stage on which this happens has little patience."""
        self.timeouts = _SHORT

        async def wait(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> bool:
            await reader.read()
            return False

        return wait

    def drip(self, content: bytes) -> Behaviour:
        """Answer byte by byte, each well within the time that silence may take."""
        self.timeouts = _SHORT

        async def send(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
            writer.write(_head(200, len(content), {}))
            for each in content:
                writer.write(bytes([each]))
                await writer.drain()
                await asyncio.sleep(0.05)
            return False

        return send


def _head(status: int, length: int, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {length}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def stage() -> Stage:
    """Return a stage on which nothing is scripted yet."""
    return Stage()
