"""Reads identity files, checks for a terminal and prints secrets."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from reconciler.cli.views.console import Console
from reconciler.model.damaged_file import damage
from reconciler.model.errors import CredentialUnavailable, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model.client import Delivery
    from reconciler.sinks.definitions import FileFormat
    from reconciler.stores.encryption import Identity

LARGEST: Final = 64 * 1024
"""The largest key file in bytes: an RSA key of 16,384 bits needs a fifth of it."""

FORMATS: "Final[Mapping[str, FileFormat]]" = {"json": "json", "env": "dotenv", "raw": "raw"}
"""The formats in which a secret is printed, by the value of `--format`."""

_BOM: Final = b"\xef\xbb\xbf"


def read_identities(paths: Sequence[str]) -> "tuple[Identity, ...]":
    """Read the private keys in these files; `-` is standard input.

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
    if not paths:
        return ()
    from reconciler.stores.encryption import identities_from

    return tuple(
        identity
        for path in dict.fromkeys(paths)
        for identity in identities_from(_text(path), name=path)
    )


def require_terminal(console: Console, *, allowed: bool) -> None:
    """Check that standard output is a terminal, unless the user allowed another target.

    Raises:
        UsageError: standard output is a file or a pipe, and the user did not allow that.

    """
    if not allowed and not console.stdout.isatty():
        raise UsageError(
            "standard output is not a terminal, so no secret is printed to it",
            hint="add --yes-print-secrets if a secret may be in that file, pipe or log",
        )


def print_secret(console: Console, delivery: "Delivery", output: str) -> None:
    """Write a secret to standard output in one of `FORMATS`, and flush it.

    Raises:
        CredentialUnavailable: the format cannot contain this secret.
        ReconcilerError: standard output cannot be written.

    """
    from reconciler.sinks.formats import content

    try:
        data = content(delivery, FORMATS[output])
    except ValueError as error:
        raise CredentialUnavailable(
            f"the secret of {delivery.address} cannot be printed as {output}: {error}",
            hint="use --format json",
        ) from None
    console.data(data)
    console.settle()


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
