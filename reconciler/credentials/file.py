"""The content of a file."""

import os
import stat
from pathlib import Path
from typing import Final

from reconciler.model.errors import CredentialUnavailable
from reconciler.model.reference import FileRef

LARGEST: Final = 1 << 20
"""How many bytes a credential's file may have."""


def read(reference: FileRef, root: Path) -> bytes:
    """Return the file's bytes; `root` is the manifest's folder.

    Raises:
        CredentialUnavailable: it is missing, unreadable, not a regular file, or too large.

    """
    path = root / reference.path
    try:
        data = _content(path)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise _refused(reference, reason, path) from None
    if data is None:
        raise _refused(reference, "it is not a regular file", path)
    if len(data) > LARGEST:
        raise _refused(reference, "it is larger than 1 MiB", path)
    return data


def _content(path: Path) -> bytes | None:
    """Return what is in a regular file, at most a byte over the limit; None for anything else."""
    # Opening a FIFO would wait for somebody who writes to it; like this it does not.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(LARGEST + 1)
    finally:
        os.close(descriptor)


def _refused(reference: FileRef, reason: str, path: Path) -> CredentialUnavailable:
    return CredentialUnavailable(
        f"cannot read {reference}: {reason}",
        hint=f"put the credential, alone, into {path} and let this user read it",
    )
