"""What the adapters of sinks and credential sources may use of this machine."""

import asyncio
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.system.child_process import Command, KeepErrors, Outcome, run
from reconciler.system.process_reaper import ProcessReaper


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalHost:
    """The manifest's folder, the environment, and a way to run commands.

    `hidden` are the variables that contain credentials: `child_environ` lacks them. `reaper` ends
    the commands with this process. `keep` stores the error output of a failed command in a private
    file and returns the end of a message, because a message never quotes that output. `timeout` is
    the limit in seconds of a command that has no other; `free` limits how many run at once.
    """

    root: Path
    environ: Mapping[str, str] = field(repr=False)
    hidden: frozenset[str]
    reaper: ProcessReaper
    keep: KeepErrors
    timeout: float = 30.0
    free: asyncio.Semaphore | None = None

    @property
    def child_environ(self) -> Mapping[str, str]:
        """Return the environment of child processes."""
        return {name: value for name, value in self.environ.items() if name not in self.hidden}

    async def run(
        self, argv: tuple[str, ...], *, limit: float | None = None, stdin: bytes = b""
    ) -> Outcome:
        """Run a command in the manifest's folder; `limit` is in seconds."""
        command = Command(
            argv=argv,
            cwd=self.root,
            env=self.child_environ,
            timeout=self.timeout if limit is None else limit,
            stdin=stdin,
        )
        async with self.free or nullcontext():
            return await run(command, self.reaper)
