"""A command for each client, fed one JSON object on standard input."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import assert_never

from reconciler.model.client import Delivery
from reconciler.model.errors import SinkFailed
from reconciler.model.sink import ExecTarget
from reconciler.model.strings import format_duration, printable
from reconciler.sinks.formats import line
from reconciler.sinks.misfit import Misfit
from reconciler.system import child_process
from reconciler.system.process_reaper import ProcessReaper
from reconciler.system.scripts import not_runnable


async def deliver(
    target: ExecTarget,
    delivery: Delivery,
    *,
    root: Path,
    env: Mapping[str, str],
    keeper: ProcessReaper,
    keep: child_process.KeepErrors,
) -> None:
    """Run the command in `root`, the manifest's folder; it has the secret when it exits with 0.

    `keep` gets the error output of a command that fails: a message never quotes it.

    Raises:
        SinkFailed: it was not found, failed, flooded or timed out.

    """
    command = child_process.Command(
        argv=target.argv, cwd=root, env=env, timeout=target.timeout, stdin=line(delivery)
    )
    outcome = await child_process.run(command, keeper)
    wrong = _wrong(outcome, target)
    if wrong is None:
        return
    wrong = f"{_named(target)} {wrong}"
    if not isinstance(outcome, child_process.NotStarted):
        wrong += keep(f"{delivery.address}: {wrong}", outcome.stderr)
    raise SinkFailed(wrong, hint="the secret is kept: fix this and apply again")


def probe(targets: Iterable[ExecTarget], root: Path, env: Mapping[str, str]) -> Iterator[Misfit]:
    """Yield what is wrong with each command that cannot be run, once for each; runs none."""
    for target in {(each.sink, each.argv[0]): each for each in targets}.values():
        found = child_process.command_path(target.argv[0], root, env)
        wrong = (
            found.reason
            if isinstance(found, child_process.NotStarted)
            else not_runnable(found, root, env)
        )
        if wrong is not None:
            yield Misfit(
                before=f"sink {target.sink}: command ",
                what=printable(target.argv[0]),
                why=f" cannot be run: {wrong}",
            )


def _named(target: ExecTarget) -> str:
    """Name the command without its arguments, so that one cause on many clients reads as one."""
    return f"sink {target.sink}: command {printable(target.argv[0])}"


def _wrong(outcome: child_process.Outcome, target: ExecTarget) -> str | None:
    match outcome:
        case child_process.Finished(code=0):
            return None
        case child_process.Finished():
            return child_process.how_it_ended(outcome.code)
        case child_process.TimedOut():
            return f"did not end within {format_duration(target.timeout)}"
        case child_process.Flooded():
            return "printed more than 1 MiB"
        case child_process.NotStarted():
            return f"cannot be run: {outcome.reason}"
        case _:
            assert_never(outcome)
