"""An apply under way: its progress, its interrupts, how it ended."""

import asyncio
import contextlib
import os
import signal
from typing import TYPE_CHECKING

from reconciler.cli.exit_codes import INCOMPLETE, INTERRUPTED
from reconciler.cli.recording import Recording
from reconciler.cli.views.console import Console
from reconciler.model.errors import ReconcilerError

if TYPE_CHECKING:
    from reconciler.apply.events import Listener, Report
    from reconciler.apply.run_context import Stop
    from reconciler.cli.compose import ApplyJob
    from reconciler.system.process_reaper import ProcessReaper


def carried_out(
    console: Console,
    job: "ApplyJob",
    record: Recording,
    output: str,
    *,
    left_out: tuple[str, ...] = (),
) -> int:
    """Carry a job out and show how it ended; return the exit code.

    `left_out` are instances of the plan that was agreed to whose part has moved since.
    """
    from reconciler.cli.views import progress, report

    instances = job.desired.instances
    with progress.shown(console, job.plan.actions) as listen:
        ended = asyncio.run(_interruptible(console, job, record.listener(listen)))
    if output == "json":
        console.document(report.document(ended, instances, left_out))
    elif job.plan.actions or not ended.complete:
        report.show(console, ended, instances, told=job.plan.unseen)
    if output != "json":
        report.show_files(console, ended)
    return exit_code(ended)


def exit_code(ended: "Report") -> int:
    """Return 1 if an error stopped the run before anything was done, and 3 if a part is done.

    A rollout that stops, or an instance that fails, is a part that is not done: the error stops
    that part and not the command.
    """
    from reconciler.apply.events import ROLLOUT

    if ended.stopped:
        return INTERRUPTED
    if ended.complete:
        return 0
    halted = ended.halted is not None and ended.halted.code != ROLLOUT
    refused = halted or ended.unrecorded is not None
    return 1 if refused and not (ended.done or ended.created) else INCOMPLETE


async def _interruptible(console: Console, job: "ApplyJob", listen: "Listener") -> "Report":
    """Run the job; the first signal lets it finish what is in flight, a second one ends it."""
    from reconciler.apply.run_context import Stop
    from reconciler.cli.compose import carry_out
    from reconciler.system.process_reaper import ProcessReaper

    stop = Stop()
    loop = asyncio.get_running_loop()
    with ProcessReaper() as keeper:
        for number in _signals():
            loop.add_signal_handler(number, _interrupt, console, stop, keeper)
        return await carry_out(job, listen, stop, keeper)


def _signals() -> tuple[signal.Signals, ...]:
    """Return the signals that stop a run; `nohup` may have asked to ignore SIGHUP."""
    hangup = signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN
    return (signal.SIGINT, signal.SIGTERM, *((signal.SIGHUP,) if hangup else ()))


def _interrupt(console: Console, stop: "Stop", keeper: "ProcessReaper") -> None:
    if stop.requested:
        keeper.kill()  # a command that outlived this could still write over a newer secret
        with contextlib.suppress(BrokenPipeError, ReconcilerError):
            console.settle()
        os._exit(INTERRUPTED)  # at once: the journal has what was done
    stop.request()
    console.warn("interrupted: what is in flight finishes, nothing new starts (again: at once)")
