"""The source `file`: the content of a file."""

import asyncio
import os
import stat
from pathlib import Path
from typing import Final

from reconciler.credentials.references import FileRef
from reconciler.model.errors import CredentialUnavailable
from reconciler.ports.plugin import Host

LARGEST: Final = 1 << 20
"""The largest file that is read, in bytes: a larger one is not a credential."""


class FileSource:
    """Reads files, in threads: a network drive may take long."""

    def __init__(self, host: Host) -> None:
        self._root = host.root

    async def read(self, reference: FileRef) -> bytes:
        """Return the file's bytes.

        Raises:
            CredentialUnavailable: it is missing, unreadable, not a regular file, or too large.

        """
        return await asyncio.to_thread(read, reference, self._root)


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
    """Return at most one byte more than the limit; None if it is not a regular file."""
    # Without O_NONBLOCK, opening a FIFO would wait for a writer.
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
        hint=f"write the credential, and nothing else, to {path} and let this user read it",
    )
