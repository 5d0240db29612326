"""The source `file`: the content of a file."""

import asyncio
from pathlib import Path
from typing import Final

from reconciler.credentials.references import FileRef
from reconciler.model.errors import CredentialUnavailable
from reconciler.ports.plugin import Host
from reconciler.system.bounded_read import read_bounded

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
        return read_bounded(path, LARGEST)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise _refused(reference, reason, path) from None


def _refused(reference: FileRef, reason: str, path: Path) -> CredentialUnavailable:
    return CredentialUnavailable(
        f"cannot read {reference}: {reason}",
        hint=f"write the credential, and nothing else, to {path} and let this user read it",
    )
