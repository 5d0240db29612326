"""The adapter of the port `Credentials` for one machine."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import assert_never

from reconciler.credentials import command, env, file
from reconciler.credentials.value import secret_from
from reconciler.model.reference import CommandRef, CredentialRef, EnvRef, FileRef
from reconciler.model.secret import Met, Secret
from reconciler.system.keeper import Keeper


class LocalCredentials:
    """Resolves references against this machine's environment, files and commands.

    `root` is the manifest's folder. `hidden` are the variables that no child process gets.
    `keeper` ends the commands with this process; `command_timeout` is in seconds. `met` learns each
    value, and knows the secrets that no command may be quoted with.
    """

    def __init__(
        self,
        root: Path,
        environ: Mapping[str, str],
        hidden: frozenset[str],
        *,
        keeper: Keeper,
        met: Met,
        command_timeout: float = 30.0,
    ) -> None:
        self._root = root
        self._environ = environ
        self._hidden = hidden
        self._keeper = keeper
        self._met = met
        self._timeout = command_timeout

    async def resolve(self, reference: CredentialRef) -> Secret:
        """Return the value, less one trailing newline.

        Raises:
            CredentialUnavailable: unset, missing, empty, not one line of text, failed, timed out.

        """
        secret = secret_from(await self._read(reference), reference)
        self._met.add(secret)
        return secret

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
                    met=self._met,
                )
            case _:
                assert_never(reference)
