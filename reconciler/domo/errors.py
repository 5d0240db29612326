"""Failed exchanges: whether the request can have left, and how to describe the failure."""

import re
import socket
import ssl
from collections.abc import Iterator
from typing import Final

import httpx

from reconciler.domo.proxies import Proxy
from reconciler.model.errors import Unreachable
from reconciler.model.strings import printable

UNSENT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,  # a tunnel was refused; the request itself would come after it
    httpx.UnsupportedProtocol,
)
"""Failures after which no byte of the request can have reached Domo."""

PROXY_LOGIN: Final = 407
_FORBIDDEN: Final = 403
_PROXY_REFUSALS: Final = {
    PROXY_LOGIN: ": it asks for a user and a password",
    _FORBIDDEN: ": it does not allow this host",
}
"""Answers of a proxy that a retry does not change."""

_WRONG_HOST: Final = frozenset({62, 64})
_WRONG_TIME: Final = frozenset({9, 10})
"""Codes of OpenSSL's `X509_V_ERR_…`: host and address mismatch; not yet valid and expired."""


class TooLarge(httpx.RequestError):
    """An answer exceeded its cap and was not read to its end."""


def causes(failure: BaseException) -> Iterator[BaseException]:
    """Yield a failure, the chain of its causes, and the members of groups, each once."""
    waiting, seen = [failure], set[int]()
    while waiting:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting += [below for below in (each.__cause__, each.__context__) if below is not None]
        if isinstance(each, BaseExceptionGroup):
            waiting += each.exceptions


def is_permanent(failure: httpx.RequestError) -> bool:
    """Return whether a retry fails in the same way: an unknown host, a bad certificate."""
    if isinstance(failure, httpx.ProxyError) and _proxy_status(failure) in _PROXY_REFUSALS:
        return True
    return isinstance(failure, httpx.UnsupportedProtocol) or any(
        isinstance(each, ssl.SSLCertVerificationError)
        or (isinstance(each, socket.gaierror) and each.errno == socket.EAI_NONAME)
        for each in causes(failure)
    )


_PHRASES: Final = (
    (httpx.ConnectTimeout, "no connection in time"),
    (httpx.PoolTimeout, "no free connection in time"),
    (httpx.ProxyError, "the proxy refused to connect"),
    (httpx.UnsupportedProtocol, "the endpoint is not an http or https URL"),
    (httpx.TimeoutException, "no complete answer in time"),
    (httpx.NetworkError, "the connection broke before the answer was complete"),
    (httpx.RemoteProtocolError, "the connection was closed before the answer was complete"),
    (httpx.DecodingError, "the answer cannot be decompressed"),
    (TooLarge, "the answer is too large"),
)


def phrase(failure: httpx.RequestError) -> str:
    """Describe a failure in fixed words, because the library's text may contain a header."""
    proxy = _proxy(failure)
    if proxy is not None:
        return _through(proxy, failure)
    if isinstance(failure, httpx.ConnectError):
        return _unconnected(failure)
    return _plain(failure)


def _plain(failure: httpx.RequestError) -> str:
    found = (words for kind, words in _PHRASES if isinstance(failure, kind))
    return next(found, "the exchange failed")


def _through(proxy: Proxy, failure: httpx.RequestError) -> str:
    """Describe the failure of a request through a proxy, with the proxy's name."""
    via = f"the proxy {proxy.shown}"
    if isinstance(failure, httpx.ProxyError):
        status = _proxy_status(failure)
        return f"{via} answered {status}{_PROXY_REFUSALS.get(status, '')}"
    if isinstance(failure, httpx.ConnectError) and not _is_tls(failure):
        return f"{via} cannot be reached: {_unconnected(failure)}"
    if isinstance(failure, httpx.ConnectTimeout):
        return f"{via} cannot be reached: {_plain(failure)}"
    said = _unconnected(failure) if isinstance(failure, httpx.ConnectError) else _plain(failure)
    return f"{said} (through {via})"


def _proxy(failure: httpx.RequestError) -> Proxy | None:
    try:
        found = failure.request.extensions.get("proxy")
    except RuntimeError:  # raised without a request
        return None
    return found if isinstance(found, Proxy) else None


def _proxy_status(failure: httpx.ProxyError) -> int:
    """Return the status of a proxy's refusal; the library's text begins with it."""
    first = str(failure).split(" ")[0]
    return int(first) if re.fullmatch(r"[0-9]{3}", first) else 0


def _is_tls(failure: BaseException) -> bool:
    return any(isinstance(each, ssl.SSLError) for each in causes(failure))


def _unconnected(failure: httpx.ConnectError) -> str:
    for each in causes(failure):
        if isinstance(each, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted ({printable(each.verify_message)[:100]})"
        if isinstance(each, ssl.SSLError):
            return "no TLS connection"
        if isinstance(each, socket.gaierror):
            return "its host name cannot be resolved"
        if isinstance(each, ConnectionRefusedError):
            return "the connection was refused"
    return "no connection"


def unreachable(key: str, failure: httpx.RequestError) -> Unreachable:
    """Return the user-facing error for a failed exchange with the instance `key`."""
    host = failure.request.url.netloc.decode()
    error = Unreachable(f"{key}: no answer from {host}: {phrase(failure)}", hint=hint_of(failure))
    error.request = called(failure.request)
    return error


def called(request: httpx.Request) -> str:
    """Return a request's method, host and path as printable text without the query."""
    url = request.url
    return printable(
        f"{request.method} {url.netloc.decode()} {url.raw_path.split(b'?')[0].decode()}"
    )


def hint_of(failure: httpx.RequestError) -> str:
    """Return the hint for a failed exchange."""
    for each in causes(failure):
        if isinstance(each, ssl.SSLCertVerificationError):
            return _certificate_hint(each)
    proxy = _proxy(failure)
    if proxy is not None and isinstance(failure, UNSENT) and not _is_tls(failure):
        return _proxy_hint(proxy, failure)
    if is_permanent(failure):
        return (
            "check the spelling of the instance's `domain`, and `endpoints`; a network that "
            "reaches the internet by a proxy needs HTTPS_PROXY"
        )
    return (
        "check the network, HTTPS_PROXY if it needs a proxy, and the instance's `endpoints`, "
        "then run again"
    )


def _certificate_hint(failure: ssl.SSLCertVerificationError) -> str:
    if failure.verify_code in _WRONG_HOST:
        return "check the instance's `domain` and `endpoints`: the server has another name"
    if failure.verify_code in _WRONG_TIME:
        return "check this machine's clock; the server's certificate is not valid at its time"
    return (
        "a proxy or firewall of your network may have signed it: let SSL_CERT_FILE name a PEM "
        "file with your network's authority (other variables, such as REQUESTS_CA_BUNDLE, have "
        "no effect)"
    )


def _proxy_hint(proxy: Proxy, failure: httpx.RequestError) -> str:
    status = _proxy_status(failure) if isinstance(failure, httpx.ProxyError) else None
    if status == PROXY_LOGIN:
        return (
            f"write its user and password into {proxy.variable}: http://USER:PASSWORD@HOST:PORT, "
            "with the password percent-encoded"
        )
    if status == _FORBIDDEN:
        return "let the proxy's administrator allow the host, or list the host in NO_PROXY"
    return f"check {proxy.variable} and the proxy; NO_PROXY lists hosts to reach without it"
