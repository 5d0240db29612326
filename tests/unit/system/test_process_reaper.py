"""Commands end with the process that runs them, however it ends; the processes are real."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from reconciler.system import child_process
from reconciler.system.process_reaper import ProcessReaper

ROOT: Final = Path(child_process.__file__).parents[2]
COMMAND: Final = """\
#!/bin/sh
cat >/dev/null
sh -c "echo \\$\\$ >inner.$1; sleep 1.5; echo late >late.$1" &
trap "" TERM
echo $$ >outer.$1
wait
"""
DRIVER: Final = """\
import asyncio, os, signal
from pathlib import Path
from reconciler.system import child_process
from reconciler.system.process_reaper import ProcessReaper

def command(*argv):
    return child_process.Command(argv=argv, cwd=Path(), env=os.environ, timeout=30.0, stdin=b"{}")

async def main():
    with ProcessReaper() as keeper:
        %s
        for _ in range(3):
            await child_process.run(command("true"), keeper)
        each = (command("./command", str(number)) for number in range(4))
        await asyncio.gather(*(child_process.run(command, keeper) for command in each))

asyncio.run(main())
"""
"""Runs four commands that each write a file in a child of their own, a second and a half later."""

ON_SIGNAL: Final = (
    "asyncio.get_running_loop().add_signal_handler("
    "signal.SIGTERM, lambda: (keeper.kill(), os._exit(130)))"
)


def eventually(holds: Callable[[], bool]) -> bool:
    """Wait up to 5 seconds for something to hold."""
    deadline = time.monotonic() + 5
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.01)
    return holds()


def listed(*options: str) -> str:
    """Return what `ps` says."""
    done = subprocess.run(["/bin/ps", *options], capture_output=True, text=True, check=False)
    return done.stdout.strip()


def alive(pid: int) -> bool:
    """Say whether a process runs; one that nobody has reaped yet does not."""
    return listed("-o", "stat=", "-p", str(pid))[:1] not in {"", "Z"}


def guards() -> set[int]:
    """Return the guards that this process has started."""
    rows = (line.split(maxsplit=2) for line in listed("-A", "-o", "ppid=,pid=,args=").splitlines())
    ours = (row for row in rows if len(row) == 3 and int(row[0]) == os.getpid())
    return {int(pid) for _, pid, arguments in ours if arguments.startswith("/bin/sh -c groups=")}


def pids(folder: Path) -> list[int]:
    """Return the process ids of the commands and of their children, once all have begun."""
    names = [f"{which}.{number}" for which in ("outer", "inner") for number in range(4)]

    def begun() -> bool:
        return all((folder / e).exists() and (folder / e).read_text() for e in names)

    assert eventually(begun)
    return [int((folder / each).read_text()) for each in names]


@pytest.fixture
def drive(tmp_path: Path) -> Iterator[Callable[[str], "subprocess.Popen[bytes]"]]:
    """Return a function that starts a driver, with a line of its own to run first."""
    started: list[subprocess.Popen[bytes]] = []

    (tmp_path / "command").write_text(COMMAND)
    (tmp_path / "command").chmod(0o755)

    def start(first: str) -> "subprocess.Popen[bytes]":
        started.append(
            subprocess.Popen(
                [sys.executable, "-c", DRIVER % first],
                cwd=tmp_path,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )
        )
        return started[-1]

    yield start
    for each in started:
        each.kill()
        each.wait()


@pytest.mark.parametrize(
    ("first", "number", "code"),
    [
        ("pass", signal.SIGKILL, -signal.SIGKILL),
        ("pass", signal.SIGTERM, -signal.SIGTERM),
        (ON_SIGNAL, signal.SIGTERM, 130),
    ],
    ids=["killed", "terminated", "ends-at-once"],
)
def test_commands_end_with_the_process(
    drive: Callable[[str], "subprocess.Popen[bytes]"],
    tmp_path: Path,
    first: str,
    number: int,
    code: int,
) -> None:
    """Neither a command nor its child outlives the process, and nothing is written late."""
    process = drive(first)
    known = pids(tmp_path)
    process.send_signal(number)
    assert process.wait(timeout=60) == code
    assert eventually(lambda: not any(map(alive, known)))
    time.sleep(1.6)
    assert list(tmp_path.glob("late.*")) == []


def sleeper(seconds: str) -> child_process.Command:
    """Return a command that sleeps."""
    return child_process.Command(
        argv=("sh", "-c", f"sleep {seconds}"), cwd=ROOT, env=dict(os.environ), timeout=30.0
    )


def test_a_guard_that_dies_is_replaced() -> None:
    """What a dead guard knew of runs on, and the next one is told of it."""

    async def scenario() -> tuple[child_process.Outcome, set[int], set[int]]:
        with ProcessReaper() as keeper:
            long = asyncio.create_task(child_process.run(sleeper("0.8"), keeper))
            await asyncio.sleep(0.1)
            first = guards()
            os.kill(min(first), signal.SIGKILL)
            await child_process.run(sleeper("0"), keeper)
            second = guards()
            os.kill(min(second), signal.SIGSTOP)  # its end does not depend on it
            return await long, first, second

    outcome, first, second = asyncio.run(scenario())
    assert outcome == child_process.Finished(code=0, stdout=b"", stderr=b"")
    assert (len(first), len(second)) == (1, 1)
    assert first != second
    assert guards() == set()


def test_a_guard_is_one_and_apart() -> None:
    """Many commands share one guard, in a session and group of its own, and gone at the end."""

    async def scenario() -> tuple[set[int], str]:
        with ProcessReaper() as keeper:
            await asyncio.gather(*(child_process.run(sleeper("0"), keeper) for _ in range(20)))
            found = guards()
            return found, listed("-o", "pgid=", "-p", str(min(found)))

    found, group = asyncio.run(scenario())
    assert found == {int(group)}
    assert guards() == set()


def test_nothing_is_started_for_nothing() -> None:
    """A run without commands has no guard."""
    with ProcessReaper():
        assert guards() == set()


def test_a_guard_knows_no_secret(tmp_path: Path) -> None:
    """Neither its arguments nor its environment hold anything of this process or of a command."""

    async def scenario() -> str:
        with ProcessReaper() as keeper:
            command = child_process.Command(
                argv=("true", "argument"),
                cwd=tmp_path,
                env={"PATH": os.environ["PATH"], "KEY": "s3cret"},
                timeout=30.0,
            )
            await child_process.run(command, keeper)
            return listed("eww", "-p", str(min(guards())))

    said = asyncio.run(scenario())
    assert "/bin/sh" in said
    assert not [each for each in ("s3cret", "PATH=", "argument") if each in said]
