"""Kills an apply at random moments, starts it again until it ends, and judges what is left.

Before each kill, faults of `faults` strike at the server.
"""

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from reconciler.sandbox.running_sandbox import Running
    from tests.crash.faults import arm, revoke_taken
else:
    sys.path.insert(0, str(Path(__file__).parent))
    from faults import arm, revoke_taken

pytestmark = pytest.mark.usefixtures("uncovered")

INSTANCES = 5
CLIENTS = 6
SEEDS = 25
SHORT = 10
"""So many of them in the short form; `-m slow` runs the others."""

RUNS = 3
"""How many applies may pass without kills and faults until one of them is complete."""


def manifest(served: "Running", *, overlap: str = "0") -> str:
    """Return a manifest of five instances with six clients each, for all three kinds of sinks."""
    names = "\n".join(
        f"      - {{name: Client {number}, scope: [data]"
        + (", sink: state}" if number == 0 else "}")
        for number in range(CLIENTS)
    )
    instances = "\n".join(f"  i{number}: {{}}" for number in range(INSTANCES))
    return f"""\
version: 1
endpoints: {{api: {served.api}, instance: "{served.instance_template}"}}
sinks:
  files: {{type: file, path: "secrets/{{instance}}/{{client_slug}}.json"}}
defaults:
  sink: files
  overlap: {overlap}
  auth: {{method: password, email: "ops@i.example", password: {{env: "PW_{{INSTANCE}}"}}}}
client_sets:
  all:
    select: {{all: true}}
    clients:
{names}
instances:
{instances}
"""


def config() -> dict[str, object]:
    """Return the sandbox's world: five instances with one administrator each."""
    return {
        "seed": 1,
        "instances": {
            f"i{number}.domo.com": {"users": [{"email": "ops@i.example", "password": "right"}]}
            for number in range(INSTANCES)
        },
    }


def start(folder: Path, *command: str) -> "subprocess.Popen[bytes]":
    """Start an apply, or another command, as a process of its own."""
    passwords = {f"PW_I{number}": "right" for number in range(INSTANCES)}
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "reconciler",
            *(command or ("apply", "--auto-approve", "--absence-window", "300ms")),
        ],
        cwd=folder,
        env={**os.environ, **passwords},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.mark.parametrize(
    "seed",
    [pytest.param(n, marks=[pytest.mark.slow] if n >= SHORT else []) for n in range(SEEDS)],
)
def test_a_killed_apply_ends_with_every_client_once_and_every_secret_delivered(
    seed: int, tmp_path: Path, sandbox: Callable[..., "Running"]
) -> None:
    """Whatever moment the kill hits, nothing is lost, made twice, left over or delivered wrong."""
    served = sandbox(config(), latency=0.004)
    (tmp_path / "reconciler.yaml").write_text(manifest(served))
    draw = random.Random(seed)
    for _ in range(12):
        arm(served, draw)
        process = start(tmp_path)
        try:
            process.communicate(timeout=draw.uniform(0.2, 0.9))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate()
        served.clear_faults()
        if process.returncode == 0:
            break
    for _ in range(RUNS):
        ended = start(tmp_path)
        out, err = ended.communicate(timeout=60)
        if ended.returncode == 0:
            break
        for command in revoke_taken(tmp_path / "reconciler.state.json", served):
            settling = start(tmp_path, *command)
            settling.communicate()
            assert settling.returncode == 0
    assert ended.returncode == 0, (out.decode(), err.decode())
    judge(tmp_path, served)


def judge(folder: Path, served: "Running") -> None:
    """Compare what Domo has with the state and the sinks, and look for what should not be there."""
    state = json.loads((folder / "reconciler.state.json").read_bytes())["clients"]
    assert len(state) == INSTANCES * CLIENTS
    for number in range(INSTANCES):
        clients = {c.name: c for c in served.clients(f"i{number}.domo.com")}
        assert sorted(clients) == [f"Client {each}" for each in range(CLIENTS)]
        for name, client in clients.items():
            known = state[f"i{number}/{name}"]
            assert known["client_id"] == client.client_id
            # A list that hid the client after its create leaves the number to a later one.
            assert known.get("id", client.id) == client.id
            if name == "Client 0":
                assert known["client_secret"] == client.client_secret
                continue
            path = folder / "secrets" / f"i{number}" / f"{name.lower().replace(' ', '-')}.json"
            assert json.loads(path.read_bytes())["client_secret"] == client.client_secret
            assert "client_secret" not in known
    assert not list(folder.glob("*.journal"))
