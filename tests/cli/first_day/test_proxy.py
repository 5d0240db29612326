"""Proxies and certificates: the message names what failed, and never a password."""

from __future__ import annotations

import socket
import ssl
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.cli.first_day.conftest import WORKS, Answer, hint

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.first_day.conftest import Domo, Serve

AWAY = "http://10.255.255.1"
USER = "ops:hunter2-of-the-proxy"


@pytest.fixture
def closed() -> Iterator[int]:
    """Return a port that refuses connections: it is bound and does not listen."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


def test_a_proxy_that_is_down_is_named(domo: Domo, closed: int) -> None:
    """The message has the proxy's host and port, the hint its variable."""
    domo.write(None)
    proxy = f"http://{USER}@127.0.0.1:{closed}"
    run = domo.reconciler("check", env={"VALUE": "x", "HTTPS_PROXY": proxy})

    assert run.code == 3
    assert f"the proxy 127.0.0.1:{closed} cannot be reached: the connection was refused" in run.err
    assert "HTTPS_PROXY" in hint(run)
    assert "NO_PROXY" in hint(run)
    assert "hunter2" not in run.err


@pytest.mark.parametrize(
    ("status", "why", "remedy"),
    [
        (407, "it asks for a user and a password", "USER:PASSWORD@HOST:PORT"),
        (403, "it does not allow this host", "NO_PROXY"),
    ],
)
def test_a_proxy_that_refuses_is_named_with_its_answer(
    domo: Domo, serve: Serve, status: int, why: str, remedy: str
) -> None:
    """A refused tunnel is not tried again: the next answer would be the same."""
    headers = {"Proxy-Authenticate": 'Basic realm="corp"'}
    proxy = serve({"*": Answer(status=status, body=b"<title>denied</title>", headers=headers)})
    domo.write(None, method="token")
    env = {"HTTPS_PROXY": f"http://{USER}@127.0.0.1:{proxy.server_port}"}
    run = domo.reconciler("check", env={"VALUE": "x", **env})

    assert run.code == 3
    assert f"the proxy 127.0.0.1:{proxy.server_port} answered {status}: {why}" in run.err
    assert remedy in hint(run)
    assert "hunter2" not in run.err
    assert [each.line for each in proxy.asked] == ["CONNECT acme.domo.com:443"]


def test_a_proxy_that_forwards_http_is_named_when_it_wants_a_password(
    domo: Domo, serve: Serve
) -> None:
    """A 407 is never an answer of Domo."""
    proxy = serve({"*": Answer(status=407)})
    domo.write(AWAY)
    env = {"HTTP_PROXY": f"127.0.0.1:{proxy.server_port}"}
    run = domo.reconciler("check", env={"VALUE": "x", **env})

    assert run.code == 3
    assert f"the proxy 127.0.0.1:{proxy.server_port} answered 407" in run.err
    assert "HTTP_PROXY" in hint(run)


@pytest.mark.parametrize(
    "proxy",
    [
        f"gopher://{USER}@proxy.example:1",
        f"socks5://{USER}@proxy.example:1",
        f"http://{USER}@proxy.example:99999999",
        "http://ops:12/hunter2@proxy.example:1",
        "http://ops:hunter2/x@proxy.example:1",
    ],
)
def test_a_proxy_that_is_no_usable_url_is_not_shown(domo: Domo, proxy: str) -> None:
    """The message names the variable; its value may contain a password."""
    run, server = domo.check(WORKS, env={"HTTP_PROXY": proxy})

    assert run.code == 3
    assert "the proxy in HTTP_PROXY cannot be used: " in run.err
    assert "hunter2" not in run.err
    assert "http://HOST:PORT" in hint(run)
    assert server.asked == []


@pytest.mark.parametrize(
    "exempt", ["127.0.0.0/8", "10.0.0.0/8, ::1/128,127.0.0.1/32", "fd00::/8 127.0.0.1", "*"]
)
def test_no_proxy_accepts_cidr(domo: Domo, closed: int, exempt: str) -> None:
    """An address within an entry of NO_PROXY is reached without the proxy."""
    env = {"HTTP_PROXY": f"http://127.0.0.1:{closed}", "NO_PROXY": exempt}
    run, _ = domo.check(WORKS, env=env)

    assert run.code == 0, run.err


@pytest.fixture
def corporate(tmp_path: Path) -> tuple[ssl.SSLContext, Path]:
    """Return a server's context, and the certificate of the authority that signed it."""
    folder = tmp_path / "ca"
    folder.mkdir()
    extension = "subjectAltName=IP:127.0.0.1"
    for line in (
        (
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key "
            "-out ca.pem -days 2 -subj /CN=Corporate -addext keyUsage=critical,keyCertSign"
        ),
        (
            "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out csr.pem "
            f"-subj /CN=server -addext {extension}"
        ),
        (
            "x509 -req -in csr.pem -CA ca.pem -CAkey ca.key -CAcreateserial -out cert.pem -days 2 "
            "-copy_extensions copyall"
        ),
    ):
        command = ["openssl", *line.split()]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context, folder / "ca.pem"


def test_ssl_cert_file_trusts_a_corporate_authority(
    domo: Domo, serve: Serve, corporate: tuple[ssl.SSLContext, Path]
) -> None:
    """Without it the hint names the variable; with it the same run succeeds."""
    context, authority = corporate
    server = serve(WORKS, context)
    domo.write(f"https://127.0.0.1:{server.server_port}")

    refused = domo.reconciler("check", env={"VALUE": "x"})
    trusted = domo.reconciler("check", env={"VALUE": "x", "SSL_CERT_FILE": str(authority)})

    assert refused.code == 3
    assert "its certificate is not trusted (" in refused.err
    assert "SSL_CERT_FILE" in hint(refused)
    assert trusted.code == 0, trusted.err


@pytest.mark.parametrize(
    ("name", "path", "reason"),
    [
        ("SSL_CERT_FILE", "nowhere.pem", "No such file or directory"),
        ("SSL_CERT_FILE", "reconciler.yaml", "it has no certificate in PEM form"),
        ("SSL_CERT_DIR", "nowhere", "No such file or directory"),
    ],
)
def test_unusable_certificates_are_named(domo: Domo, name: str, path: str, reason: str) -> None:
    """The message has the variable, the path and the reason."""
    domo.write(None)
    run = domo.reconciler("check", env={"VALUE": "x", name: path})

    assert run.code == 3
    assert f"the certificates of {name} cannot be read from `{path}`: {reason}" in run.err
    assert f"let {name} name a " in hint(run)
