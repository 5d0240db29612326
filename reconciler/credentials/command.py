"""The standard output of a command."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, assert_never

from reconciler.credentials.value import without_newline
from reconciler.model.errors import CredentialUnavailable
from reconciler.model.reference import CommandRef
from reconciler.model.secret import Secret
from reconciler.model.text import brief, plural
from reconciler.system import child
from reconciler.system.keeper import Keeper

_HINT: Final = "run the command by hand, in the manifest's folder, to see what it needs"
_SEARCHED: Final = 16 << 10
"""How many bytes of output are looked for in what a failed command said; beyond, none is shown."""


async def read(
    reference: CommandRef, *, root: Path, env: Mapping[str, str], within: float, keeper: Keeper
) -> bytes:
    """Run the command in `root` and return what it printed, `within` that many seconds.

    Raises:
        CredentialUnavailable: it was not found, failed, printed nothing or too much, or timed out.

    """
    command = child.Command(argv=reference.argv, cwd=root, env=env, timeout=within)
    outcome = await child.run(command, keeper)
    match outcome:
        case child.Finished(code=0) if without_newline(outcome.stdout):
            return outcome.stdout
        case child.Finished():
            raise CredentialUnavailable(f"{reference} {_failure(outcome)}", hint=_HINT)
        case child.TimedOut():
            raise CredentialUnavailable(
                f"{reference} did not end within {brief(within)}", hint=_HINT
            )
        case child.Flooded():
            raise CredentialUnavailable(f"{reference} printed more than 1 MiB", hint=_HINT)
        case child.NotStarted():
            raise CredentialUnavailable(
                f"{reference} cannot be run: {outcome.reason}",
                hint="a path is relative to the manifest's folder; a bare name is found in PATH",
            )
        case _:
            assert_never(outcome)


def _failure(outcome: child.Finished) -> str:
    wrong = "printed nothing" if outcome.code == 0 else child.how_it_ended(outcome.code)
    said = child.last_lines(outcome.stderr)
    if not said:
        return wrong
    if _shows_output(outcome):
        return f"{wrong}; what it said ({plural(len(outcome.stderr), 'byte')}) may hold its output"
    return f"{wrong}:\n{said}"


def _shows_output(outcome: child.Finished) -> bool:
    """Say whether standard error may hold the credential, that is, a line of standard output."""
    if len(outcome.stdout) > _SEARCHED:
        return True
    lines = {line.strip() for line in outcome.stdout.decode(errors="replace").splitlines()}
    return any(Secret(line).is_in(outcome.stderr) for line in lines if line)
