"""The source `env`: the value of an environment variable."""

import os

from reconciler.credentials.references import EnvRef
from reconciler.model.errors import CredentialUnavailable
from reconciler.ports.plugin import Host


class EnvSource:
    """Reads environment variables."""

    def __init__(self, host: Host) -> None:
        self._environ = host.environ

    async def read(self, reference: EnvRef) -> bytes:
        """Return the variable's bytes.

        Raises:
            CredentialUnavailable: it is not set, or empty.

        """
        value = self._environ.get(reference.name)
        if not value:
            raise CredentialUnavailable(
                f"{reference} is {'not set' if value is None else 'empty'}",
                hint=f"set {reference.name} for this run; in CI, pass it to the step that runs"
                " this",
            )
        return os.fsencode(value)
