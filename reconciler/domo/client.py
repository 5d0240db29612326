"""The ports `Domo` and `Prover` over httpx: opens sessions, and keeps what they share."""

import os
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from random import Random
from typing import Final, Self

import httpx

from reconciler.domo.auth import Access, SessionAuth, access
from reconciler.domo.errors import unreachable
from reconciler.domo.proxies import Proxies
from reconciler.domo.rate_limit import RateLimiter
from reconciler.domo.retry import RetryPolicy
from reconciler.domo.secret_check import prove
from reconciler.domo.session import HttpSession
from reconciler.domo.transport import (
    BoundedTransport,
    Exchange,
    Pool,
    RateLimitTransport,
    Retrying,
    Timeouts,
    Traced,
)
from reconciler.model.errors import Unreachable
from reconciler.model.instance import Instance
from reconciler.model.strings import printable
from reconciler.ports import ClientCredentials, Clock, Credential, Inconclusive, ProofOutcome

_TIMEOUTS: Final = Timeouts()
_POLICY: Final = RetryPolicy()


class DomoHttp:
    """Signs on to instances; used by many tasks of one event loop, and closed at its end.

    Each session has an HTTP client to itself, as one that is shared gets slow with the number of
    its connections. A client is used again by a later session, which saves it the connection to
    the API host. All of them share the rate, and one TLS context, made when it is first needed.
    Once `stopped` says so, nothing is tried again. `report` gets each request when it has ended.
    """

    def __init__(  # noqa: PLR0913 (each is a thing of its own, most of them optional)
        self,
        *,
        clock: Clock,
        rng: Random,
        timeouts: Timeouts = _TIMEOUTS,
        policy: RetryPolicy = _POLICY,
        rate: float | None = None,
        stopped: Callable[[], bool] | None = None,
        report: Callable[[Exchange], None] | None = None,
    ) -> None:
        self._clock = clock
        self._report = report
        self._stopped = stopped
        self._rng = rng
        self._timeouts = timeouts
        self._policy = policy
        self._pace = RateLimiter(rate) if rate else None
        self._idle: dict[bool, list[httpx.AsyncClient]] = {True: [], False: []}
        self._proxies: Proxies | None = None
        self._contexts: dict[bool, ssl.SSLContext] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections of all sessions that have ended."""
        for idle in self._idle.values():
            while idle:
                await idle.pop().aclose()

    @asynccontextmanager
    async def session(
        self, instance: Instance, credential: Credential
    ) -> AsyncIterator[HttpSession]:
        """Sign on, once; an access token needs none.

        Raises:
            CredentialUnavailable: the credential holds what no request can carry.
            SignOnRefused: the credential was refused.
            Unreachable: no usable answer within the deadline.

        """
        authorised = access(instance, credential)
        with self._lent(instance) as client:
            await _sign_on(instance, client, authorised)
            yield HttpSession(instance, client=client, access=authorised)

    async def prove(self, instance: Instance, claim: ClientCredentials) -> ProofOutcome:
        """Sign in with a client's secret; the instance itself is not signed on to."""
        try:
            with self._lent(instance) as client:
                return await prove(instance, claim, client=client)
        except Unreachable as failure:
            return Inconclusive(reason=failure.message.removeprefix(f"{instance.key}: "))

    @contextmanager
    def _lent(self, instance: Instance) -> Iterator[httpx.AsyncClient]:
        secure = _is_secure(instance)
        client = self._idle[secure].pop() if self._idle[secure] else self._client(secure=secure)
        try:
            yield client
        finally:
            self._idle[secure].append(client)

    def _client(self, *, secure: bool) -> httpx.AsyncClient:
        self._proxies = self._proxies or Proxies()
        context = self._context(secure=secure)
        pool = Pool(context=context, timeouts=self._timeouts, proxies=self._proxies)
        layer: httpx.AsyncBaseTransport = BoundedTransport(pool, seconds=self._timeouts.exchange)
        if self._report is not None:
            layer = Traced(layer, clock=self._clock, report=self._report)
        if self._pace is not None:
            layer = RateLimitTransport(layer, pace=self._pace, clock=self._clock)
        layer = Retrying(
            layer, policy=self._policy, clock=self._clock, rng=self._rng, stopped=self._stopped
        )
        return httpx.AsyncClient(
            transport=layer, timeout=self._timeouts.of_httpx(), trust_env=False
        )

    def _context(self, *, secure: bool) -> ssl.SSLContext:
        if secure not in self._contexts:
            self._contexts[secure] = _trusting() if secure else _trusting_nobody()
        return self._contexts[secure]


async def _sign_on(instance: Instance, client: httpx.AsyncClient, authorised: Access) -> None:
    if not isinstance(authorised, SessionAuth):
        return
    try:
        answer = await client.send(authorised.opening())
    except httpx.RequestError as failure:
        raise unreachable(instance.key, failure) from None
    authorised.settle(answer)


def _is_secure(instance: Instance) -> bool:
    try:
        urls = [httpx.URL(each) for each in (instance.endpoints.api, instance.endpoints.instance)]
    except httpx.InvalidURL:
        urls = []
    if not urls or any((url.port or 0) > 65535 for url in urls):
        # Not quoted, and without the library's text: a URL may hold a proxy's password.
        raise Unreachable(
            f"{instance.key}: an endpoint is not a URL", hint="check the instance's `endpoints`"
        )
    return any(url.scheme != "http" for url in urls)


def _trusting() -> ssl.SSLContext:
    """Trust whom SSL_CERT_FILE or SSL_CERT_DIR name, else the system, else httpx's own bundle.

    Raises:
        Unreachable: the file or the folder cannot be used; others must not be trusted instead.

    """
    file, folder = (os.environ.get(name) for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"))
    try:
        if file:
            return ssl.create_default_context(cafile=file)
        if folder:
            next(Path(folder).iterdir(), None)  # ssl accepts a missing folder, and trusts no one
            return ssl.create_default_context(capath=folder)
        return ssl.create_default_context() if _is_system_trusting() else httpx.create_ssl_context()
    except OSError as error:
        no_pem = isinstance(error, ssl.SSLError)
        reason = "it has no certificate in PEM form" if no_pem else error.strerror
        name, path = ("SSL_CERT_FILE", file) if file else ("SSL_CERT_DIR", folder or "")
        raise Unreachable(
            f"the certificates of {name} cannot be read from `{printable(path or '')}`: {reason}",
            hint=f"let {name} name a {'PEM file' if file else 'folder'} with the authorities to "
            "trust, or unset it",
        ) from None


def _is_system_trusting() -> bool:
    paths = ssl.get_default_verify_paths()
    return bool(paths.cafile or (paths.capath and any(Path(paths.capath).iterdir())))


def _trusting_nobody() -> ssl.SSLContext:
    """Make the context that costs nothing: for http alone; whatever https it met would fail."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
