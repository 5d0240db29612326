"""The life of a client, as the example tells it, under a load of token requests."""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import httpx
import pytest

if TYPE_CHECKING:
    from reconciler.sandbox.running_sandbox import Running
    from tests.leak_search import LeakSearch

pytestmark = pytest.mark.usefixtures("uncovered")

EXAMPLE: Final = Path(__file__).parents[2] / "examples" / "life-of-a-client"
DOMAIN: Final = "acme-prod.domo.com"


@dataclass(kw_only=True)
class Consumer:
    """Signs in again and again with whatever secret the sink has; `refused` should stay empty."""

    sink: Path
    api: str
    signed_in: int = 0
    used: set[str] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Send requests until the block ends."""
        ended = threading.Event()

        def work() -> None:
            with httpx.Client() as client:
                while not ended.is_set():
                    self._sign_in(client)
                    time.sleep(0.005)

        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def _sign_in(self, client: httpx.Client) -> None:
        held = json.loads(self.sink.read_bytes())
        answer = client.get(
            f"{self.api}/oauth/token",
            params={"grant_type": "client_credentials", "scope": "data"},
            auth=(held["client_id"], held["client_secret"]),
        )
        if answer.status_code == 200:
            self.signed_in += 1
            self.used.add(held["live_name"])
        else:
            self.refused.append(f"{held['live_name']}: {answer.status_code}")


@pytest.fixture
def steps(
    tmp_path: Path, environment: dict[str, str], leaks: "LeakSearch"
) -> Iterator[Callable[[], str]]:
    """Return a function that runs the next step of the README and returns what it says."""
    blocks = re.findall(
        r"^```sh\n(.*?)^```$", (EXAMPLE / "README.md").read_text(), re.MULTILINE | re.DOTALL
    )
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "reconciler"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m reconciler "$@"\n')
    program.chmod(0o755)
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    left = iter(blocks)

    def step() -> str:
        leaks.begin()
        done = subprocess.run(
            [shutil.which("bash") or "bash", "-euo", "pipefail", "-c", next(left)],
            cwd=tmp_path,
            env={**environment, "PATH": path, "DOMO_ACME_PROD_PASSWORD": "pw-ops-1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        leaks.end("step", stdout=done.stdout.encode(), stderr=done.stderr.encode())
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    yield step
    assert list(left) == []


@pytest.fixture
def served(tmp_path: Path, sandbox: Callable[..., "Running"]) -> "Running":
    """Serve the instance with the client that somebody made by hand, and one of a stranger."""
    users = [{"email": "ops@acme-prod.example", "password": "pw-ops-1"}]
    served = sandbox({"seed": 4, "instances": {DOMAIN: {"users": users}}})
    shutil.copytree(EXAMPLE, tmp_path, dirs_exist_ok=True)
    manifest = tmp_path / "reconciler.yaml"
    endpoints = f"endpoints: {{api: {served.api}, instance: '{served.instance_template}'}}\n"
    manifest.write_text(manifest.read_text().replace("version: 1\n", f"version: 1\n{endpoints}"))
    made = served.add_client(DOMAIN, "Reporting")
    served.add_client(DOMAIN, "Somebody's")
    (tmp_path / "known-secret.txt").write_text(made.client_secret)
    return served


def names(served: "Running") -> list[str]:
    """Return the names of the clients that live."""
    return sorted(each.name for each in served.clients(DOMAIN))


def test_the_life_of_a_client(tmp_path: Path, served: "Running", steps: Callable[[], str]) -> None:
    """Whoever signs in with what the sink has is never refused, but for what the stranger did."""
    assert "Applied: 1 delivered." in steps()
    consumer = Consumer(sink=tmp_path / "secrets/acme-prod/reporting.json", api=served.api)
    with consumer.at_work():
        assert "keeps working for 2s" in steps()
        assert names(served) == ["Reporting", "Reporting (2)", "Somebody's"]
        assert "Applied: 1 old client revoked." in steps()
        assert names(served) == ["Reporting (2)", "Somebody's"]
    assert consumer.used == {"Reporting", "Reporting (2)"}
    served.remove_client(DOMAIN, "Reporting (2)")
    assert "gone from the instance" in steps()
    with consumer.at_work():
        time.sleep(0.2)
    assert (consumer.refused, consumer.signed_in > 100) == ([], True)
    assert "Applied: 2 revoked." in steps()  # with the one that was gone
    assert names(served) == ["Somebody's"]
    assert json.loads((tmp_path / "reconciler.state.json").read_bytes())["clients"] == {}
