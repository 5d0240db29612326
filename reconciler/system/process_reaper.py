"""Process groups that end with this process, however it ends.

A killed process cannot end the commands that it started, so another process does: the guard, one
small shell for the whole run. It reads the start and the end of each group from a pipe that only
this process holds open. When the pipe ends, the guard kills the remaining groups. It runs in a
session of its own, so that Ctrl-C does not reach it, and outside of the groups, so that a command
leads its own group and session and has no terminal to prompt on.
"""

import os
import signal
import subprocess
from contextlib import suppress
from typing import IO, Final, Self, cast

_GUARD: Final = """\
groups=' '
while read -r what group; do
  case $what in
    begins) groups="$groups$group " ;;
    gone) groups="${groups%% $group *} ${groups#* $group }" ;;
  esac
done
for group in $groups; do
  kill -s KILL -- "-$group"
done
"""
"""A line that is cut off does not count: `read` fails on it."""

_GOODBYE: Final = 1.0
"""Seconds that the guard gets to end by itself; it needs a few milliseconds."""


class ProcessReaper:
    """Ends the process groups of running commands. It serves one event loop and is then closed.

    Its guard starts with the first of them. If the system has no shell or no room for one, the
    commands run without it.
    """

    def __init__(self) -> None:
        self._groups: set[int] = set()
        self._guard: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def groups(self) -> frozenset[int]:
        """Return the groups that run."""
        return frozenset(self._groups)

    def prepare(self) -> None:
        """Start the guard, before there is a group to guard."""
        if self._guard is None or self._guard.poll() is not None:
            self._replace()

    def begins(self, group: int) -> None:
        """Register a group, so that it ends with this process."""
        self._groups.add(group)
        self._tell(f"begins {group}\n")

    def gone(self, group: int) -> None:
        """Forget a group that has ended, before the system reuses its number."""
        self._groups.discard(group)
        self._tell(f"gone {group}\n")

    def kill(self) -> None:
        """Kill every group."""
        for group in self._groups:
            with suppress(ProcessLookupError, PermissionError):  # as macOS says of zombies
                os.killpg(group, signal.SIGKILL)

    def close(self) -> None:
        """Kill the remaining groups and end the guard."""
        self.kill()
        self._groups.clear()
        if self._guard is not None:
            _pipe(self._guard).close()
            with suppress(subprocess.TimeoutExpired):
                self._guard.wait(timeout=_GOODBYE)
            self._dismiss()

    def _tell(self, line: str) -> None:
        if self._guard is not None and not _written(self._guard, line):
            self._replace()

    def _replace(self) -> None:
        """Start a guard in place of one that died or stopped, and send it what it missed."""
        self._dismiss()
        with suppress(OSError):
            self._guard = subprocess.Popen(
                ("/bin/sh", "-c", _GUARD),
                cwd="/",
                env={},
                stdin=subprocess.PIPE,  # not inherited by any other child: closed when it begins
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                start_new_session=True,
            )
            os.set_blocking(_pipe(self._guard).fileno(), False)
            for group in self._groups:
                _written(self._guard, f"begins {group}\n")

    def _dismiss(self) -> None:
        """End the guard without a word: what it knows of may run on."""
        if self._guard is not None:
            self._guard.kill()  # first: at the end of its pipe it would end the groups
            self._guard.wait()
            _pipe(self._guard).close()
            self._guard = None


def _pipe(guard: "subprocess.Popen[bytes]") -> IO[bytes]:
    return cast("IO[bytes]", guard.stdin)


def _written(guard: "subprocess.Popen[bytes]", line: str) -> bool:
    """Write a line, whole or not at all: it is far shorter than what a pipe takes in one piece."""
    try:
        return _pipe(guard).write(line.encode()) == len(line)
    except OSError:
        return False
