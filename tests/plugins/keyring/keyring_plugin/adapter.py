"""The adapter of the source `keyring`."""

import json

from keyring_plugin.definition import KeyringRef
from reconciler.ports.plugin import CredentialUnavailable, Host


class KeyringAdapter:
    """Reads entries of keyrings."""

    def __init__(self, host: Host) -> None:
        self._root = host.root

    async def read(self, reference: KeyringRef) -> bytes:
        """Return the entry."""
        try:
            found: dict[str, str] = json.loads((self._root / reference.path).read_text())
            return found[reference.entry].encode()
        except (OSError, ValueError, KeyError):
            raise CredentialUnavailable(f"{reference} does not exist") from None
