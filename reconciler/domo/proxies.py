"""Which proxy of the environment a request takes.

httpx reads the same variables, but it neither reports which proxy it used nor accepts an entry of
NO_PROXY in CIDR form. As with curl, such an entry matches hosts that are written as an IP address.
"""

import ipaddress
import re
from dataclasses import dataclass, field
from typing import Final
from urllib.request import getproxies

import httpx

from reconciler.model.errors import Unreachable
from reconciler.model.strings import printable

_PORTS: Final = {"http": 80, "https": 443}
_HIGHEST: Final = 65535
_ENTRY: Final = re.compile(
    r"(?:(?P<scheme>[a-z]+)://)?(?P<host>\[[^\]]+\]|[^:/]+)(?::(?P<port>\d+))?/*"
)

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """A proxy, and the variable that names it; `shown` is its host and port."""

    variable: str
    shown: str
    url: str = field(repr=False)
    """It may contain a password."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exempt:
    """An entry of NO_PROXY: the hosts that are reached without a proxy."""

    host: str = ""
    network: Network | None = None
    scheme: str | None = None
    port: int | None = None

    def holds(self, url: httpx.URL) -> bool:
        """Return whether the entry exempts a URL."""
        if self.network is not None:
            address = _address(url.host)
            return address is not None and address in self.network
        if self.scheme not in (None, url.scheme):
            return False
        if self.port not in (None, url.port or _PORTS.get(url.scheme)):
            return False
        if self.host.startswith("."):
            return url.host.endswith(self.host)
        return url.host == self.host or url.host.endswith(f".{self.host}")


class Proxies:
    """The proxies of HTTP_PROXY, HTTPS_PROXY and ALL_PROXY, less the hosts of NO_PROXY."""

    def __init__(self) -> None:
        found = getproxies()  # the variables in either case; on macOS also the system's settings
        entries = [each for each in re.split(r"[,\s]+", found.get("no", "").lower()) if each]
        self._texts = {} if "*" in entries else found
        self._exempt = [exempt for each in entries if (exempt := _exempt(each)) is not None]
        self._read: dict[str, Proxy] = {}

    def of(self, url: httpx.URL) -> Proxy | None:
        """Return the proxy that a request to this URL takes.

        Raises:
            Unreachable: the variable does not contain a URL that can be used.

        """
        name = next((each for each in (url.scheme, "all") if self._texts.get(each)), None)
        if name is None or any(each.holds(url) for each in self._exempt):
            return None
        if name not in self._read:
            self._read[name] = _proxy(f"{name.upper()}_PROXY", self._texts[name])
        return self._read[name]


def _proxy(variable: str, text: str) -> Proxy:
    try:
        url = httpx.URL(text if "://" in text else f"http://{text}")
    except httpx.InvalidURL:
        raise _unusable(variable, "it is not a URL") from None
    if url.scheme not in _PORTS:
        raise _unusable(variable, "only http:// and https:// proxies are supported")
    port = url.port or _PORTS[url.scheme]
    # In a URL whose password contains a `/`, the rest would be read as the path.
    if not url.host or port > _HIGHEST or url.raw_path.strip(b"/") or url.fragment:
        raise _unusable(variable, "it is not a URL of a host and a port alone")
    host = url.netloc.decode().removesuffix(f":{url.port}")
    return Proxy(variable=variable, shown=printable(f"{host}:{port}"), url=str(url))


def _unusable(variable: str, why: str) -> Unreachable:
    # The URL is not shown: it may contain the proxy's password.
    return Unreachable(
        f"the proxy in {variable} cannot be used: {why}",
        hint=f"write http://HOST:PORT or http://USER:PASSWORD@HOST:PORT into {variable}, with the "
        "password percent-encoded",
    )


def _exempt(entry: str) -> Exempt | None:
    bare = entry.removeprefix("[").replace("]", "", 1)
    try:
        return Exempt(network=ipaddress.ip_network(bare, strict=False))
    except ValueError:
        found = _ENTRY.fullmatch(entry)
    if found is None:
        return None
    port = int(found["port"][:6]) if found["port"] else None
    host = found["host"].strip("[]").removeprefix("*")
    return Exempt(host=host, scheme=found["scheme"], port=port)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
