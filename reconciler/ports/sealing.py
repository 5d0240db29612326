"""Encryption of the secrets in the state."""

from typing import Protocol

from reconciler.model.secret import Secret
from reconciler.state.model import Sealed, StoredSecret


class Sealing(Protocol):
    """Turns a secret into its stored form and back.

    A sealed secret is bound to its client id: `open` refuses one that was moved to another client.
    """

    def keep(self, *, client_id: str, secret: Secret) -> StoredSecret:
        """Seal to the recipients of the manifest; without recipients the result is plain."""
        ...

    def open(self, *, client_id: str, sealed: Sealed) -> Secret | None:
        """Return the secret, or None if no available identity opens it.

        Raises:
            StateRefused: it opens, but belongs to another client id.

        """
        ...
