"""Removes the secret files of revoked clients, if their content is still what was delivered."""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from reconciler.model.leftover import Fate, Leftover
from reconciler.model.secret import fingerprint
from reconciler.model.sink import SinkTarget
from reconciler.ports import ReadBack
from reconciler.sinks.definitions import recorded_target
from reconciler.sinks.file import Folders, StaleTempFiles
from reconciler.sinks.readback import parsed, read_bytes
from reconciler.system.atomic_files import fsync_folder


def sweep(files: Iterable[tuple[Leftover, bool]], root: Path) -> list[Fate]:
    """Look at each file, remove the marked ones that are unchanged, and return the fate of each."""
    folders, killed = Folders(root), StaleTempFiles()
    return [_fate(each, remove, folders, killed) for each, remove in files]


def _fate(leftover: Leftover, remove: bool, folders: Folders, killed: StaleTempFiles) -> Fate:
    target = recorded_target(leftover.target)
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
    with suppress(OSError):  # the next run finds a file that a power cut restored
        fsync_folder(path.parent)
    return Fate.REMOVED


def _found(path: Path, target: SinkTarget, leftover: Leftover) -> Fate:
    """Return whether a file is what was delivered.

    Raises:
        OSError: it does not exist, or cannot be read.

    """
    try:
        held = parsed(read_bytes(path), target.data["format"])
    except ValueError:
        return Fate.FOREIGN
    if held.client_id not in (None, leftover.client_id):
        return Fate.FOREIGN
    if leftover.digest is not None:
        return Fate.LEFT if _digest(held, leftover) == leftover.digest else Fate.FOREIGN
    return Fate.LEFT if held.client_id is not None else Fate.UNPROVEN


def _digest(held: ReadBack, leftover: Leftover) -> str:
    return fingerprint(held.client_id or leftover.client_id, held.secret)
