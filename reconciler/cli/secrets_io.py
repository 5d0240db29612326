"""Secrets that a user asks to see: with which keys, and before whose eyes."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from reconciler.cli.views.console import Console
from reconciler.model.address import Address
from reconciler.model.damaged_file import damage
from reconciler.model.errors import CredentialUnavailable, UsageError

if TYPE_CHECKING:
    from reconciler.model.secret import Secret
    from reconciler.state.model import StoredSecret
    from reconciler.stores.encryption import Identity

LARGEST: Final = 64 * 1024
"""The most bytes that a key file may have: an RSA key of 16,384 bits needs a fifth of it."""

_BOM: Final = b"\xef\xbb\xbf"


def read_identities(paths: Sequence[str]) -> "tuple[Identity, ...]":
    """Read the private keys in these files; `-` is standard input.

    Raises:
        UsageError: a key itself was given in place of its file; it is not repeated.
        CredentialUnavailable: a file is missing, or holds no usable key.

    """
    for path in paths:
        if path.upper().startswith("AGE-SECRET-KEY-") or "-----BEGIN" in path:
            raise UsageError(
                "--identity takes the file of a key, never the key itself",
                hint="write it to a file of mode 0600, and name that file",
            )
    if not paths:
        return ()
    from reconciler.stores.encryption import identities_from

    return tuple(
        identity
        for path in dict.fromkeys(paths)
        for identity in identities_from(_text(path), name=path)
    )


def require_terminal(console: Console, *, allowed: bool) -> None:
    """See that a secret goes to a terminal, or where the user said that it may.

    Raises:
        UsageError: standard output is a file or a pipe, and nobody said that this is meant.

    """
    if not allowed and not console.stdout.isatty():
        raise UsageError(
            "standard output is not a terminal, so no secret is printed to it",
            hint="add --yes-print-secrets where a secret may be in that file, pipe or log",
        )


def opened(
    kept: "StoredSecret", *, address: Address, client_id: str, identities: "Sequence[Identity]"
) -> "Secret":
    """Return a secret as it is, opening it with an identity where it is sealed.

    Raises:
        CredentialUnavailable: it is sealed, and no identity at hand opens it.
        StateRefused: it is damaged, or was moved here from another client.

    """
    from reconciler.state.model import Plain

    if isinstance(kept, Plain):
        return kept.secret
    from reconciler.stores.encryption import open_sealed

    secret = open_sealed(kept, client_id=client_id, identities=identities)
    if secret is not None:
        return secret
    if identities:
        raise CredentialUnavailable(
            f"no identity that was given opens the secret of {address}",
            hint="it was sealed to other recipients: name one of their private keys",
        )
    raise CredentialUnavailable(
        f"the secret of {address} is sealed",
        hint="--identity FILE names the private key of one of its recipients",
    )


def _text(path: str) -> str:
    try:
        if path == "-":
            if sys.stdin is None:
                raise CredentialUnavailable("the identity `-` cannot be read: no standard input")
            data = sys.stdin.buffer.read(LARGEST)
        else:
            with Path(path).open("rb") as stream:
                data = stream.read(LARGEST)
    except OSError as error:
        raise CredentialUnavailable(
            f"the identity `{path}` cannot be read: {error.strerror}"
        ) from None
    data = data.removeprefix(_BOM)
    wrong = damage(data)
    if wrong is not None:
        raise CredentialUnavailable(f"the identity `{path}` {wrong[0]}", hint=wrong[1])
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise CredentialUnavailable(
            f"the identity `{path}` is not text",
            hint="an age key file or an SSH private key is meant",
        ) from None
