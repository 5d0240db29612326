"""Child processes: no shell, a session of their own, and an end that does not depend on them.

A child that hangs, floods, ignores SIGTERM or leaves a daemon behind costs its time-out and no
more. Its end is the end of its first process: what that leaves in the process group is ended too,
and a daemon that has left the group survives, cut off from the pipes. If this process ends
first, the keeper ends the group.
"""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self, cast

from reconciler.system.process_reaper import ProcessReaper

STDOUT_LIMIT: Final = 1 << 20
"""How many bytes a child may print, unless its command says otherwise."""

STDERR_KEPT: Final = 8 << 10
"""How many bytes of standard error are kept: the last ones."""

_GRACE: Final = 1.0
"""Seconds from SIGTERM to SIGKILL."""

_HURRY: Final = 0.1
"""The same for a caller who was cancelled: an interrupt has given the child its time already.

It passes whole also if all have ended: the zombies of a child's children count until they are
reaped, and in some containers no process does that."""

_DRAIN: Final = 0.5
"""Seconds that the pipes may stay open, in a daemon's hands, after the child has exited."""

_UNKNOWN: Final = 255
"""The exit code of a child that another part of the process has reaped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What to run. `env` is the whole environment; `timeout` is in seconds.

    A relative command with a slash is relative to `cwd`; a bare name is looked up in `env`'s PATH.
    """

    argv: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str] = field(repr=False)
    timeout: float
    stdin: bytes = field(default=b"", repr=False)
    stdout_limit: int = STDOUT_LIMIT


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """It exited with `code`, or died of the signal `-code`. `stderr` is the last 8 KiB."""

    code: int
    stdout: bytes = field(repr=False)
    stderr: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedOut:
    """It did not exit in time, and was ended."""

    stderr: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flooded:
    """It printed more than its limit on standard output, and was ended."""

    stderr: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotStarted:
    """The system did not run it; `reason` is a phrase such as `not found`."""

    reason: str


Outcome = Finished | TimedOut | Flooded | NotStarted

KeepErrors = Callable[[str, bytes], str]
"""Keeps the standard error of a failed command: title and output in, the end of a message out."""


async def run(command: Command, keeper: ProcessReaper) -> Outcome:
    """Run a command to its end; when this returns or is cancelled, its process group is gone.

    A child that does not read its standard input is no failure: its exit code counts.
    """
    keeper.prepare()
    process = _start(command)
    if isinstance(process, NotStarted):
        return process
    # Before it gets a byte: what has read nothing has nothing to write over something newer.
    keeper.begins(process.pid)
    try:
        with _Pipes(process, command) as pipes:
            return await _watched(process, pipes, command.timeout)
    finally:
        keeper.gone(process.pid)


def command_path(name: str, root: Path, env: Mapping[str, str]) -> Path | NotStarted:
    """Return the file that the command `name` is, seen from the folder `root`."""
    import shutil

    root = root.absolute()  # the child looks from its own working folder
    if os.sep not in name:
        folders = env.get("PATH", os.defpath).split(os.pathsep)
        # A relative entry of PATH means what it will mean to the child: its working folder.
        found = shutil.which(name, path=os.pathsep.join(str(root / each) for each in folders))
        return Path(found) if found else NotStarted(reason="not found in PATH")
    path = root / name
    if not path.exists():
        return NotStarted(reason="not found")
    if not path.is_file() or not os.access(path, os.X_OK):
        return NotStarted(reason="not an executable file")
    return path


def how_it_ended(code: int) -> str:
    """Say a code other than 0 for a reader: `ended with exit code 3`, `died of SIGKILL`."""
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"died of {signal.Signals(-code).name}"
    except ValueError:  # real-time signals have no names
        return f"died of signal {-code}"


def _start(command: Command) -> "subprocess.Popen[bytes] | NotStarted":
    try:
        path = command_path(command.argv[0], command.cwd, command.env)
        if isinstance(path, NotStarted):
            return path
        return subprocess.Popen(
            command.argv,
            executable=path,
            cwd=command.cwd,
            env=command.env,
            stdin=subprocess.PIPE if command.stdin else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )
    except OSError as error:
        return NotStarted(reason=error.strerror or type(error).__name__)
    except ValueError:  # a NUL in an argument, as no system call takes it
        return NotStarted(reason="a NUL character in its arguments")


async def _watched(process: "subprocess.Popen[bytes]", pipes: "_Pipes", limit: float) -> Outcome:
    grace = _GRACE
    try:
        return await _outcome(process, pipes, limit)
    except asyncio.CancelledError:
        grace = _HURRY
        raise
    finally:
        await _end(process, grace)


async def _outcome(process: "subprocess.Popen[bytes]", pipes: "_Pipes", limit: float) -> Outcome:
    deadline = time.monotonic() + limit
    pause = 0.001
    while (code := _exit_code(process)) is None:
        if pipes.flooded:
            return Flooded(stderr=bytes(pipes.stderr))
        if time.monotonic() >= deadline:
            return TimedOut(stderr=bytes(pipes.stderr))
        await asyncio.sleep(pause)
        pause = min(pause * 2, 0.02)
    await pipes.drained(_DRAIN)
    if pipes.flooded:
        return Flooded(stderr=bytes(pipes.stderr))
    return Finished(code=code, stdout=bytes(pipes.stdout), stderr=bytes(pipes.stderr))


def _exit_code(process: "subprocess.Popen[bytes]") -> int | None:
    """Return the exit code once there is one.

    `Popen.poll` would return 0 if the launcher set SIGCHLD to be ignored: the exit code is lost
    then, and a sink that failed must not look like one that has the secret.
    """
    if process.returncode is None:
        try:
            pid, status = os.waitpid(process.pid, os.WNOHANG)
        except ChildProcessError:
            process.returncode = _UNKNOWN
        else:
            if pid:
                process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode


async def _end(process: "subprocess.Popen[bytes]", grace: float) -> None:
    """End what is left of the process group: SIGTERM, a grace, SIGKILL; also if cancelled again."""
    deadline = time.monotonic() + grace
    try:
        alive = _signal(process, signal.SIGTERM)
        while alive and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
            alive = _signal(process, 0)
    finally:
        _signal(process, signal.SIGKILL)
        _reap(process)


def _signal(process: "subprocess.Popen[bytes]", number: int) -> bool:
    """Send a signal to the group, and say whether there still was one."""
    _exit_code(process)
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):  # macOS says the latter of a group of zombies
        return False
    return True


def _reap(process: "subprocess.Popen[bytes]") -> None:
    """Wait for the first process, which SIGKILL ends at once unless the kernel itself hangs."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=1.0)


class _Pipes:
    """Our ends of a child's pipes, served by the event loop until they close."""

    def __init__(self, process: "subprocess.Popen[bytes]", command: Command) -> None:
        self.stdout = bytearray()
        self.stderr = bytearray()
        self.flooded = False
        self._limit = command.stdout_limit
        self._input = memoryview(command.stdin)
        self._stdin = process.stdin
        self._reading = {
            cast("IO[bytes]", process.stdout): self._take_stdout,
            cast("IO[bytes]", process.stderr): self._take_stderr,
        }
        self._at_end = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def __enter__(self) -> Self:
        for pipe in self._reading:
            os.set_blocking(pipe.fileno(), False)
            self._loop.add_reader(pipe, self._read, pipe)
        if self._stdin is not None:
            os.set_blocking(self._stdin.fileno(), False)
            self._loop.add_writer(self._stdin, self._write, self._stdin)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for pipe in tuple(self._reading):
            self._close(pipe)
        self._close_stdin()

    async def drained(self, seconds: float) -> None:
        """Return when the child's output is at its end, or after `seconds`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._at_end.wait()

    def _read(self, pipe: IO[bytes]) -> None:
        try:
            data = os.read(pipe.fileno(), 1 << 16)
        except BlockingIOError:
            return
        if not data:
            self._close(pipe)
            return
        self._reading[pipe](data)

    def _take_stdout(self, data: bytes) -> None:
        room = self._limit - len(self.stdout)
        self.flooded = self.flooded or len(data) > room
        self.stdout += data[:room]

    def _take_stderr(self, data: bytes) -> None:
        self.stderr += data
        del self.stderr[:-STDERR_KEPT]

    def _write(self, pipe: IO[bytes]) -> None:
        try:
            self._input = self._input[os.write(pipe.fileno(), self._input) :]
        except BlockingIOError:
            return
        except OSError:  # it has closed its end: it may have everything it wanted
            self._input = memoryview(b"")
        if not self._input:
            self._close_stdin()

    def _close(self, pipe: IO[bytes]) -> None:
        del self._reading[pipe]
        self._loop.remove_reader(pipe)
        pipe.close()
        if not self._reading:
            self._at_end.set()

    def _close_stdin(self) -> None:
        if self._stdin is not None and not self._stdin.closed:
            self._loop.remove_writer(self._stdin)
            self._stdin.close()
