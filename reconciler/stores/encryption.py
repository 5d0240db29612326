"""Secrets sealed with age: to be written by anyone who has the public keys, read by who has a key.

What is sealed is the secret together with its client id, so that a sealed value that is moved to
another client is noticed, and a rename of the address needs no key.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from reconciler.model.diagnostic import Diagnostic
from reconciler.model.errors import CredentialUnavailable, InvalidInput, StateRefused
from reconciler.model.recipient import canonical
from reconciler.model.secret import Secret
from reconciler.state.model import Plain, Sealed, StoredSecret
from reconciler.system.atomic_files import create_private

_NO_KEY: Final = "No matching keys found"
"""What pyrage says if no identity is a recipient's; all else is a damaged message."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Identity:
    """A private key, as pyrage holds it; it has no text form."""

    key: Any


def create_identity(path: Path) -> str:
    """Write a new age private key to a file of mode 0600 and return its recipient (`age1…`).

    Raises:
        FileExistsError: the path exists, and secrets may be sealed to the key in it.
        OSError: as reported by the system; nothing was created.

    """
    import pyrage  # type: ignore[import-untyped]  # it ships no types

    key = pyrage.x25519.Identity.generate()
    recipient = str(key.to_public())
    create_private(path, f"# public key: {recipient}\n{key}\n".encode())
    return recipient


class PlainSealing:
    """Implements `ports.Sealing` if the manifest asks for no encryption.

    What an earlier manifest sealed is opened all the same, if a key is given.
    """

    def __init__(self, identities: Sequence[Identity] = ()) -> None:
        self._identities = tuple(identities)

    def keep(self, *, client_id: str, secret: Secret) -> StoredSecret:
        """Keep the secret as it is."""
        del client_id  # the entry in which it stands says whose it is
        return Plain(secret=secret)

    def open(self, *, client_id: str, sealed: Sealed) -> Secret | None:
        """Return the secret; None if no given identity opens it.

        Raises:
            StateRefused: it is damaged, or it belongs to another client id.

        """
        return open_sealed(sealed, client_id=client_id, identities=self._identities)


class AgeSealing:
    """Implements `ports.Sealing` with age recipients, and identities if some are given."""

    def __init__(self, recipients: Sequence[str], identities: Sequence[Identity] = ()) -> None:
        """Check the recipients, before anything is made whose secret could not be sealed.

        Raises:
            InvalidInput: with every invalid recipient.

        """
        self._recipients = _recipients(recipients)
        self._names = canonical(recipients)
        self._identities = tuple(identities)

    def keep(self, *, client_id: str, secret: Secret) -> StoredSecret:
        """Seal the secret and its client id to every recipient."""
        import pyrage

        bound = {"client_id": client_id, "client_secret": secret.reveal()}
        data = json.dumps(bound, ensure_ascii=False).encode()
        text = pyrage.encrypt(data, self._recipients, armored=True).decode()
        return Sealed(text=text, recipients=self._names)

    def open(self, *, client_id: str, sealed: Sealed) -> Secret | None:
        """Return the secret; None if no given identity opens it.

        Raises:
            StateRefused: it is damaged, or it belongs to another client id.

        """
        return open_sealed(sealed, client_id=client_id, identities=self._identities)


def open_sealed(sealed: Sealed, *, client_id: str, identities: Sequence[Identity]) -> Secret | None:
    """Return the secret; None if none of the identities opens it.

    Raises:
        StateRefused: it is damaged, or it belongs to another client id.

    """
    if not identities:
        return None
    import pyrage

    try:
        data = pyrage.decrypt(sealed.text.encode(), [each.key for each in identities])
    except pyrage.DecryptError as error:
        if str(error) == _NO_KEY:
            return None
        raise StateRefused(
            f"the sealed secret of client {client_id} is damaged",
            hint="restore it from the backup or from version control, or rotate the client",
        ) from None
    return _bound_to(client_id, data)


def identities_from(text: str, *, name: str) -> tuple[Identity, ...]:
    """Read a key file's text: age secret keys, one a line, or one SSH private key.

    `name` is the file, for messages.

    Raises:
        CredentialUnavailable: there is no usable key in it.

    """
    if "-----BEGIN" in text:
        return (_identity("ssh", text, name),)
    lines = [line.strip() for line in text.splitlines()]
    found = tuple(
        _identity("age", line, name) for line in lines if line and not line.startswith("#")
    )
    if not found:
        raise CredentialUnavailable(f"there is no key in `{name}`", hint=_KEYS)
    return found


_KEYS: Final = (
    "an identity is a line AGE-SECRET-KEY-1… (as age-keygen writes it), "
    "or an SSH private key without a passphrase"
)


def _identity(kind: str, text: str, name: str) -> Identity:
    import pyrage

    try:
        if kind == "ssh":
            return Identity(key=pyrage.ssh.Identity.from_buffer(text.encode()))
        return Identity(key=pyrage.x25519.Identity.from_str(text))
    except pyrage.IdentityError:
        # What the library says might quote the key.
        raise CredentialUnavailable(f"`{name}` holds no usable key", hint=_KEYS) from None


def _recipients(texts: Sequence[str]) -> list[Any]:
    import pyrage

    found, wrong = [], []
    for text in texts:
        kind = pyrage.ssh if text.startswith("ssh-") else pyrage.x25519
        try:
            found.append(kind.Recipient.from_str(text))
        except pyrage.RecipientError:
            wrong.append(Diagnostic(code="bad-recipient", message=f"`{text}` is no age recipient"))
    if wrong or not found:
        none = Diagnostic(code="bad-recipient", message="encryption has no recipient")
        raise InvalidInput(wrong or [none])
    return found


def _bound_to(client_id: str, data: bytes) -> Secret:
    try:
        found = json.loads(data)
        owner, secret = found["client_id"], found["client_secret"]
    except (ValueError, TypeError, KeyError, RecursionError):
        owner = secret = None
    if not isinstance(secret, str):
        raise StateRefused(
            f"what is sealed for client {client_id} is not a secret of this tool",
            hint="restore it from the backup or from version control, or rotate the client",
        )
    if owner != client_id:
        raise StateRefused(
            f"the sealed secret of client {client_id} belongs to another client",
            hint="it was moved: restore the state from version control, or rotate the client",
        )
    return Secret(secret)
