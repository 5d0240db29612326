"""A child process costs its time-out at most, whatever it does; the processes are real."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from reconciler.system import child_process
from reconciler.system.process_reaper import ProcessReaper


def sh(
    script: str, cwd: Path, *, timeout: float = 20.0, stdin: bytes = b""
) -> child_process.Command:
    """Return the command that runs a shell script."""
    return child_process.Command(
        argv=("sh", "-c", script), cwd=cwd, env=dict(os.environ), timeout=timeout, stdin=stdin
    )


def python(script: str, cwd: Path, *, timeout: float = 20.0) -> child_process.Command:
    """Return the command that runs a Python script."""
    return child_process.Command(
        argv=(sys.executable, "-c", script), cwd=cwd, env=dict(os.environ), timeout=timeout
    )


@pytest.fixture
def keeper() -> Iterator[ProcessReaper]:
    """Return a keeper, closed at the end."""
    with ProcessReaper() as kept:
        yield kept


def outcome(command: child_process.Command) -> child_process.Outcome:
    """Run one command to its end."""
    with ProcessReaper() as keeper:
        return asyncio.run(child_process.run(command, keeper))


def finished(command: child_process.Command) -> child_process.Finished:
    """Run one command that is to finish."""
    result = outcome(command)
    assert isinstance(result, child_process.Finished)
    return result


def alive(pid: int) -> bool:
    """Say whether a process runs; one that nobody has reaped yet does not."""
    listed = subprocess.run(
        ["/bin/ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return bool(listed.stdout.strip()) and not listed.stdout.startswith("Z")


def eventually(holds: Callable[[], bool]) -> bool:
    """Wait up to 5 seconds for something to hold."""
    deadline = time.monotonic() + 5
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.01)
    return holds()


def pid_in(path: Path) -> int:
    """Wait for a child to write a process id."""
    assert eventually(lambda: path.exists() and path.read_text().endswith("\n"))
    return int(path.read_text())


def test_output_and_exit_code(tmp_path: Path) -> None:
    """Both streams and the exit code come back as they are."""
    result = finished(sh(r"printf 'a\n\377'; echo b >&2; exit 3", tmp_path))
    assert result == child_process.Finished(code=3, stdout=b"a\n\xff", stderr=b"b\n")


def test_works_in_folder(tmp_path: Path) -> None:
    """The child works in the folder that it is given, with exactly the environment given."""
    command = child_process.Command(
        argv=("/bin/sh", "-c", "pwd; env"), cwd=tmp_path, env={"ONLY": "this"}, timeout=20.0
    )
    lines = finished(command).stdout.decode().splitlines()
    assert lines[0] == str(tmp_path.resolve())
    assert "ONLY=this" in lines
    assert not [line for line in lines if line.startswith("HOME=")]


def test_session_of_its_own(tmp_path: Path) -> None:
    """The child leads its own session, so that Ctrl-C on the terminal does not reach it."""
    script = "import os; print(os.getpid(), os.getsid(0), os.getpgid(0))"
    pid, session, group = finished(python(script, tmp_path)).stdout.split()
    assert pid == session == group
    assert int(session) != os.getsid(0)


def test_no_shell(tmp_path: Path) -> None:
    """What a shell would act upon is an argument like another."""
    odd = ("$(touch made)", "a'b\"c", "-x", "; touch made", "*")
    script = "import sys; print(*sys.argv[1:], sep='|', end='')"
    command = child_process.Command(
        argv=(sys.executable, "-c", script, *odd),
        cwd=tmp_path,
        env=dict(os.environ),
        timeout=20.0,
    )
    assert finished(command).stdout.decode() == "|".join(odd)
    assert not list(tmp_path.iterdir())


def test_stdin_is_a_pipe_with_an_end(tmp_path: Path) -> None:
    """A megabyte arrives whole, also through /dev/stdin, which a socket would not allow."""
    data = bytes(range(256)) * 4096
    command = sh("wc -c < /dev/stdin; cat >/dev/null", tmp_path, stdin=data)
    assert finished(command).stdout.strip() == b"1048576"


def test_no_stdin_is_at_its_end(tmp_path: Path) -> None:
    """Without input, a child that reads sees the end at once and not our terminal."""
    assert finished(sh("cat; echo done", tmp_path)).stdout == b"done\n"


def test_stdin_unread(tmp_path: Path) -> None:
    """A child may exit without reading its input, however long that is."""
    assert finished(sh("exec <&-; sleep 0.1", tmp_path, stdin=b"x" * (1 << 20))).code == 0
    assert finished(sh("exit 0", tmp_path, stdin=b"x" * (1 << 20))).code == 0


def test_hangs(tmp_path: Path) -> None:
    """A child that hangs is ended at its time-out."""
    command = sh("echo $$ > pid; exec sleep 60", tmp_path, timeout=0.3)
    assert outcome(command) == child_process.TimedOut()
    assert not alive(pid_in(tmp_path / "pid"))


def test_ignores_sigterm(tmp_path: Path) -> None:
    """A child and its child that ignore SIGTERM get SIGKILL after the grace."""
    script = (
        "trap '' TERM; sh -c 'echo $$ > inner; while :; do sleep 1; done' &"
        " echo $$ > pid; while :; do sleep 1; done"
    )
    assert outcome(sh(script, tmp_path, timeout=0.3)) == child_process.TimedOut()
    assert not alive(pid_in(tmp_path / "pid"))
    assert eventually(lambda: not alive(pid_in(tmp_path / "inner")))


def test_may_clean_up_on_sigterm(tmp_path: Path) -> None:
    """SIGTERM comes first, so that a child can put things in order."""
    script = "trap 'echo tidy > left; exit' TERM; echo > ready; while :; do sleep 0.05; done"
    assert outcome(sh(script, tmp_path, timeout=0.5)) == child_process.TimedOut()
    assert (tmp_path / "left").read_text() == "tidy\n"


def test_floods_stdout(tmp_path: Path) -> None:
    """A gigabyte on standard output is cut off at the limit, long before its end."""
    command = sh("echo $$ > pid; exec head -c 1000000000000 /dev/zero", tmp_path)
    assert outcome(command) == child_process.Flooded()
    assert not alive(pid_in(tmp_path / "pid"))


def test_limit_of_stdout(tmp_path: Path) -> None:
    """Exactly the limit is allowed, a byte more is not, also from a child that has exited."""
    limit = child_process.STDOUT_LIMIT
    assert len(finished(sh(f"head -c {limit} /dev/zero", tmp_path)).stdout) == limit
    assert outcome(sh(f"head -c {limit + 1} /dev/zero", tmp_path)) == child_process.Flooded()
    small = child_process.Command(
        argv=("echo", "four"), cwd=tmp_path, env=dict(os.environ), timeout=20.0, stdout_limit=4
    )
    assert outcome(small) == child_process.Flooded()


def test_floods_stderr(tmp_path: Path) -> None:
    """Of a flood on standard error the end is kept."""
    result = finished(sh("head -c 100000000 /dev/zero >&2; echo end >&2", tmp_path))
    assert len(result.stderr) == child_process.STDERR_KEPT
    assert result.stderr.endswith(b"\0end\n")


def test_leaves_a_process_that_holds_stdout(tmp_path: Path) -> None:
    """The end is that of the first process; what it left in its group is ended, not waited for."""
    result = finished(sh("sleep 60 & echo $! > pid; echo out", tmp_path, timeout=30.0))
    assert (result.code, result.stdout) == (0, b"out\n")
    assert eventually(lambda: not alive(pid_in(tmp_path / "pid")))


def test_leaves_a_daemon_that_holds_stdout(tmp_path: Path) -> None:
    """A daemon that has left the group does not keep us waiting, and lives on."""
    script = (
        "import os, time\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    open('pid', 'w').write(f'{os.getpid()}\\n')\n"
        "    time.sleep(60)\n"
        "while not os.path.exists('pid'): time.sleep(0.01)\n"
        "print('out', flush=True)\n"
        "os._exit(0)\n"
    )
    result = finished(python(script, tmp_path, timeout=30.0))
    daemon = pid_in(tmp_path / "pid")
    try:
        assert (result.code, result.stdout) == (0, b"out\n")
        assert alive(daemon)
    finally:
        os.kill(daemon, signal.SIGKILL)


def test_dies_of_a_signal(tmp_path: Path) -> None:
    """A death by signal is a negative code."""
    assert finished(sh("kill -9 $$", tmp_path)).code == -signal.SIGKILL


GRACE = 60.0
"""Seconds; a cancellation must not wait for them."""


@pytest.mark.parametrize("ignoring", ["", "trap '' TERM; "])
def test_cancelled(
    tmp_path: Path, keeper: ProcessReaper, ignoring: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the caller is cancelled the group is gone at once, also what ignores SIGTERM in it."""
    script = f"{ignoring}sleep 60 & echo $! > inner; echo $$ > pid; wait; sleep 60"

    async def scenario() -> float:
        task = asyncio.create_task(child_process.run(sh(script, tmp_path), keeper))
        await asyncio.to_thread(pid_in, tmp_path / "pid")
        start = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return time.monotonic() - start

    monkeypatch.setattr(child_process, "_GRACE", GRACE)
    assert asyncio.run(scenario()) < GRACE / 2
    assert not alive(pid_in(tmp_path / "pid"))
    assert eventually(lambda: not alive(pid_in(tmp_path / "inner")))


def test_cancelled_twice(
    tmp_path: Path, keeper: ProcessReaper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second cancellation cuts the grace of a time-out short and still leaves no process."""
    script = "trap '' TERM; echo $$ > pid; while :; do sleep 1; done"

    async def scenario() -> float:
        task = asyncio.create_task(child_process.run(sh(script, tmp_path, timeout=0.3), keeper))
        await asyncio.to_thread(pid_in, tmp_path / "pid")
        await asyncio.sleep(0.5)
        start = time.monotonic()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        return time.monotonic() - start

    monkeypatch.setattr(child_process, "_GRACE", GRACE)
    assert asyncio.run(scenario()) < GRACE / 2
    assert not alive(pid_in(tmp_path / "pid"))


MEET = "mkdir met.$$; while [ $(ls -d met.* | wc -l) -lt 20 ]; do sleep 0.05; done"
"""Ends once twenty commands run it at the same time."""


def test_many_at_once(tmp_path: Path) -> None:
    """Children run side by side, and leave no descriptor open."""

    async def scenario() -> list[child_process.Outcome]:
        commands = [sh(f"{MEET}; echo {number}", tmp_path) for number in range(20)]
        with ProcessReaper() as keeper:
            return await asyncio.gather(*(child_process.run(each, keeper) for each in commands))

    before = len(list(Path("/dev/fd").iterdir()))
    results = asyncio.run(scenario())
    assert [each.stdout for each in results if isinstance(each, child_process.Finished)] == [
        f"{number}\n".encode() for number in range(20)
    ]
    assert len(list(Path("/dev/fd").iterdir())) == before


def test_exit_code_unknown(tmp_path: Path) -> None:
    """Where SIGCHLD is ignored, no child's end counts as a success."""
    script = (
        "import asyncio, os, signal, sys; from pathlib import Path\n"
        "from reconciler.system import child_process, process_reaper\n"
        "signal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
        "env = dict(os.environ)\n"
        "command = child_process.Command(argv=('false',), cwd=Path(), env=env, timeout=9.0)\n"
        "with process_reaper.ProcessReaper() as reaper:\n"
        "    print(asyncio.run(child_process.run(command, reaper)))\n"
    )
    root = Path(child_process.__file__).parents[2]
    assert finished(python(script, root)).stdout == b"Finished(code=255)\n"
    assert not list(tmp_path.iterdir())


def test_representations_hold_no_content(tmp_path: Path) -> None:
    """Input, environment and output are not shown by accident."""
    command = child_process.Command(
        argv=("cat",), cwd=tmp_path, env={"KEY": "s3cret"}, timeout=1.0, stdin=b"s3cret"
    )
    result = child_process.Finished(code=0, stdout=b"s3cret", stderr=b"s3cret")
    assert "s3cret" not in repr(command) + repr(result)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("./missing", "not found"),
        ("no-such-command-anywhere", "not found in PATH"),
        ("./folder", "not an executable file"),
        ("./plain", "not an executable file"),
        ("./broken", "Exec format error"),
        ("./lost-interpreter", "No such file or directory"),
    ],
)
def test_not_started(tmp_path: Path, name: str, reason: str) -> None:
    """What cannot be run says why."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "plain").touch(mode=0o644)
    (tmp_path / "broken").write_bytes(b"\0\1\2")
    (tmp_path / "lost-interpreter").write_text("#!/no/such/interpreter\n")
    for each in ("broken", "lost-interpreter"):
        (tmp_path / each).chmod(0o755)
    command = child_process.Command(argv=(name,), cwd=tmp_path, env=dict(os.environ), timeout=1.0)
    assert outcome(command) == child_process.NotStarted(reason=reason)


def test_nul_in_an_argument(tmp_path: Path) -> None:
    """A NUL is said to be one, not thrown at the caller."""
    command = child_process.Command(
        argv=("echo", "a\0b"), cwd=tmp_path, env=os.environ, timeout=1.0
    )
    assert outcome(command) == child_process.NotStarted(reason="a NUL character in its arguments")


def test_relative_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command with a slash is relative to the folder, also where the folder is relative to us."""
    script = tmp_path / "conf" / "bin" / "tool"
    script.parent.mkdir(parents=True)
    script.write_text("#!/bin/sh\necho $0\n")
    script.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    command = child_process.Command(
        argv=("bin/tool",), cwd=Path("conf"), env=dict(os.environ), timeout=20.0
    )
    assert finished(command).stdout == f"{script}\n".encode()
    assert child_process.command_path(str(script), Path("elsewhere"), {}) == script


def test_path_of_the_child_counts(tmp_path: Path) -> None:
    """A bare name is looked up in the child's PATH; a relative entry is relative to its folder."""
    tool = tmp_path / "bin" / "tool"
    tool.parent.mkdir()
    tool.touch(mode=0o755)
    assert child_process.command_path("tool", tmp_path, {"PATH": "/nowhere:bin"}) == tool
    assert isinstance(
        child_process.command_path("tool", tmp_path, {"PATH": "/nowhere"}), child_process.NotStarted
    )
    assert child_process.command_path("sh", tmp_path, {}) in {Path("/bin/sh"), Path("/usr/bin/sh")}


@pytest.mark.parametrize(
    ("code", "said"),
    [(3, "ended with exit code 3"), (-9, "died of SIGKILL"), (-40, "died of signal 40")],
)
def test_how_it_ended(code: int, said: str) -> None:
    """An exit code and a signal read differently."""
    assert child_process.how_it_ended(code) == said
