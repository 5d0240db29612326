"""The standard output of a command."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, assert_never

from reconciler.credentials.value import without_newline
from reconciler.model.errors import CredentialUnavailable
from reconciler.model.reference import CommandRef
from reconciler.model.secret import Met, Secret
from reconciler.model.text import brief
from reconciler.system import child
from reconciler.system.keeper import Keeper

_HINT: Final = "run the command by hand, in the manifest's folder, to see what it needs"
_SEARCHED: Final = 16 << 10
"""How many bytes of output are looked for in what a failed command said; beyond, none is shown."""


async def read(
    reference: CommandRef,
    *,
    root: Path,
    env: Mapping[str, str],
    within: float,
    keeper: Keeper,
    met: Met,
) -> bytes:
    """Run the command in `root` and return what it printed, `within` that many seconds.

    What a command that fails said is shown unless its own output, or one of the secrets that were
    `met`, is in it.

    Raises:
        CredentialUnavailable: it was not found, failed, printed nothing or too much, or timed out.

    """
    command = child.Command(argv=reference.argv, cwd=root, env=env, timeout=within)
    outcome = await child.run(command, keeper)
    match outcome:
        case child.Finished(code=0) if without_newline(outcome.stdout):
            return outcome.stdout
        case child.Finished():
            raise CredentialUnavailable(f"{reference} {_failure(outcome, met)}", hint=_HINT)
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


def _failure(outcome: child.Finished, met: Met) -> str:
    def is_private(said: bytes) -> bool:
        return met.is_in(said) or _repeats(said, outcome.stdout)

    wrong = "printed nothing" if outcome.code == 0 else child.how_it_ended(outcome.code)
    return wrong + child.what_it_said(outcome.stderr, is_private)


def _repeats(said: bytes, stdout: bytes) -> bool:
    """Say whether what was said may hold the credential, that is, a line of standard output."""
    if len(stdout) > _SEARCHED:
        return True
    lines = {line.strip() for line in stdout.decode(errors="replace").splitlines()}
    return any(Secret(line).is_in(said) for line in lines if line)
