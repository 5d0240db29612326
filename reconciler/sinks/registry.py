"""The ports `Sinks` and `SinkReader` on one machine: each target goes to its kind's module."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, assert_never

from reconciler.model.client import Delivery
from reconciler.model.errors import SinkFailed
from reconciler.model.leftover import Fate, Leftover
from reconciler.model.sink import ExecTarget, FileTarget
from reconciler.model.strings import plural
from reconciler.ports import ReadBack
from reconciler.sinks import exec as command
from reconciler.sinks import file, leftovers, readback
from reconciler.sinks.misfit import Misfit, lines
from reconciler.system import child_process
from reconciler.system.process_reaper import ProcessReaper

_SHOWN: Final = 10
"""How many failures of a probe are spelled out."""


class LocalSinks:
    """Puts secrets into files and commands of this machine.

    `root` is the manifest's folder. `hidden` are the variables that no child process gets.
    `keeper` ends the commands with this process; `concurrency` is how many run at once. `keep`
    gets the error output of those that fail.
    """

    def __init__(
        self,
        root: Path,
        environ: Mapping[str, str],
        hidden: frozenset[str],
        *,
        keeper: ProcessReaper,
        keep: child_process.KeepErrors,
        concurrency: int = 8,
    ) -> None:
        self._root = root
        self._env = {name: value for name, value in environ.items() if name not in hidden}
        self._keeper = keeper
        self._keep = keep
        self._free = asyncio.Semaphore(concurrency)
        self._left = file.StaleTempFiles()

    async def probe(self, targets: Iterable[FileTarget | ExecTarget]) -> None:
        """Check that each target can take a secret; writes nothing that stays, runs no command.

        Raises:
            SinkFailed: with each reason why targets cannot; of many, with the first ten.

        """
        wrong = await asyncio.to_thread(self._wrong, tuple(targets))
        if wrong:
            reasons = lines(wrong)
            shown = [f"{plural(len(wrong), 'sink target')} cannot take a secret:"]
            shown += reasons[:_SHOWN]
            if len(reasons) > _SHOWN:
                shown.append(f"and {len(reasons) - _SHOWN:,} more reasons")
            raise SinkFailed(
                "\n".join(shown),
                hint="no client is made before every sink can take its secret: mend these first",
            )

    async def deliver(self, target: FileTarget | ExecTarget, delivery: Delivery) -> None:
        """Put the secret there; doing it again is harmless.

        Raises:
            SinkFailed: it is not certain that the target has it.

        """
        match target:
            case FileTarget():
                await asyncio.to_thread(file.deliver, target, delivery, self._root, self._left)
            case ExecTarget():
                async with self._free:
                    await command.deliver(
                        target,
                        delivery,
                        root=self._root,
                        env=self._env,
                        keeper=self._keeper,
                        keep=self._keep,
                    )
            case _:
                assert_never(target)

    async def sweep(self, files: Sequence[tuple[Leftover, bool]]) -> Sequence[Fate]:
        """Look at each leftover, and remove those that are marked if they are provably unchanged.

        Returns what was found or done, in the order of `files`.
        """
        return await asyncio.to_thread(leftovers.sweep, files, self._root) if files else ()

    async def read(self, target: FileTarget | ExecTarget) -> ReadBack:
        """Return what a consumer would find there.

        Raises:
            SinkUnreadable: it holds nothing, or nothing that can be used.

        """
        match target:
            case FileTarget():
                return await asyncio.to_thread(readback.from_file, target, self._root)
            case ExecTarget():
                async with self._free:
                    return await readback.from_command(
                        target,
                        root=self._root,
                        env=self._env,
                        keeper=self._keeper,
                        keep=self._keep,
                    )
            case _:
                assert_never(target)

    def _wrong(self, targets: tuple[FileTarget | ExecTarget, ...]) -> list[Misfit]:
        files = (each for each in targets if isinstance(each, FileTarget))
        commands = (each for each in targets if isinstance(each, ExecTarget))
        return [
            *file.probe(files, self._root),
            *command.probe(commands, self._root, self._env),
        ]
