"""The source `command`: the standard output of a command."""

import shlex
from typing import Final, assert_never

from reconciler.credentials.references import CommandRef
from reconciler.credentials.value import without_newline
from reconciler.model.errors import CredentialUnavailable
from reconciler.model.strings import format_duration
from reconciler.system import child_process
from reconciler.system.host import LocalHost

_HINT: Final = "run the command by hand, in the manifest's folder, to see what it needs"


class CommandSource:
    """Runs commands in the manifest's folder.

    The error output of a command may contain a credential, so that no message quotes it.
    """

    def __init__(self, host: LocalHost) -> None:
        self._host = host

    async def read(self, reference: CommandRef) -> bytes:
        """Run the command and return its output.

        Raises:
            CredentialUnavailable: it was not found, failed, printed nothing or too much, or timed
                out.

        """
        outcome = await self._host.run(reference.argv)
        match outcome:
            case child_process.Finished(code=0) if without_newline(outcome.stdout):
                return outcome.stdout
            case child_process.Finished(code=0):
                wrong = "printed nothing"
            case child_process.Finished():
                wrong = child_process.how_it_ended(outcome.code)
            case child_process.TimedOut():
                wrong = f"did not end within {format_duration(self._host.timeout)}"
            case child_process.Flooded():
                wrong = "printed more than 1 MiB"
            case child_process.NotStarted():
                raise CredentialUnavailable(
                    f"{reference} cannot be run: {outcome.reason}",
                    hint="a path is relative to the manifest's folder; a bare name is looked up in"
                    " PATH",
                )
            case _:
                assert_never(outcome)
        kept = self._host.keep(f"{shlex.join(reference.argv)} {wrong}", outcome.stderr)
        raise CredentialUnavailable(f"{reference} {wrong}{kept}", hint=_HINT)
