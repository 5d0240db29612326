"""The adapter of the port `Credentials` for one machine."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import assert_never

from reconciler.credentials import command, env, file
from reconciler.credentials.value import secret_from
from reconciler.model.reference import CommandRef, CredentialRef, EnvRef, FileRef
from reconciler.model.secret import Secret
from reconciler.system import child_process
from reconciler.system.process_reaper import ProcessReaper


class LocalCredentials:
    """Resolves references against this machine's environment, files and commands.

    `root` is the manifest's folder. `hidden` are the variables that no child process gets.
    `keeper` ends the commands with this process; `keep` gets the error output of those that
    fail; `command_timeout` is in seconds.
    """

    def __init__(
        self,
        root: Path,
        environ: Mapping[str, str],
        hidden: frozenset[str],
        *,
        keeper: ProcessReaper,
        keep: child_process.KeepErrors,
        command_timeout: float = 30.0,
    ) -> None:
        self._root = root
        self._environ = environ
        self._hidden = hidden
        self._keeper = keeper
        self._keep = keep
        self._timeout = command_timeout

    async def resolve(self, reference: CredentialRef) -> Secret:
        """Return the value, less one trailing newline.

        Raises:
            CredentialUnavailable: unset, missing, empty, not one line of text, failed, timed out.

        """
        return secret_from(await self._read(reference), reference)

    async def _read(self, reference: CredentialRef) -> bytes:
        match reference:
            case EnvRef():
                return env.read(reference, self._environ)
            case FileRef():
                return await asyncio.to_thread(file.read, reference, self._root)
            case CommandRef():
                allowed = {k: v for k, v in self._environ.items() if k not in self._hidden}
                return await command.read(
                    reference,
                    root=self._root,
                    env=allowed,
                    within=self._timeout,
                    keeper=self._keeper,
                    keep=self._keep,
                )
            case _:
                assert_never(reference)
