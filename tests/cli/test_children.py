"""What a run does with its commands: what they print, and how they end."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from reconciler.sandbox.running_sandbox import Running
    from tests.cli.conftest import Run

PASSWORDS: Final = {"a": "Correct-Horse-1", "b": "Battery-Staple-2"}
MANIFEST: Final = """\
version: 1
endpoints: {{api: "{api}", instance: "{instance}"}}
sinks: {{put: {{type: exec, command: [./put.sh, "{{instance}}"]}}}}
defaults: {{sink: put}}
instances:
  a:
    auth: {{method: password, email: "ops@i.example", password: {{file: a.txt}}}}
    clients: [{{name: ETL, scope: [data]}}]
  b:
    auth: {{method: password, email: "ops@i.example", password: {{command: [./login.sh]}}}}
    clients: [{{name: ETL, scope: [data]}}]
"""
APPLY: Final = ("apply", "--auto-approve", "--absence-window", "100ms", "--concurrency", "1")
SLOW: Final = """\
object=$(cat)
echo $$ >outer.$1
sh -c "echo \\$\\$ >inner.$1; sleep {seconds}; touch late"
printf '%s' "$object" >got.$1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A folder with a manifest of two instances, whose secrets go to a command."""

    folder: Path
    served: "Running"
    reconciler: "Callable[..., Run]"
    environment: dict[str, str]

    def write(self, *, put: str, login: str = "cat b.txt") -> None:
        """Write the manifest and its commands."""
        text = MANIFEST.format(api=self.served.api, instance=self.served.instance_template)
        (self.folder / "reconciler.yaml").write_text(text)
        for name, script in (("put.sh", put), ("login.sh", login)):
            (self.folder / name).write_text(f"#!/bin/sh\n{script}\n")
            (self.folder / name).chmod(0o755)
        for key, password in PASSWORDS.items():
            (self.folder / f"{key}.txt").write_text(password)

    def start(self) -> "subprocess.Popen[str]":
        """Start an apply, and return it once a command of it waits in a child of its own."""
        process = subprocess.Popen(
            [sys.executable, "-m", "reconciler", *APPLY],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        deadline = time.monotonic() + 20
        while not self.pids("inner") and time.monotonic() < deadline:
            time.sleep(0.01)
        assert self.pids("inner")
        return process

    def pids(self, which: str) -> list[int]:
        """Return the process ids that commands have written down."""
        return [int(path.read_text() or 0) for path in self.folder.glob(f"{which}.*")]

    def alive(self) -> bool:
        """Say whether a command or a child of one runs."""
        known = ",".join(map(str, [*self.pids("outer"), *self.pids("inner")]))
        listed = subprocess.run(
            ["/bin/ps", "-o", "stat=", "-p", known], capture_output=True, text=True, check=False
        )
        return bool(re.search("^[^Z]", listed.stdout, re.MULTILINE))


@pytest.fixture
def stage(
    tmp_path: Path,
    sandbox: "Callable[..., Running]",
    reconciler: "Callable[..., Run]",
    environment: dict[str, str],
) -> Iterator[Stage]:
    """Return a stage before a sandbox with both instances."""
    users = {
        f"{key}.domo.com": {"users": [{"email": "ops@i.example", "password": password}]}
        for key, password in PASSWORDS.items()
    }
    served = sandbox({"seed": 3, "instances": users})
    made = Stage(folder=tmp_path, served=served, reconciler=reconciler, environment=environment)
    yield made
    for pid in (*made.pids("outer"), *made.pids("inner")):
        if made.alive():
            os.kill(pid, signal.SIGKILL)


SPOKEN: Final = {
    "plain": "cat got.a",
    "reversed": "rev got.a",
    "divided": "sed 's/./& /g' got.a",
    "base64": "base64 got.a",
    "harmless": "echo vault is sealed",
}


@pytest.mark.parametrize("say", SPOKEN.values(), ids=SPOKEN)
def test_error_output_is_kept_in_a_file_and_never_shown(stage: Stage, say: str) -> None:
    """Commands of sinks and credentials are not quoted; one private file has what they printed."""
    put = f'[ "$1" = a ] && exec cat >got.a; cat >/dev/null; {say} >&2; exit 3'
    stage.write(put=put, login="cat b.txt")
    done = stage.reconciler(*APPLY)
    assert done.code == 3
    (path,) = stage.folder.glob("reconciler.state.json.*.log")
    assert f"ended with exit code 3; its error output is in {path.name}\n" in done.err
    assert path.stat().st_mode & 0o777 == 0o600
    said = subprocess.run(["/bin/sh", "-c", say], cwd=stage.folder, capture_output=True, check=True)
    title, _, text = path.read_bytes().partition(b"\n")
    assert title == b"== b/ETL: sink put: command ./put.sh ended with exit code 3"
    assert text.split() == said.stdout.split()
    assert not any(line in done.out + done.err for line in said.stdout.decode().splitlines())


def test_equal_failures_are_one_message_and_one_file(stage: Stage) -> None:
    """A cause that hits many clients is shown once, with the file that has each one's output."""
    stage.write(put='cat >/dev/null; echo "$1 is sealed" >&2; exit 3')
    done = stage.reconciler(*APPLY, "--log-format", "json", "--format", "json")
    (cause,) = json.loads(done.out)["causes"]
    assert cause["names"] == ["a/ETL", "b/ETL"]
    (path,) = stage.folder.glob("reconciler.state.json.*.log")
    assert cause["message"].endswith(f"its error output is in {path.name}")
    assert path.read_text().count(" is sealed\n") == 2


def test_a_command_that_only_looks_keeps_error_output_as_well(stage: Stage) -> None:
    """`check` needs no state and names a file beside the place of the state."""
    stage.write(put="cat >/dev/null", login="echo who are you >&2; exit 4")
    done = stage.reconciler("check")
    assert done.code == 3
    (path,) = stage.folder.glob("reconciler.state.json.*.log")
    assert f"command ./login.sh ended with exit code 4; its error output is in {path.name}" in (
        done.err
    )
    assert path.read_text() == "== ./login.sh ended with exit code 4\nwho are you\n"


def test_a_killed_run_leaves_no_command(stage: Stage) -> None:
    """After a kill -9 neither a command nor its child is left to write what is dead by then."""
    stage.write(put=SLOW.format(seconds=2))
    process = stage.start()
    process.kill()
    process.communicate()
    time.sleep(1)
    assert not stage.alive()
    time.sleep(1.5)
    assert list(stage.folder.glob("late")) == []
    assert list(stage.folder.glob("got.*")) == []


def test_a_second_interrupt_leaves_no_command(stage: Stage) -> None:
    """It ends the run and every command of it at once."""
    stage.write(put=SLOW.format(seconds=2))
    process = stage.start()
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    process.communicate()
    assert process.returncode == 130
    time.sleep(0.2)
    assert not stage.alive()
    assert list(stage.folder.glob("late")) == []


def test_an_interrupt_ends_a_command_that_takes_too_long(stage: Stage) -> None:
    """A command that does not end by itself is ended in time for the run to be over by then."""
    stage.write(put=SLOW.format(seconds=20))
    process = stage.start()
    process.send_signal(signal.SIGINT)
    process.communicate()
    assert process.returncode == 130
    assert not stage.alive()
    assert list(stage.folder.glob("late")) == []
    assert len(list(stage.folder.glob("*.journal"))) == 1
