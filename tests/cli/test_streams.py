"""Standard streams that are closed, full or left by their reader, and signals of any launcher."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

import pytest

from reconciler.stores.local import LocalStore

if TYPE_CHECKING:
    from reconciler.sandbox.running_sandbox import Running

STATE: Final = "reconciler.state.json"
MANIFEST: Final = """\
version: 1
endpoints: {{api: {api}, instance: "{instance}"}}
sinks: {{files: {{type: file, path: "{{instance}}.json"}}}}
instances:
  acme:
    auth: {{method: password, email: ops@acme.example, password: {{command: [./password.sh]}}}}
    sink: files
    clients: [{{name: ETL, scope: [data]}}]
"""


@pytest.fixture
def fleet(tmp_path: Path, sandbox: Callable[..., "Running"]) -> Path:
    """Return a folder with a manifest of one client."""
    users = [{"email": "ops@acme.example", "password": "right"}]
    served = sandbox({"seed": 1, "instances": {"acme.domo.com": {"users": users}}})
    text = MANIFEST.format(api=served.api, instance=served.instance_template)
    (tmp_path / "reconciler.yaml").write_text(text, encoding="utf-8")
    script = tmp_path / "password.sh"
    script.write_text(
        "#!/bin/sh\ntouch begun\nwhile [ -e wait ]; do sleep 0.05; done\necho right\n"
    )
    script.chmod(0o755)
    return tmp_path


def command(*arguments: str) -> list[str]:
    """Return the command line of this program."""
    return [sys.executable, "-m", "reconciler", *arguments]


def in_shell(tail: str, folder: Path, env: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """Run an apply in a shell with redirections after it."""
    line = f'"$0" -m reconciler apply --auto-approve {tail}'
    return subprocess.run(
        ["/bin/sh", "-c", line, sys.executable],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    "tail",
    [
        ">&-",
        "2>&-",
        "<&-",
        "<&- >&- 2>&-",
        ">/dev/full",
        "2>/dev/full",
        ">/dev/full 2>/dev/full",
        "--format json >/dev/full",
        "--log-format json 2>/dev/full",
    ],
)
def test_an_apply_with_a_stream_that_takes_nothing_ends_by_its_work(
    tail: str, fleet: Path, environment: dict[str, str]
) -> None:
    """The work is done and recorded, so the code is 0, and there is no traceback."""
    done = in_shell(tail, fleet, environment)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)
    assert "internal error" not in done.stderr
    state = LocalStore(fleet / STATE).read()
    assert state is not None
    assert [str(each) for each in state.clients] == ["acme/ETL"]
    assert (fleet / "acme.json").exists()


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_an_apply_whose_reader_leaves_ends_by_its_work(
    stream: str, fleet: Path, environment: dict[str, str]
) -> None:
    """A broken pipe does not turn what is done into an error."""
    reading, writing = os.pipe()
    os.close(reading)
    streams: dict[str, int] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    done = subprocess.run(
        command("apply", "--auto-approve"),
        cwd=fleet,
        env=environment,
        check=False,
        **{**streams, stream: writing},  # type: ignore[call-overload]  # keys chosen at run time
    )
    os.close(writing)
    assert done.returncode == 0
    assert b"Traceback" not in (done.stdout or b"") + (done.stderr or b"")
    assert (fleet / "acme.json").exists()


def test_an_apply_that_cannot_ask_does_nothing(fleet: Path, environment: dict[str, str]) -> None:
    """A closed standard input is no terminal: the run refuses before it does anything."""
    done = subprocess.run(
        ["/bin/sh", "-c", '"$0" -m reconciler apply <&-', sys.executable],
        cwd=fleet,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "no terminal" in done.stderr) == (64, True)
    assert not (fleet / "acme.json").exists()


def test_an_apply_in_one_pipe_shows_its_plan_before_its_first_action(
    fleet: Path, environment: dict[str, str]
) -> None:
    """The plan is flushed first, however the streams are buffered."""
    done = in_shell("2>&1", fleet, environment)
    assert done.stdout.index("Plan: 1 to create") < done.stdout.index("ETL: created")


def wait_for(path: Path) -> None:
    """Wait until a file exists."""
    until = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < until
        time.sleep(0.02)


def wait_for_handlers(pid: int) -> None:
    """Wait until a process handles SIGHUP; a system without /proc shows nothing."""
    status = Path(f"/proc/{pid}/status")
    until = time.monotonic() + 20
    while status.exists():
        caught = re.search(r"^SigCgt:\s*([0-9a-f]+)", status.read_text(), re.MULTILINE)
        if caught and int(caught[1], 16) >> (signal.SIGHUP - 1) & 1:
            return
        assert time.monotonic() < until
        time.sleep(0.02)


def stopped(process: "subprocess.Popen[str]", number: int) -> tuple[int, str]:
    """Send a signal; return the exit code and what was said."""
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    return process.returncode, said


def ignoring(number: int, *arguments: str) -> list[str]:
    """Return a command line that begins with a signal ignored, as in the background of a script."""
    name = signal.Signals(number).name.removeprefix("SIG")
    return ["/bin/sh", "-c", f'trap "" {name}; exec "$0" "$@"', *command(*arguments)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize(
    "arguments",
    [("plan", "--refresh"), ("check",), ("apply", "--auto-approve")],
    ids=" ".join,
)
def test_a_credential_command_does_not_keep_a_run_from_stopping(
    number: int, arguments: tuple[str, ...], fleet: Path, environment: dict[str, str]
) -> None:
    """Every signal ends the run with 130 also if SIGINT is ignored when it begins."""
    (fleet / "wait").touch()
    process = subprocess.Popen(
        ignoring(signal.SIGINT, *arguments),
        cwd=fleet,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    stderr: IO[str] | None = process.stderr
    assert stderr is not None
    wait_for(fleet / "begun")
    code, said = stopped(process, number)
    assert (code, "interrupted" in said) == (130, True)
    assert not (fleet / "acme.json").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("waiting", ["apply --auto-approve", "import --all", "state rm acme/ETL"])
def test_a_run_that_waits_for_the_lock_stops_although_sigint_is_ignored(
    number: int, waiting: str, fleet: Path, environment: dict[str, str]
) -> None:
    """The wait for another run ends with 130."""
    with LocalStore(fleet / STATE).lock(purpose="a test", timeout=0):
        process = subprocess.Popen(
            ignoring(signal.SIGINT, *waiting.split(), "--lock-timeout", "1m"),
            cwd=fleet,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        wait_for_handlers(process.pid)
        time.sleep(2)  # nothing shows that it waits
        code, said = stopped(process, number)
    assert (code, said.splitlines()[-1]) == (130, "Error: interrupted")
