"""What sessions share, and connections that do not come about."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

import httpx
import pytest

from reconciler.domo import errors
from reconciler.domo.client import DomoHttp
from reconciler.model.errors import Unreachable
from reconciler.model.instance import Endpoints
from reconciler.ports import CreateOutcome, Listing, NotApplied

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.domo.session import HttpSession
    from tests.unit.domo.conftest import Stage

LIST = "GET /instance/api/identity/v1/developer-tokens"


async def list_them(session: HttpSession) -> Listing:
    """List the clients."""
    return await session.list_clients()


async def create(session: HttpSession) -> CreateOutcome:
    """Create a client."""
    return await session.create(name="N", description="", scope=("data",))


def elsewhere(stage: Stage, url: str) -> Unreachable:
    """Sign on at `url`, and return why that failed."""
    instance = replace(stage.instance(), endpoints=Endpoints(api=url, instance=url))

    async def work() -> None:
        async with (
            DomoHttp(clock=stage.clock, rng=Random(7), timeouts=stage.timeouts) as domo,
            domo.session(instance, stage.password),
        ):
            pass

    with pytest.raises(Unreachable) as caught:
        asyncio.run(work())
    return caught.value


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


def test_a_refused_connection_is_waited_for(stage: Stage) -> None:
    """A server that is not there is tried until the patience ends, then named."""
    error = elsewhere(stage, f"http://127.0.0.1:{free_port()}")

    assert "the connection was refused" in error.message
    assert len(stage.clock.slept) > 3
    assert stage.clock.passed <= 20


def test_a_create_that_never_left_made_nothing(stage: Stage) -> None:
    """Without a connection there was no create."""

    async def work(domo: DomoHttp) -> CreateOutcome:
        away = f"http://127.0.0.1:{free_port()}"
        instance = stage.instance()
        split = replace(instance, endpoints=replace(instance.endpoints, api=away))
        async with domo.session(split, stage.password) as session:
            return await create(session)

    stage.signs_on()

    outcome = stage.run_domo(work)
    assert isinstance(outcome, NotApplied)
    assert outcome.reason == "the connection was refused"
    assert "HTTPS_PROXY" in (outcome.hint or "")


def test_an_unknown_host_is_not_waited_for(stage: Stage) -> None:
    """A name that does not exist will not exist a second later."""
    error = elsewhere(stage, "http://no-such-host.invalid")

    assert "host name cannot be resolved" in error.message
    assert error.hint is not None
    assert "domain" in error.hint
    assert stage.clock.slept == []


@pytest.mark.parametrize("port", ["port", "99999999"])
def test_an_endpoint_that_is_no_url_is_said_without_its_text(stage: Stage, port: str) -> None:
    """A mistaken endpoint may hold a password, so it is not quoted."""
    error = elsewhere(stage, f"http://user:hunter2@host:{port}/")

    assert "an endpoint is not a URL" in error.message
    assert "hunter2" not in f"{error} {error.hint}"


def test_an_endpoint_of_another_scheme_is_said(stage: Stage) -> None:
    """Only http and https can be spoken."""
    assert "not an http or https URL" in elsewhere(stage, "ftp://host").message


@pytest.mark.parametrize("trust", ["system", "bundle", "directory"])
def test_a_server_without_tls_is_refused(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, trust: str
) -> None:
    """An https endpoint is spoken to by TLS alone, wherever the trusted certificates come from."""
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    if trust == "bundle":
        nobody = ssl.get_default_verify_paths()._replace(cafile="", capath=str(tmp_path))
        monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: nobody)
    if trust == "directory":
        monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))

    async def work(domo: DomoHttp) -> None:
        url = f"https://127.0.0.1:{stage.port}"
        instance = replace(stage.instance(), endpoints=Endpoints(api=url, instance=url))
        async with domo.session(instance, stage.password):
            pass

    with pytest.raises(Unreachable, match="no TLS connection"):
        stage.run_domo(work)
    assert stage.asked == []


def test_a_missing_file_of_certificates_is_said(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whoever names trusted certificates must not silently get others."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "nowhere.pem"))

    error = elsewhere(stage, "https://acme-prod.domo.com")

    assert f"SSL_CERT_FILE cannot be read from `{tmp_path / 'nowhere.pem'}`" in error.message
    assert "SSL_CERT_FILE" in (error.hint or "")


def test_a_proxy_of_the_environment_is_used(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """HTTP_PROXY is honoured: a request goes to the proxy that it names."""

    async def work(domo: DomoHttp) -> int:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{stage.port}")
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        instance = stage.instance()
        away = Endpoints(api="http://domo.invalid/api", instance="http://domo.invalid/instance")
        async with domo.session(replace(instance, endpoints=away), stage.token) as session:
            return len((await session.list_clients()).clients)

    stage.on(
        "GET http://domo.invalid/instance/api/identity/v1/developer-tokens", stage.answer(200, [])
    )

    assert stage.run_domo(work) == 0


def test_a_proxy_that_cannot_be_used_is_said_without_its_password(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library would quote the proxy's URL."""
    monkeypatch.setenv("HTTP_PROXY", "gopher://user:hunter2@proxy.example:1")

    error = elsewhere(stage, "http://127.0.0.1:1")

    assert "proxy" in error.message
    assert "hunter2" not in f"{error} {error.hint}"


def test_a_connection_serves_the_next_session(stage: Stage) -> None:
    """A session that ended leaves its connections to the next one."""
    ports = set[int]()

    async def work(domo: DomoHttp) -> None:
        for _ in range(3):
            async with domo.session(stage.instance(), stage.token) as session:
                await session.list_clients()

    async def note(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        ports.add(writer.get_extra_info("peername")[1])
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")
        return True

    stage.on(LIST, note)
    stage.run_domo(work)

    assert len(ports) == 1


def test_cookies_of_an_answer_are_not_kept(stage: Stage) -> None:
    """A session is its token; what an answer sets must not leak into the next instance."""

    async def work(domo: DomoHttp) -> None:
        for _ in range(2):
            async with domo.session(stage.instance(), stage.token) as session:
                await session.list_clients()

    stage.on(LIST, stage.answer(200, [], Set_Cookie="DA-SID=of-this-instance; Path=/"))
    stage.run_domo(work)

    assert [each.headers.get("cookie") for each in stage.asked] == [None, None]


def test_the_rate_holds_over_all_sessions(stage: Stage) -> None:
    """Sessions that share a host share its rate."""

    async def work(domo: DomoHttp) -> None:
        for _ in range(3):
            async with domo.session(stage.instance(), stage.token) as session:
                await session.list_clients()

    stage.rate = 4.0
    stage.on(LIST, stage.answer(200, []))
    stage.run_domo(work)

    assert stage.clock.slept == pytest.approx([0.25, 0.25])


def test_a_task_that_is_cancelled_leaves_the_session_usable(stage: Stage) -> None:
    """Ending one wait early neither blocks the lock nor breaks the connections."""

    async def work(session: HttpSession) -> Listing:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.05):
                await session.list_clients()
        return await session.list_clients()

    stage.on(LIST, stage.hang(), stage.answer(200, []))

    assert stage.run(work, stage.token).clients == ()


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (httpx.ConnectTimeout("x"), "no connection in time"),
        (httpx.PoolTimeout("x"), "no free connection in time"),
        (httpx.ProxyError("x"), "the proxy refused to connect"),
        (httpx.ReadTimeout("x"), "no complete answer in time"),
        (httpx.WriteError("x"), "the connection broke before the answer was complete"),
        (httpx.LocalProtocolError("Illegal header value b'hunter2'"), "the exchange failed"),
        (httpx.ConnectError("x"), "no connection"),
        (errors.TooLarge("x"), "the answer is too large"),
    ],
    ids=repr,
)
def test_a_failure_is_said_in_words_of_its_own(failure: httpx.RequestError, words: str) -> None:
    """The library's text may quote a header; it is never repeated."""
    assert errors.phrase(failure) == words


def test_a_certificate_failure_names_its_reason_and_is_hopeless() -> None:
    """Which authority is missing is what the user must know; waiting does not help."""
    cause = ssl.SSLCertVerificationError(1, "x")
    cause.verify_message, cause.verify_code = "self-signed certificate", 18
    failure = httpx.ConnectError("x", request=httpx.Request("GET", "https://u:pw@acme.example/"))
    failure.__cause__ = ExceptionGroup("all attempts failed", [OSError("first"), cause])

    error = errors.unreachable("acme", failure)

    assert errors.is_permanent(failure)
    assert error.message == (
        "acme: no answer from acme.example: "
        "its certificate is not trusted (self-signed certificate)"
    )
    assert error.hint is not None
    assert "SSL_CERT_FILE" in error.hint


def test_a_proxy_failure_points_at_the_proxy() -> None:
    """The hint names the variables from which the proxy came."""
    failure = httpx.ProxyError("x", request=httpx.Request("GET", "https://acme.example/"))

    assert "HTTPS_PROXY" in (errors.unreachable("acme", failure).hint or "")
