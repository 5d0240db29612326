"""The sink `exec`: one command for each client, which gets a JSON object on standard input."""

import asyncio
from collections.abc import Sequence
from typing import assert_never

from reconciler.model.client import Delivery
from reconciler.model.errors import SinkFailed, SinkUnreadable
from reconciler.model.sink import SinkTarget
from reconciler.model.strings import format_duration, printable
from reconciler.ports.plugin import ReadBack, UnusableTarget
from reconciler.sinks.formats import line
from reconciler.sinks.readback import printed
from reconciler.system import child_process
from reconciler.system.host import LocalHost
from reconciler.system.scripts import not_runnable


class ExecAdapter:
    """Runs the command of each target in the manifest's folder.

    The error output of a command may contain the secret, so that no message quotes it.
    """

    def __init__(self, host: LocalHost) -> None:
        self._host = host

    async def probe(self, targets: Sequence[SinkTarget]) -> Sequence[UnusableTarget]:
        """Return each command that the system would not run, once; run none."""
        return await asyncio.to_thread(self._unusable, targets)

    async def deliver(self, target: SinkTarget, delivery: Delivery) -> None:
        """Run the command; the sink has the secret if the command exits with 0.

        Raises:
            SinkFailed: it was not found, failed, printed too much or timed out.

        """
        outcome = await self._host.run(
            target.data["argv"], limit=target.data["timeout"], stdin=line(delivery)
        )
        wrong = _failure(outcome, target)
        if wrong is None:
            return
        # The command without its arguments, so that one cause on many clients reads as one.
        wrong = f"sink {target.sink}: command {printable(target.data['argv'][0])} {wrong}"
        if not isinstance(outcome, child_process.NotStarted):
            wrong += self._host.keep(f"{delivery.address}: {wrong}", outcome.stderr)
        raise SinkFailed(wrong, hint="the secret is kept: fix this and apply again")

    async def read(self, target: SinkTarget) -> ReadBack:
        """Run the command that reads back, and parse its output.

        Raises:
            SinkUnreadable: there is no such command, it failed, or its output cannot be used.

        """
        argv = target.data["read"]
        if argv is None:
            raise SinkUnreadable(
                f"sink {target.sink} has no command for reading back",
                hint="give it a `read`, a command that prints what it was given",
            )
        outcome = await self._host.run(argv, limit=target.data["timeout"])
        wrong = _failure(outcome, target)
        if wrong is None and isinstance(outcome, child_process.Finished):
            try:
                return printed(outcome.stdout)
            except UnicodeError:
                wrong = "printed something that is not text"
            except ValueError as error:
                wrong = f"printed something that cannot be used: {error}"
        wrong = f"sink {target.sink}: command {printable(argv[0])} {wrong}"
        if not isinstance(outcome, child_process.NotStarted):
            wrong += self._host.keep(wrong, outcome.stderr)
        raise SinkUnreadable(
            wrong, hint="run it by hand, in the manifest's folder, to see what it prints"
        )

    def _unusable(self, targets: Sequence[SinkTarget]) -> list[UnusableTarget]:
        root, env = self._host.root, self._host.child_environ
        unusable = []
        for sink, name in dict.fromkeys((each.sink, each.data["argv"][0]) for each in targets):
            found = child_process.command_path(name, root, env)
            wrong = (
                found.reason
                if isinstance(found, child_process.NotStarted)
                else not_runnable(found, root, env)
            )
            if wrong is not None:
                unusable.append(
                    UnusableTarget(
                        before=f"sink {sink}: command ",
                        what=printable(name),
                        why=f" cannot be run: {wrong}",
                    )
                )
        return unusable


def _failure(outcome: child_process.Outcome, target: SinkTarget) -> str | None:
    match outcome:
        case child_process.Finished(code=0):
            return None
        case child_process.Finished():
            return child_process.how_it_ended(outcome.code)
        case child_process.TimedOut():
            return f"did not end within {format_duration(target.data['timeout'])}"
        case child_process.Flooded():
            return "printed more than 1 MiB"
        case child_process.NotStarted():
            return f"cannot be run: {outcome.reason}"
        case _:
            assert_never(outcome)
