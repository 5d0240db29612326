"""The standard output of a command."""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Final, assert_never

from reconciler.credentials.value import without_newline
from reconciler.model.errors import CredentialUnavailable
from reconciler.model.reference import CommandRef
from reconciler.model.strings import format_duration
from reconciler.system import child_process
from reconciler.system.process_reaper import ProcessReaper

_HINT: Final = "run the command by hand, in the manifest's folder, to see what it needs"


async def read(
    reference: CommandRef,
    *,
    root: Path,
    env: Mapping[str, str],
    within: float,
    keeper: ProcessReaper,
    keep: child_process.KeepErrors,
) -> bytes:
    """Run the command in `root` and return what it printed, `within` that many seconds.

    `keep` gets the error output of a command that fails: a message never quotes it.

    Raises:
        CredentialUnavailable: it was not found, failed, printed nothing or too much, or timed out.

    """
    command = child_process.Command(argv=reference.argv, cwd=root, env=env, timeout=within)
    outcome = await child_process.run(command, keeper)
    match outcome:
        case child_process.Finished(code=0) if without_newline(outcome.stdout):
            return outcome.stdout
        case child_process.Finished(code=0):
            wrong = "printed nothing"
        case child_process.Finished():
            wrong = child_process.how_it_ended(outcome.code)
        case child_process.TimedOut():
            wrong = f"did not end within {format_duration(within)}"
        case child_process.Flooded():
            wrong = "printed more than 1 MiB"
        case child_process.NotStarted():
            raise CredentialUnavailable(
                f"{reference} cannot be run: {outcome.reason}",
                hint="a path is relative to the manifest's folder; a bare name is found in PATH",
            )
        case _:
            assert_never(outcome)
    kept = keep(f"{shlex.join(reference.argv)} {wrong}", outcome.stderr)
    raise CredentialUnavailable(f"{reference} {wrong}{kept}", hint=_HINT)
