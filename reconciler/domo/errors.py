"""What a failed exchange means: whether the request can have left, and how to say it."""

import socket
import ssl
from collections.abc import Iterator
from typing import Final

import httpx

from reconciler.model.errors import Unreachable
from reconciler.model.text import printable

UNSENT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,  # a tunnel was refused: the request itself comes after it
    httpx.UnsupportedProtocol,
)
"""Failures after which no byte of the request can have reached Domo."""


class TooLarge(httpx.RequestError):
    """An answer went over its cap and was not read to its end."""


def causes(failure: BaseException) -> Iterator[BaseException]:
    """Yield a failure, all that it was raised from, and the members of groups, each once."""
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


def is_hopeless(failure: httpx.RequestError) -> bool:
    """Say whether the next try must fail like this one: an unknown host, a bad certificate."""
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
    """Say what happened in a few words of ours: the library's text may hold a header."""
    if isinstance(failure, httpx.ConnectError):
        return _unconnected(failure)
    for kind, words in _PHRASES:
        if isinstance(failure, kind):
            return words
    return "the exchange failed"


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
    """Translate a failed exchange of instance `key` into the user's words."""
    host = failure.request.url.netloc.decode()
    return Unreachable(f"{key}: no answer from {host}: {phrase(failure)}", hint=_hint(failure))


def _hint(failure: httpx.RequestError) -> str:
    if any(isinstance(each, ssl.SSLCertVerificationError) for each in causes(failure)):
        return "let SSL_CERT_FILE name the authority that your network uses"
    if is_hopeless(failure):
        return "check the instance's `domain` and `endpoints`"
    if isinstance(failure, httpx.ProxyError):
        return "check HTTPS_PROXY and NO_PROXY"
    return "check the network and the instance's `endpoints`, then run again"
