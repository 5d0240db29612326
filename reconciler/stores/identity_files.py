"""Reads files of private keys."""

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Final

from reconciler.model.damaged_file import damage
from reconciler.model.errors import CredentialUnavailable, UsageError
from reconciler.stores.encryption import Identity, identities_from

LARGEST: Final = 64 * 1024
"""The largest key file in bytes: an RSA key of 16,384 bits needs a fifth of it."""

_BOM: Final = b"\xef\xbb\xbf"


def read_identity_files(paths: Sequence[str], stdin: BinaryIO | None) -> tuple[Identity, ...]:
    """Read the private keys in these files; `-` is `stdin`.

    Raises:
        UsageError: the value is a key and not a file; the message does not repeat it.
        CredentialUnavailable: a file is missing, or contains no usable key.

    """
    for path in paths:
        if path.upper().startswith("AGE-SECRET-KEY-") or "-----BEGIN" in path:
            raise UsageError(
                "--identity takes the file of a key, never the key itself",
                hint="write it to a file of mode 0600, and name that file",
            )
    return tuple(
        identity
        for path in dict.fromkeys(paths)
        for identity in identities_from(_text(path, stdin), name=path)
    )


def _text(path: str, stdin: BinaryIO | None) -> str:
    try:
        if path == "-":
            if stdin is None:
                raise CredentialUnavailable("the identity `-` cannot be read: no standard input")
            data = stdin.read(LARGEST)
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
