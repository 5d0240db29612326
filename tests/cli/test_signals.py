"""Ctrl-C and SIGTERM end a command that only looks, or still waits, with 130 and nothing left."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.stores.local import LocalStore

if TYPE_CHECKING:
    from reconciler.sandbox.running_sandbox import Running

MANIFEST = """\
version: 1
endpoints: {{api: {api}, instance: "{instance}"}}
instances:
  acme:
    auth: {{method: token, token: {{command: [./token.sh]}}}}
    clients: [{{name: ETL, scope: [data]}}]
"""


@pytest.fixture
def start(
    tmp_path: Path, environment: dict[str, str], sandbox: Callable[..., "Running"]
) -> Callable[..., "subprocess.Popen[str]"]:
    """Return a function that starts a command whose credential takes its time."""
    served = sandbox({"seed": 1, "instances": {"acme.domo.com": {"users": []}}})
    text = MANIFEST.format(api=served.api, instance=served.instance_template)
    (tmp_path / "reconciler.yaml").write_text(text)
    script = tmp_path / "token.sh"
    script.write_text("#!/bin/sh\ntouch begun\nsleep 3\ntouch alive\n")
    script.chmod(0o755)

    def begin(*arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "reconciler", *arguments],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return begin


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    "arguments",
    [("plan", "--refresh"), ("check",), ("apply", "--refresh", "--auto-approve")],
    ids=" ".join,
)
def test_a_command_that_looks_ends_with_its_children(
    number: signal.Signals,
    arguments: tuple[str, ...],
    tmp_path: Path,
    start: Callable[..., "subprocess.Popen[str]"],
) -> None:
    """The code is 130, and the command that was to give a credential lives no longer."""
    process = start(*arguments)
    until = time.monotonic() + 20
    while not (tmp_path / "begun").exists():
        assert time.monotonic() < until
        time.sleep(0.02)
    process.send_signal(number)
    _, said = process.communicate(timeout=20)
    assert (process.returncode, "interrupted" in said) == (130, True)
    time.sleep(3.2)
    assert not (tmp_path / "alive").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_who_waits_for_the_lock_can_be_told_to_go(
    number: signal.Signals, tmp_path: Path, start: Callable[..., "subprocess.Popen[str]"]
) -> None:
    """Nothing was begun, so nothing is left to settle."""
    with LocalStore(tmp_path / "reconciler.state.json").lock(purpose="a test", timeout=0):
        process = start("apply", "--lock-timeout", "1m", "--auto-approve")
        time.sleep(1.5)
        process.send_signal(number)
        _, said = process.communicate(timeout=20)
    assert (process.returncode, said.splitlines()[-1]) == (130, "Error: interrupted")
