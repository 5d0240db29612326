"""Two operators at once, as processes: one waits, or is stopped, and nothing is lost or doubled."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from reconciler.sandbox.running_sandbox import Running

pytestmark = pytest.mark.usefixtures("uncovered")

DOMAIN: Final = "acme.domo.com"
STATE: Final = "reconciler.state.json"
CLIENTS: Final = 3
GATE: Final = """\
if [ -n "$1" ] && [ -e "$1" ]; then touch "$1.reached"; fi
while [ -n "$1" ] && [ -e "$1" ]; do sleep 0.02; done
"""
"""Waits as long as the file exists that its argument names."""


class Scene:
    """A manifest whose sign-on and sink wait at gates that a process is given, and its runs."""

    def __init__(self, folder: Path, served: "Running", environment: dict[str, str]) -> None:
        self.folder = folder
        self.served = served
        self._environment = environment
        (folder / "secrets").mkdir()
        (folder / "gate.sh").write_text(GATE)
        (folder / "password.sh").write_text('sh gate.sh "$SIGN_ON_GATE"; echo right\n')
        (folder / "put.sh").write_text(
            'sh gate.sh "$SINK_GATE"; cat >"secrets/$1.tmp"; mv "secrets/$1.tmp" "secrets/$1"\n'
        )
        names = ", ".join(f"{{name: c{number}, scope: [data]}}" for number in range(CLIENTS))
        (folder / "reconciler.yaml").write_text(
            "version: 1\n"
            f'endpoints: {{api: {served.api}, instance: "{served.instance_template}"}}\n'
            'sinks: {put: {type: exec, command: [sh, put.sh, "{client_slug}"]}}\n'
            'defaults: {sink: put, auth: {method: password, email: "ops@acme.example",'
            " password: {command: [sh, password.sh]}}}\n"
            f"instances: {{acme: {{clients: [{names}]}}}}\n"
        )

    def start(self, *arguments: str, **gates: str) -> "subprocess.Popen[str]":
        """Start an apply; `SIGN_ON_GATE` and `SINK_GATE` name the gates at which it waits."""
        for gate in gates.values():
            (self.folder / gate).touch()
        command = [sys.executable, "-m", "reconciler", "apply", "--auto-approve"]
        return subprocess.Popen(
            [*command, "--absence-window", "200ms", *arguments],
            cwd=self.folder,
            env={**self._environment, **gates},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def reached(self, gate: str) -> None:
        """Wait until a process stands at a gate."""
        self.wait_for((self.folder / f"{gate}.reached").exists)

    def open(self, gate: str) -> None:
        """Let it through."""
        (self.folder / gate).unlink()

    def wait_for(self, what: Callable[[], object]) -> None:
        """Wait until something is true."""
        deadline = time.monotonic() + 30
        while not what():
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def lose_the_lock(self) -> None:
        """Do what nobody should."""
        (self.folder / f"{STATE}.lock").unlink()

    def is_whole(self) -> bool:
        """Apply once more, then compare Domo, the state and the sinks, and look for leftovers."""
        code, out, err = end(self.start())
        assert code == 0, out + err
        live = {each.name: each for each in self.served.clients(DOMAIN)}
        known = json.loads((self.folder / STATE).read_bytes())["clients"]
        assert sorted(live) == [f"c{number}" for number in range(CLIENTS)]
        for name, client in live.items():
            assert known[f"acme/{name}"]["client_id"] == client.client_id
            got = json.loads((self.folder / "secrets" / name).read_bytes())
            assert got["client_secret"] == client.client_secret
        return not list(self.folder.glob("*.journal"))


def end(process: "subprocess.Popen[str]") -> tuple[int, str, str]:
    """Wait for a run."""
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


@pytest.fixture
def scene(tmp_path: Path, sandbox: Callable[..., "Running"], environment: dict[str, str]) -> Scene:
    """Return a scene on a sandbox of one instance."""
    users = [{"email": "ops@acme.example", "password": "right"}]
    served = sandbox({"seed": 1, "instances": {DOMAIN: {"users": users}}})
    return Scene(tmp_path, served, environment)


def test_two_that_start_at_once_do_the_work_once(scene: Scene) -> None:
    """One creates; the other waits for it, looks again, and finds nothing to do."""
    both = [scene.start("--lock-timeout", "30s") for _ in range(2)]
    ended = [end(each) for each in both]
    assert [code for code, _, _ in ended] == [0, 0]
    assert sorted("No changes" in out for _, out, _ in ended) == [False, True]
    assert scene.served.count(route="create") == CLIENTS
    assert scene.is_whole()


def test_the_second_one_names_the_first(scene: Scene) -> None:
    """Who, which process, where, since when and for what; and how to wait. It changed nothing."""
    first = scene.start(SIGN_ON_GATE="gate")
    scene.reached("gate")
    asked = len(scene.served.requests())
    code, _, err = end(scene.start("--lock-timeout", "200ms"))
    assert code == 1
    assert f"`apply` by {os.environ.get('USER') or 'root'}" in err or "`apply` by " in err
    assert f"process {first.pid} on this machine, since 20" in err
    assert "(waited 0.2s)" in err
    assert "--lock-timeout" in err
    assert len(scene.served.requests()) == asked
    scene.open("gate")
    assert end(first)[0] == 0
    assert scene.is_whole()


def test_one_that_waits_goes_on_when_the_first_is_done(scene: Scene) -> None:
    """The plan is made after the wait, so it is one for what is there then."""
    first = scene.start(SIGN_ON_GATE="gate")
    scene.reached("gate")
    second = scene.start("--lock-timeout", "30s")
    scene.open("gate")
    assert end(first)[0] == 0
    code, out, _ = end(second)
    assert code == 0
    assert "No changes" in out
    assert scene.is_whole()


def test_a_killed_holder_is_not_in_the_way(scene: Scene) -> None:
    """Its name still stands in the file; the system has let go of the lock."""
    first = scene.start(SINK_GATE="gate")
    scene.reached("gate")
    first.send_signal(signal.SIGKILL)
    end(first)
    said = json.loads((scene.folder / f"{STATE}.lock").read_bytes())
    assert said["pid"] == first.pid
    scene.open("gate")
    assert scene.is_whole()
    # The kill may hit a second create whose secret was not durable yet: that one is made anew.
    ended = len(scene.served.revoked(DOMAIN))
    assert scene.served.count(route="create") - ended == CLIENTS


@pytest.mark.parametrize("boot", ["this", "another"])
def test_a_process_of_the_same_number_is_not_the_holder(scene: Scene, boot: str) -> None:
    """After a reboot, or much later, a process id is somebody else's: it decides nothing."""
    path = Path("/proc/sys/kernel/random/boot_id")
    now = path.read_text().strip() if path.exists() else None
    said = {
        "pid": os.getpid(),
        "host": os.uname().nodename,
        "user": "somebody",
        "since": "2026-01-31T08:00:00Z",
        "purpose": "apply",
        "boot": now if boot == "this" else "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0",
    }
    (scene.folder / f"{STATE}.lock").write_text(json.dumps(said))
    assert scene.is_whole()


@pytest.mark.parametrize("other", ["acme/c0", "acme/*"])
def test_one_that_slips_past_a_deleted_lock_is_stopped(scene: Scene, other: str) -> None:
    """The serial tells, or the list where the other took the same name: no create is sent."""
    first = scene.start("--target", "acme/c1", SIGN_ON_GATE="gate")
    scene.reached("gate")
    scene.lose_the_lock()
    assert end(scene.start("--target", other))[0] == 0
    written = (scene.folder / STATE).read_bytes()
    asked = scene.served.count(route="create")
    scene.open("gate")
    code, _, err = end(first)
    if other == "acme/c0":
        assert code == 1
        assert "the state file was changed by another process" in err
    else:
        assert code == 3
        assert "has this state's mark, and the state does not know it" in err
    assert scene.served.count(route="create") == asked
    assert (scene.folder / STATE).read_bytes() == written
    assert scene.is_whole()


@pytest.mark.parametrize("moment", ["before a create", "before a delivery"])
def test_the_journal_of_a_run_that_lives_is_not_settled(scene: Scene, moment: str) -> None:
    """Its lock was deleted, its journal is held: nobody touches that, and the next apply has it."""
    if moment == "before a create":
        scene.served.fault("rate_limited", route="create", seconds=2.0)
        first = scene.start()
        scene.wait_for(lambda: scene.served.count(route="create"))
    else:
        first = scene.start(SINK_GATE="gate")
        scene.reached("gate")
    scene.lose_the_lock()
    code, _, err = end(scene.start())
    assert code == 1
    assert "is still under way" in err
    assert "the lock's file was deleted" in err
    if moment == "before a delivery":
        scene.open("gate")
    code, _, err = end(first)
    assert code == 3
    assert "was deleted or replaced during this run" in err
    made = {each.client_id for each in scene.served.clients(DOMAIN)}
    (journal,) = scene.folder.glob("*.journal")
    assert journal.stat().st_size
    assert scene.is_whole()
    assert {each.client_id for each in scene.served.clients(DOMAIN)} == made


def test_two_without_a_lock_between_them_make_each_client_once(scene: Scene) -> None:
    """Both have read the same state before either has a journal: Domo's own names decide."""
    runs: list[Any] = []
    for gate in ("one", "two"):
        runs.append(scene.start(SIGN_ON_GATE=gate))
        scene.reached(gate)
        scene.lose_the_lock()
    scene.open("one")
    scene.open("two")
    ended = [end(each) for each in runs]
    assert not any("internal error" in out + err for _, out, err in ended)
    assert {code for code, _, _ in ended} <= {0, 1, 3}
    assert len(scene.served.clients(DOMAIN)) == CLIENTS
    assert not scene.served.revoked(DOMAIN)
    assert scene.is_whole()
