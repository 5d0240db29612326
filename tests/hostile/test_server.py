"""A server that answers too much, too deeply, too slowly: bounded, said, and nothing is lost."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from reconciler.sandbox.running_sandbox import Running

pytestmark = pytest.mark.usefixtures("uncovered")

MEGABYTES = 320.0
"""More than twice what an apply needs that meets no harm, coverage measured along."""

SESSION = {"userId": 27, "success": True, "sessionToken": "s3ssion"}


def delivered(folder: Path) -> Any:
    """Return what the sink has."""
    return json.loads((folder / "secrets/reporting.json").read_bytes())


def heals(apply: Callable[..., Any], served: "Running", folder: Path) -> bool:
    """Say whether the next apply makes it good: one client, its secret in the sink, no journal."""
    served.clear_faults()
    assert apply().code == 0
    (client,) = served.clients("acme.domo.com")
    assert delivered(folder)["client_secret"] == client.client_secret
    return client.name == "Reporting" and not list(folder.glob("*.journal"))


@pytest.mark.parametrize("fault", ["huge", "deep_json"])
@pytest.mark.parametrize("route", ["sign_on", "list", "create"])
def test_an_answer_that_would_fill_the_memory_is_not_read(
    *,
    route: str,
    fault: str,
    apply: Callable[..., Any],
    manifest: Callable[..., Path],
    sandbox: Callable[..., "Running"],
    config: Callable[..., Any],
    tmp_path: Path,
) -> None:
    """A gigabyte, or a million levels: an error, little memory, and a way on."""
    served = sandbox(config())
    manifest(served.api, served.instance_template)
    served.fault(fault, route=route, times=None, megabytes=1000, depth=300_000)
    ended = apply()
    assert ended.code == 3
    assert "Error: " in ended.err
    assert "hint: " in ended.err
    assert "Traceback" not in ended.said
    assert "internal" not in ended.said
    assert ended.megabytes < MEGABYTES
    assert not (tmp_path / "secrets/reporting.json").exists()
    assert heals(apply, served, tmp_path)


@pytest.mark.parametrize("layers", [1, 2, pytest.param(3, marks=pytest.mark.slow)])
def test_a_body_that_unpacks_to_gigabytes_is_not_unpacked(
    layers: int,
    apply: Callable[..., Any],
    manifest: Callable[..., Path],
    raw_server: Callable[..., str],
    http: Callable[..., bytes],
) -> None:
    """One layer stops at the cap; a second one, which multiplies, is not begun."""
    bomb = b" " * 200_000_000
    for _ in range(layers):
        bomb = gzip.compress(bomb, 6)
    answer = http(200, bomb, Content_Encoding=", ".join(["gzip"] * layers))
    manifest(raw_server({"POST authentication": http(200, SESSION), "GET tokens": answer}))
    ended = apply()
    assert ended.code == 3
    assert ("too large" if layers == 1 else "cannot be decompressed") in ended.err
    assert ended.megabytes < MEGABYTES


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\n" + b"X-Filler: " + b"x" * 2_000_000 + b"\r\n\r\n[]",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200_000 + b"\r\n[]",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n[]",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n[]",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n[]",
        b"HTTP/9.9 \xff\xfe\r\n\r\n",
        b"\x00" * 200_000,
        b"",
    ],
    ids=["header", "headers", "chunk", "length", "negative", "version", "nuls", "nothing"],
)
def test_an_answer_that_is_no_http_is_said(
    answer: bytes,
    apply: Callable[..., Any],
    manifest: Callable[..., Path],
    raw_server: Callable[..., str],
    http: Callable[..., bytes],
) -> None:
    """The password was judged once; what came back is one error with the host in it."""
    manifest(raw_server({"POST authentication": answer, "GET tokens": http(200, [])}))
    ended = apply()
    assert ended.code == 3
    assert "acme" in ended.err
    assert "no answer from 127.0.0.1" in ended.err
    assert "internal" not in ended.said
    assert ended.megabytes < MEGABYTES


def test_ten_thousand_clients_are_a_list_like_another(
    apply: Callable[..., Any],
    manifest: Callable[..., Path],
    sandbox: Callable[..., "Running"],
    config: Callable[..., Any],
    tmp_path: Path,
) -> None:
    """Strangers are read, not shown and not touched; the one that is wanted is made."""
    strangers = [{"name": f"Stranger {n}", "scope": ["data"]} for n in range(10_000)]
    served = sandbox(config(clients=strangers))
    manifest(served.api, served.instance_template)
    ended = apply()
    assert ended.code == 0
    assert "Stranger" not in ended.said
    assert ended.megabytes < MEGABYTES
    assert len(served.clients("acme.domo.com")) == 10_001
    assert not served.revoked("acme.domo.com")
    assert delivered(tmp_path)["live_name"] == "Reporting"


def test_answers_that_drip_are_waited_for(
    apply: Callable[..., Any],
    manifest: Callable[..., Path],
    sandbox: Callable[..., "Running"],
    config: Callable[..., Any],
    tmp_path: Path,
) -> None:
    """Slow is not wrong: every answer a byte at a time, and the apply is complete."""
    served = sandbox(config())
    manifest(served.api, served.instance_template)
    served.fault("slow_drip", seconds=0.002, times=None)
    assert apply().code == 0
    assert heals(apply, served, tmp_path)


@pytest.mark.slow
def test_a_drip_without_end_costs_a_minute(
    apply: Callable[..., Any],
    manifest: Callable[..., Path],
    sandbox: Callable[..., "Running"],
    config: Callable[..., Any],
    tmp_path: Path,
) -> None:
    """A byte every second defeats a time-out between bytes; the whole exchange has its own."""
    served = sandbox(config())
    manifest(served.api, served.instance_template)
    served.fault("slow_drip", route="sign_on", seconds=1.0, times=None)
    ended = apply()
    assert ended.code == 3
    assert "no complete answer in time" in ended.err
    assert ended.seconds > 55
    assert served.count(route="sign_on") == 1
    assert heals(apply, served, tmp_path)
