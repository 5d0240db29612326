"""The port `Credentials`: passes each reference to the adapter of its source."""

from collections.abc import Mapping
from pathlib import Path

from reconciler import plugins
from reconciler.credentials.value import secret_from
from reconciler.model.errors import CredentialUnavailable, ReconcilerError
from reconciler.model.reference import CredentialRef
from reconciler.model.secret import Secret
from reconciler.ports.plugin import CredentialAdapter
from reconciler.system.child_process import KeepErrors
from reconciler.system.host import LocalHost
from reconciler.system.process_reaper import ProcessReaper


class LocalCredentials:
    """Resolves references on this machine.

    `root` is the manifest's folder. `hidden` are the variables that no child process gets.
    `keeper` ends commands with this process; `keep` stores the error output of failed commands.
    `command_timeout` is in seconds: a password manager may wait for a tap on a device.
    """

    def __init__(
        self,
        root: Path,
        environ: Mapping[str, str],
        hidden: frozenset[str],
        *,
        keeper: ProcessReaper,
        keep: KeepErrors,
        command_timeout: float = 30.0,
    ) -> None:
        self._host = LocalHost(
            root=root,
            environ=environ,
            hidden=hidden,
            reaper=keeper,
            keep=keep,
            timeout=command_timeout,
        )
        self._adapters: dict[str, CredentialAdapter[CredentialRef]] = {}

    async def resolve(self, reference: CredentialRef) -> Secret:
        """Return the value without one trailing newline.

        Raises:
            CredentialUnavailable: unset, missing, empty, not one line of text, failed or timed out.
            BrokenPlugin: the adapter of the source cannot be loaded.

        """
        adapter = self._adapter(reference)
        try:
            data = await adapter.read(reference)
        except ReconcilerError:
            raise
        except Exception as error:  # noqa: BLE001 (a plugin may raise anything)
            # The text of the exception may contain the credential.
            raise CredentialUnavailable(
                f"{reference}: the plugin for `{reference.source}` raised {type(error).__name__}",
                hint="this is an error in the plugin",
            ) from None
        return secret_from(data, reference)

    def _adapter(self, reference: CredentialRef) -> CredentialAdapter[CredentialRef]:
        if reference.source not in self._adapters:
            self._adapters[reference.source] = plugins.load_adapter(type(reference))(self._host)
        return self._adapters[reference.source]
