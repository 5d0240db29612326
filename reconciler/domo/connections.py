"""Send httpx requests over aiohttp: one pool of connections for all instances.

httpx's own transport (httpcore) scans every connection for every request: at 64 concurrent requests
it takes three times as long, most of it CPU time. The package httpx-aiohttp is not used because it
reports a connection that breaks after the request was sent as `ConnectTimeout`, which would allow
a create to be sent twice.
"""

import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import aiohttp
import httpx
from yarl import URL

from reconciler.domo.errors import PROXY_LOGIN
from reconciler.domo.proxies import Proxies, Proxy


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long one try may take, in seconds.

    `connect` bounds the connection and TLS, `silence` each wait for bytes, `exchange` all of it.
    """

    connect: float = 10.0
    silence: float = 30.0
    exchange: float = 60.0


class _ConnectionLost(aiohttp.ClientError):
    """The connection broke after the request may have been sent."""


class Connections(httpx.AsyncBaseTransport):
    """Connects directly or through a proxy; `context` returns the TLS context at its first use."""

    def __init__(
        self, *, context: Callable[[], ssl.SSLContext], timeouts: Timeouts, proxies: Proxies
    ) -> None:
        self._context = context
        self._proxies = proxies
        self._timeout = aiohttp.ClientTimeout(
            connect=timeouts.connect, sock_connect=timeouts.connect, sock_read=timeouts.silence
        )
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request once; the caller reads the body of the response.

        Raises:
            httpx.RequestError: `ConnectError`, `ConnectTimeout`, `ProxyError` and
                `UnsupportedProtocol` if nothing of the request was sent.
            Unreachable: the environment names a proxy that cannot be used.

        """
        proxy = self._proxies.of(request.url)
        request.extensions["proxy"] = proxy
        response = await self._send(request, proxy)
        if isinstance(response, httpx.RequestError):
            raise response
        if proxy is not None and response.status == PROXY_LOGIN:
            # A proxy that forwards http answers by itself; one that opens tunnels raises this.
            response.close()
            raise httpx.ProxyError(str(PROXY_LOGIN), request=request)
        return httpx.Response(
            response.status,
            headers=list(response.raw_headers),
            stream=_Body(response, request),
            request=request,
        )

    async def _send(
        self, request: httpx.Request, proxy: Proxy | None
    ) -> aiohttp.ClientResponse | httpx.RequestError:
        if request.url.scheme not in ("http", "https"):
            return httpx.UnsupportedProtocol("not an http or https URL", request=request)
        uses_tls = request.url.scheme == "https" or (proxy and proxy.url.startswith("https"))
        try:
            return await self._opened().request(
                request.method,
                URL(str(request.url), encoded=True),  # as it is: a path may contain escapes
                headers=request.headers.multi_items(),
                data=request.content or None,
                allow_redirects=False,
                proxy=proxy.url if proxy else None,
                ssl=self._context() if uses_tls else True,
            )
        except (aiohttp.ClientError, TimeoutError) as error:
            failure = _translated(error, request)
            # Its cause has the details, and replaces it: aiohttp's TLS errors are `SSLError`s
            # without OpenSSL's codes.
            failure.__cause__ = error.__cause__ or error
            return failure

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                # The engine limits concurrency. Common servers close an idle connection after
                # five seconds; a request on a connection that is closing has an ambiguous end.
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=4.0),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=self._timeout,
                auto_decompress=False,
                skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
                middlewares=(_send_once,),
            )
        return self._session

    async def aclose(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()


class _Body(httpx.AsyncByteStream):
    """The body of a response, read in chunks."""

    def __init__(self, response: aiohttp.ClientResponse, request: httpx.Request) -> None:
        self._response = response
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._response.content.iter_any():
                yield chunk
        except TimeoutError as error:
            raise httpx.ReadTimeout("no bytes in time", request=self._request) from error
        except aiohttp.ClientError as error:
            raise httpx.ReadError("the body was cut short", request=self._request) from error

    async def aclose(self) -> None:
        """Return the connection if the body was read to its end, else close it."""
        if self._response.content.at_eof():
            self._response.release()
        else:
            self._response.close()


async def _send_once(
    request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep aiohttp from sending again: it would repeat a DELETE whose first try may have worked."""
    try:
        return await send(request)
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _ConnectionLost from error


def _translated(error: Exception, request: httpx.Request) -> httpx.RequestError:
    """Return httpx's name of a failure: everything that is not known to be unsent is ambiguous."""
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return httpx.ProxyError(str(error.status), request=request)
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return httpx.ConnectTimeout("no connection in time", request=request)
    if isinstance(error, aiohttp.ClientConnectorError):
        return httpx.ConnectError("no connection", request=request)
    if isinstance(error, aiohttp.InvalidURL):
        return httpx.UnsupportedProtocol("not an http or https URL", request=request)
    if isinstance(error, TimeoutError):
        return httpx.ReadTimeout("no answer in time", request=request)
    if isinstance(error, _ConnectionLost) and isinstance(error.__cause__, OSError):
        return httpx.ReadError("the connection broke", request=request)
    return httpx.RemoteProtocolError("no HTTP answer", request=request)
