"""Runs commands and says how long they took and how much memory they had at their peak."""

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PEAK_UNIT = 1024 if sys.platform == "linux" else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Wall-clock seconds and peak memory in bytes of one process."""

    seconds: float
    peak: int


def run(command: Sequence[str], *, cwd: Path, env: Mapping[str, str] | None = None) -> Cost:
    """Run one process to its end.

    Raises:
        RuntimeError: it ended with anything but 0.

    """
    began = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env={**_environment(), **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - began
    if process.returncode:
        raise RuntimeError(f"{command} ended with {process.returncode}: {said.decode()}")
    return Cost(seconds=seconds, peak=_peak(usage))


def _environment() -> dict[str, str]:
    """Return an environment in which Python keeps what it compiled, as an installed tool has it."""
    return {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}


def median(costs: Sequence[Cost]) -> Cost:
    """Return the medians of several runs."""
    return Cost(
        seconds=statistics.median(each.seconds for each in costs),
        peak=int(statistics.median(each.peak for each in costs)),
    )


def alternating(times: int, *commands: Sequence[str], cwd: Path) -> list[Cost]:
    """Run the commands in turn, so that a slow moment of the machine hits all of them."""
    found: list[list[Cost]] = [[] for _ in commands]
    for _ in range(times):
        for index, command in enumerate(commands):
            found[index].append(run(command, cwd=cwd))
    return [median(each) for each in found]


def _peak(usage: resource.struct_rusage) -> int:
    return usage.ru_maxrss * PEAK_UNIT
