"""Removes secret files of revoked clients: only what is provably still what was delivered."""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from reconciler.model.leftover import Fate, Leftover
from reconciler.model.secret import fingerprint
from reconciler.model.sink import FileTarget, file_target
from reconciler.ports import ReadBack
from reconciler.sinks.file import Folders, StaleTempFiles
from reconciler.sinks.readback import parsed, read_bytes
from reconciler.system.atomic_files import fsync_folder


def sweep(files: Iterable[tuple[Leftover, bool]], root: Path) -> list[Fate]:
    """Look at each file, and remove those that are marked and proven; one fate for each."""
    folders, killed = Folders(root), StaleTempFiles()
    return [_fate(each, remove, folders, killed) for each, remove in files]


def _fate(leftover: Leftover, remove: bool, folders: Folders, killed: StaleTempFiles) -> Fate:
    target = file_target("", leftover.target)
    if target is None:
        return Fate.UNPROVEN
    try:
        path = folders.place(target)
        found = _found(path, target, leftover)
        if found is not Fate.LEFT or not remove:
            return found
        killed.remove(path)
        path.unlink()
    except (FileNotFoundError, NotADirectoryError):
        return Fate.ABSENT
    except (OSError, ValueError):
        return Fate.UNPROVEN
    with suppress(OSError):  # a removal that a power cut takes back is found again by its content
        fsync_folder(path.parent)
    return Fate.REMOVED


def _found(path: Path, target: FileTarget, leftover: Leftover) -> Fate:
    """Return whether a file is what was delivered.

    Raises:
        OSError: it is not there, or cannot be read.

    """
    try:
        held = parsed(read_bytes(path), target.format)
    except ValueError:
        return Fate.FOREIGN
    if held.client_id not in (None, leftover.client_id):
        return Fate.FOREIGN
    if leftover.digest is not None:
        return Fate.LEFT if _digest(held, leftover) == leftover.digest else Fate.FOREIGN
    return Fate.LEFT if held.client_id is not None else Fate.UNPROVEN


def _digest(held: ReadBack, leftover: Leftover) -> str:
    return fingerprint(held.client_id or leftover.client_id, held.secret)
