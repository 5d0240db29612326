"""Reads identity files, checks for a terminal and prints secrets."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from reconciler.cli.views.console import Console
from reconciler.model.errors import CredentialUnavailable, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model.client import Delivery
    from reconciler.sinks.definitions import FileFormat
    from reconciler.stores.encryption import Identity

FORMATS: "Final[Mapping[str, FileFormat]]" = {"json": "json", "env": "dotenv", "raw": "raw"}
"""The formats in which a secret is printed, by the value of `--format`."""


def read_identities(paths: Sequence[str]) -> "tuple[Identity, ...]":
    """Read the private keys in these files; `-` is standard input.

    Raises:
        UsageError: the value is a key and not a file; the message does not repeat it.
        CredentialUnavailable: a file is missing, or contains no usable key.

    """
    from reconciler import bootstrap

    standard = sys.stdin.buffer if "-" in paths and sys.stdin is not None else None
    return bootstrap.read_identities(paths, standard)


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
