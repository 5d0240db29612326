"""The server: what a client on a real socket sees."""

import logging
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from reconciler.model.errors import UsageError
from reconciler.sandbox.running_sandbox import Running
from reconciler.sandbox.server import running
from reconciler.sandbox.server_state import SandboxState

Start = Callable[..., Running]
DOMAIN = "acme.domo.com"
LIST = f"/instances/{DOMAIN}/api/identity/v1/developer-tokens"
KEY = {"x-domo-developer-token": "key"}
CONFIG = {
    "seed": 7,
    "instances": {
        DOMAIN: {
            "users": [{"email": "ops@acme.example", "password": "right"}],
            "tokens": {"key": "ops@acme.example"},
        }
    },
}


@pytest.fixture
def served(sandbox: Start) -> Running:
    """Serve one instance with one access token."""
    return sandbox(CONFIG)


@pytest.fixture
def until() -> Callable[[Callable[[], bool]], None]:
    """Return a function that waits for what is bound to happen, at most five seconds."""

    def wait(happened: Callable[[], bool]) -> None:
        ends = time.monotonic() + 5
        while not happened():
            assert time.monotonic() < ends
            time.sleep(0.01)

    return wait


@pytest.fixture
def http(served: Running) -> Iterator[httpx.Client]:
    """Return a client that keeps its connection and holds the access token."""
    with httpx.Client(base_url=served.url, headers=KEY, timeout=5) as client:
        yield client


def create(http: httpx.Client, name: str = "ETL") -> httpx.Response:
    """Send one create."""
    return http.post(LIST, json={"name": name, "scopes": ["data"]})


def names(served: Running) -> list[str]:
    """Return the names of the clients that are there."""
    return [each.name for each in served.clients(DOMAIN)]


def test_a_manifest_can_point_at_it(served: Running) -> None:
    """Both base URLs are on one port, and the instance's has a placeholder."""
    assert served.api == f"{served.url}/api"
    assert served.instance_template == f"{served.url}/instances/{{domain}}"
    assert served.instance_template.format(domain=DOMAIN) == served.instance(DOMAIN)


def test_a_whole_life_over_the_wire(served: Running, http: httpx.Client) -> None:
    """Sign on, create, list, sign in, revoke."""
    answer = http.post(
        f"{served.instance(DOMAIN)}/api/content/v2/authentication",
        headers={"Origin": f"https://{DOMAIN}"},
        json={"method": "password", "emailAddress": "ops@acme.example", "password": "right"},
    )
    session = {
        "X-DOMO-Authentication": answer.json()["sessionToken"],
        "X-DOMO-CustomerDomain": DOMAIN,
    }
    body = {"name": "ETL", "scope": ["data"]}
    made = http.post(f"{served.api}/clients", headers=session, json=body).json()
    (listed,) = http.get(LIST).json()
    signed_in = http.get(
        f"{served.api}/oauth/token?grant_type=client_credentials&scope=data",
        auth=(made["client_id"], made["client_secret"]),
    )
    revoked = http.delete(f"{LIST}/{listed['id']}")
    assert (signed_in.status_code, revoked.status_code) == (200, 204)
    assert [each.client_id for each in served.revoked(DOMAIN)] == [made["client_id"]]
    assert served.count() == 5


def test_a_lost_answer_closes_the_socket_after_the_create(
    served: Running, http: httpx.Client
) -> None:
    """The connection ends in order, without a byte."""
    served.fault("lost_answer", route="create*")
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        create(http)
    assert names(served) == ["ETL"]


def test_a_reset_is_a_reset(served: Running) -> None:
    """The kernel sends RST: the client sees the connection reset, not closed."""
    served.fault("reset_before")
    url = urlsplit(served.url)
    with socket.create_connection((str(url.hostname), int(url.port or 0))) as raw:
        raw.sendall(f"GET {LIST} HTTP/1.1\r\nHost: sandbox\r\n\r\n".encode())
        raw.settimeout(5)
        with pytest.raises(ConnectionResetError):
            raw.recv(1)
    assert served.requests()[0]["status"] is None


def test_a_fault_ends_only_its_own_connection(served: Running, http: httpx.Client) -> None:
    """The next request finds a server in its right mind."""
    for what in ("lost_answer", "reset_before", "truncated"):
        served.fault(what)
        with pytest.raises(httpx.TransportError):
            http.get(LIST)
        assert http.get(LIST).status_code == 200


def test_a_truncated_answer_is_shorter_than_announced(served: Running, http: httpx.Client) -> None:
    """Half of the body comes, then the end."""
    served.fault("truncated")
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):
        create(http)
    assert names(served) == ["ETL"]


@pytest.mark.parametrize("done", [True, False])
def test_a_hang_says_nothing_until_its_time_is_over(
    served: Running, http: httpx.Client, done: bool
) -> None:
    """Then the socket closes without an answer."""
    served.fault("hang", seconds=0.2, done=done)
    began = time.monotonic()
    with pytest.raises(httpx.RemoteProtocolError):
        create(http)
    assert time.monotonic() - began >= 0.2
    assert names(served) == (["ETL"] if done else [])


def test_a_client_can_give_up_on_a_hang(served: Running, http: httpx.Client) -> None:
    """The read times out; the server serves on."""
    served.fault("hang")
    with pytest.raises(httpx.ReadTimeout):
        http.get(LIST, timeout=0.1)
    assert http.get(LIST).status_code == 200


def test_a_slow_answer_comes_byte_by_byte(served: Running, http: httpx.Client) -> None:
    """Each byte is well within a read time-out, the whole is not."""
    served.fault("slow_drip", seconds=0.002)
    began = time.monotonic()
    response = create(http)
    assert response.json()["name"] == "ETL"
    assert time.monotonic() - began >= 0.002 * len(response.content)


def test_a_client_can_leave_a_slow_answer(served: Running, http: httpx.Client) -> None:
    """The server notices and stops dripping."""
    served.fault("slow_drip", seconds=0.05)
    with http.stream("GET", LIST) as response:
        assert response.status_code == 200
    assert http.get(LIST).json() == []


def test_a_huge_answer_is_as_large_as_asked(served: Running, http: httpx.Client) -> None:
    """It has no length in advance, and is right JSON behind its padding."""
    served.fault("huge", megabytes=1.5)
    response = create(http)
    assert "content-length" not in response.headers
    assert len(response.content) > 1_500_000
    assert response.json()["name"] == "ETL"


def test_a_client_can_leave_a_huge_answer(served: Running, http: httpx.Client) -> None:
    """The server stops sending: it does not carry gigabytes to nobody."""
    served.fault("huge", megabytes=1_000_000)
    with http.stream("GET", LIST) as response:
        next(response.iter_raw())
    assert http.get(LIST).status_code == 200


def test_garbage_keeps_its_bytes(served: Running, http: httpx.Client) -> None:
    """A page where JSON was promised."""
    served.fault("garbage", form="html")
    response = create(http)
    assert response.status_code == 201
    assert response.headers["content-type"] == "text/html"


def test_latency_is_waited_for(sandbox: Start) -> None:
    """Half before the request is carried out, half after."""
    served = sandbox(CONFIG, latency=0.2)
    began = time.monotonic()
    assert httpx.get(f"{served.url}{LIST}", headers=KEY).status_code == 200
    assert time.monotonic() - began >= 0.2


def test_who_leaves_within_the_latency_has_asked_all_the_same(
    sandbox: Start, until: Callable[[Callable[[], bool]], None]
) -> None:
    """A process that is killed after its request was sent has made a client."""
    served = sandbox(CONFIG, latency=0.4)
    document = {"name": "orphan", "scopes": ["data"]}
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{served.url}{LIST}", headers=KEY, json=document, timeout=0.1)
    until(lambda: names(served) == ["orphan"])


def test_jitter_comes_on_top(sandbox: Start) -> None:
    """It is drawn for each request from the world's seed."""
    served = sandbox({**CONFIG, "jitter": 0.05})
    draw = random.Random(7)
    expected = sum(draw.uniform(0, 0.05) for _ in range(10))
    with httpx.Client(base_url=served.url, headers=KEY) as http:
        began = time.monotonic()
        for _ in range(10):
            http.get(LIST)
    assert time.monotonic() - began >= expected


def test_a_reset_keeps_the_latency_that_was_asked_for(sandbox: Start) -> None:
    """It was not in the config, but on the command line."""
    served = sandbox(CONFIG, latency=0.05)
    httpx.post(f"{served.url}/control/reset")
    assert served.state()["latency"] == 0.05


def test_control_is_not_delayed_struck_or_logged(sandbox: Start) -> None:
    """It must work while everything else is broken."""
    served = sandbox(CONFIG, latency=30)
    served.fault("hang", times=None)
    response = httpx.get(f"{served.url}/control/state")
    assert response.json()["instances"].keys() == {DOMAIN}
    assert served.requests() == []


def test_the_handle_plays_the_stranger(served: Running, http: httpx.Client) -> None:
    """It makes and revokes clients, and heals faults, without a request."""
    served.add_client(DOMAIN, "Theirs", scope=["audit"])
    assert [each["scopes"] for each in http.get(LIST).json()] == [["audit"]]
    served.remove_client(DOMAIN, "Theirs")
    assert http.get(LIST).json() == []
    with pytest.raises(ValueError, match="no client `Theirs`"):
        served.remove_client(DOMAIN, "Theirs")
    served.fault("error_before", times=None)
    assert http.get(LIST).status_code == 500
    served.clear_faults()
    assert http.get(LIST).status_code == 200
    assert served.count(route="list") == 4


def test_concurrent_creates_of_one_name_make_one_client(served: Running) -> None:
    """Uniqueness holds under load, and every other create answers 400."""

    def once(_: int) -> int:
        document = {"name": "ETL", "scopes": ["data"]}
        return httpx.post(f"{served.url}{LIST}", headers=KEY, json=document).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(once, range(32)))
    assert sorted(statuses) == [201] + [400] * 31
    assert names(served) == ["ETL"]


def test_several_sandboxes_do_not_know_each_other(sandbox: Start) -> None:
    """Each has a port and a world of its own."""
    first, second = sandbox(CONFIG), sandbox(CONFIG)
    first.add_client(DOMAIN, "x")
    assert (len(first.clients(DOMAIN)), len(second.clients(DOMAIN))) == (1, 0)


def test_the_factory_knows_fleets(sandbox: Start) -> None:
    """By keys, with rules; three instances where nothing is said."""
    assert len(sandbox().world.instances) == 3
    made = sandbox(["a", "b"], list_shape="entries").world.instances
    assert [each.rules.list_shape for each in made.values()] == ["entries", "entries"]


@pytest.mark.parametrize("what", [None, "hang", "slow_drip"])
def test_it_stops_at_once(what: str | None, until: Callable[[Callable[[], bool]], None]) -> None:
    """Open connections and answers that never end do not hold it up, nor leave a thread."""
    threads = threading.active_count()
    with httpx.Client(headers=KEY) as client, ThreadPoolExecutor(1) as pool:
        with running(SandboxState.from_config(CONFIG)) as served:
            client.get(f"{served.url}{LIST}")
            if what:
                served.fault(what, seconds=3600)
                waiting = pool.submit(client.get, f"{served.url}{LIST}", timeout=600)
                until(lambda: served.count(route="list") == 2)
        if what:
            assert isinstance(waiting.exception(60), httpx.RemoteProtocolError)
    assert threading.active_count() == threads
    with pytest.raises(httpx.ConnectError):
        httpx.get(served.url)


def test_a_request_that_is_cut_off_is_not_carried_out(
    served: Running, caplog: pytest.LogCaptureFixture
) -> None:
    """A client that dies while it sends has asked for nothing; the server says nothing."""
    caplog.set_level(logging.DEBUG)
    url = urlsplit(served.url)
    with socket.create_connection((str(url.hostname), int(url.port or 0))) as raw:
        raw.sendall(f"POST {LIST} HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{{".encode())
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert httpx.get(f"{served.url}{LIST}", headers=KEY).json() == []
    assert served.count() == 1
    noisy = ("aiohttp", "reconciler")
    assert [each for each in caplog.records if each.name.startswith(noisy)] == []


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "example.com", ""])  # noqa: S104 (refused)
def test_it_serves_loopback_only(host: str) -> None:
    """It shows its secrets to whoever asks."""
    with (
        pytest.raises(UsageError, match="does not serve on"),
        running(SandboxState.from_config({}), host=host),
    ):
        pass


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_it_serves_the_loopback_address(host: str) -> None:
    """By number or by name."""
    with running(SandboxState.from_config(CONFIG), host=host) as served:
        assert httpx.get(f"{served.url}{LIST}", headers=KEY).status_code == 200


@pytest.mark.parametrize("offset", [0, 70_000])
def test_a_port_that_cannot_be_had_is_said(served: Running, offset: int) -> None:
    """Taken, or no port at all."""
    port = int(urlsplit(served.url).port or 0) + offset
    with (
        pytest.raises(UsageError, match="cannot listen on"),
        running(SandboxState.from_config({}), port=port),
    ):
        pass


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, -signal.SIGTERM)]
)
def test_in_the_foreground_it_serves_until_a_signal(number: int, code: int) -> None:
    """It says when it is ready, writes nothing of its own, and ends quietly."""
    program = (
        "from reconciler.sandbox.server import run_forever\n"
        "from reconciler.sandbox.server_state import SandboxState\n"
        "run_forever(SandboxState.from_config({'instances': {'a': {}}}), latency=0.0,\n"
        "            ready=lambda served: print(served.url, flush=True))\n"
    )
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": "."},
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        state: Any = httpx.get(f"{url}/control/state").json()
        process.send_signal(number)
        out, err = process.communicate(timeout=10)
    assert list(state["instances"]) == ["a"]
    assert (process.returncode, out, err) == (code, "", "")
