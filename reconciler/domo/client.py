"""The ports `Domo` and `Prover` over httpx: open sessions, and hold what they share."""

import os
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Final, Self

import httpx

from reconciler.domo.auth import Access, SessionAuth, access
from reconciler.domo.connections import Connections, Timeouts
from reconciler.domo.errors import unreachable
from reconciler.domo.proxies import Proxies
from reconciler.domo.rate_limit import RateLimiter
from reconciler.domo.retry import RetryPolicy
from reconciler.domo.secret_check import prove
from reconciler.domo.session import HttpSession
from reconciler.domo.transport import (
    BoundedTransport,
    Exchange,
    RateLimitTransport,
    Retrying,
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

    All sessions share one HTTP client, the rate limit and one TLS context.
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
        self._opened: httpx.AsyncClient | None = None
        self._context: ssl.SSLContext | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection."""
        if self._opened is not None:
            await self._opened.aclose()

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
        client = self._client(instance)
        await _sign_on(instance, client, authorised)
        yield HttpSession(instance, client=client, access=authorised)

    async def prove(self, instance: Instance, claim: ClientCredentials) -> ProofOutcome:
        """Sign in with a client's secret; the instance itself is not signed on to."""
        try:
            return await prove(instance, claim, client=self._client(instance))
        except Unreachable as failure:
            return Inconclusive(reason=failure.message.removeprefix(f"{instance.key}: "))

    def _client(self, instance: Instance) -> httpx.AsyncClient:
        _check_endpoints(instance)
        if self._opened is None:
            self._opened = httpx.AsyncClient(transport=self._layers(), trust_env=False)
        return self._opened

    def _layers(self) -> httpx.AsyncBaseTransport:
        layer: httpx.AsyncBaseTransport = Connections(
            context=self._trusting, timeouts=self._timeouts, proxies=Proxies()
        )
        layer = BoundedTransport(layer, seconds=self._timeouts.exchange)
        if self._report is not None:
            layer = Traced(layer, clock=self._clock, report=self._report)
        if self._pace is not None:
            layer = RateLimitTransport(layer, pace=self._pace, clock=self._clock)
        return Retrying(
            layer, policy=self._policy, clock=self._clock, rng=self._rng, stopped=self._stopped
        )

    def _trusting(self) -> ssl.SSLContext:
        self._context = self._context or _trusting()  # it takes 30 ms or more to build
        return self._context


async def _sign_on(instance: Instance, client: httpx.AsyncClient, authorised: Access) -> None:
    if not isinstance(authorised, SessionAuth):
        return
    try:
        answer = await client.send(authorised.opening())
    except httpx.RequestError as failure:
        raise unreachable(instance.key, failure) from None
    authorised.settle(answer)


def _check_endpoints(instance: Instance) -> None:
    try:
        urls = [httpx.URL(each) for each in (instance.endpoints.api, instance.endpoints.instance)]
    except httpx.InvalidURL:
        urls = []
    if not urls or any((url.port or 0) > 65535 for url in urls):
        # Not quoted, and without the library's text: a URL may hold a proxy's password.
        raise Unreachable(
            f"{instance.key}: an endpoint is not a URL", hint="check the instance's `endpoints`"
        )


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
