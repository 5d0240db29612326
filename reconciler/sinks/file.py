"""The sink `file`: one private file for each client, never outside of the user's folder."""

import asyncio
import os
import stat
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock

from reconciler.model.client import Delivery
from reconciler.model.errors import SinkFailed
from reconciler.model.sink import SinkTarget
from reconciler.model.strings import printable
from reconciler.ports.plugin import Host, ReadBack, UnusableTarget
from reconciler.sinks.formats import content
from reconciler.system.atomic_files import make_private_folders, stem, temporaries, write_atomically
from reconciler.system.replaceable import fixed, not_replaceable, too_long


class FileAdapter:
    """Writes a private file for each client, and reads it back.

    Files are written in threads: each takes an fsync, and a slow disk must not stop the run.
    """

    def __init__(self, host: Host) -> None:
        self._root = host.root
        self._left = StaleTempFiles()

    async def probe(self, targets: Sequence[SinkTarget]) -> Sequence[UnusableTarget]:
        """Return the targets that cannot be written; leave nothing behind."""
        return await asyncio.to_thread(lambda: list(probe(targets, self._root)))

    async def deliver(self, target: SinkTarget, delivery: Delivery) -> None:
        """Write the file.

        Raises:
            SinkFailed: the file is unchanged, or it is written and may not survive a power cut.

        """
        await asyncio.to_thread(deliver, target, delivery, self._root, self._left)

    async def read(self, target: SinkTarget) -> ReadBack:
        """Read the file.

        Raises:
            SinkUnreadable: it is missing, or does not contain what was written.

        """
        from reconciler.sinks.readback import from_file

        return await asyncio.to_thread(from_file, target, self._root)


class UnusablePath(ValueError):  # noqa: N818 (a property of the path, in the family of ValueError)
    """A path that no secret is written to; the text is a phrase that gives the reason."""


class StaleTempFiles:
    """Temporary files of runs that were killed during a write. They contain secrets.

    Each folder is listed before the first write of this run into it, so that no file of this run is
    mistaken for a stale one.
    """

    def __init__(self) -> None:
        self._found: dict[Path, list[tuple[str, Path]]] = {}
        self._guard = Lock()

    def remove(self, path: Path) -> None:
        """Remove the stale files of `path` and of no other file, if the system allows it."""
        with self._guard:
            if path.parent not in self._found:
                self._found[path.parent] = _temporaries(path.parent)
        beginning = stem(path)
        for found, temporary in self._found[path.parent]:
            if found == beginning:
                with suppress(OSError):
                    temporary.unlink(missing_ok=True)


def deliver(target: SinkTarget, delivery: Delivery, root: Path, left: StaleTempFiles) -> None:
    """Write the secret in the target's format; `root` is the manifest's folder.

    Raises:
        SinkFailed: the file is unchanged, or it is written and may not survive a power cut.

    """
    try:
        path = Folders(root).place(target)
        data = content(delivery, target.data["format"])
        make_private_folders(path.parent)
        left.remove(path)
        write_atomically(path, data, mode=0o600)
    except (OSError, ValueError) as error:
        raise SinkFailed(
            f"sink {target.sink}: cannot write {printable(str(target.path))}: {_reason(error)}",
            hint="the secret is kept: fix this and apply again",
        ) from None


def probe(targets: Iterable[SinkTarget], root: Path) -> Iterator[UnusableTarget]:
    """Yield each target that cannot take a secret, in their order."""
    folders = Folders(root)
    taken: dict[Path, SinkTarget] = {}
    for target in targets:
        try:
            path = folders.place(target)
            other = taken.setdefault(path, target)
            if other.path != target.path:
                raise UnusablePath(
                    f"symbolic links lead it to the same file as {printable(str(other.path))}"
                )
            folders.prove(path)
        except (OSError, ValueError) as error:
            yield UnusableTarget(
                before=f"sink {target.sink}: cannot write ",
                what=printable(str(target.path)),
                why=f": {_reason(error)}",
            )


class Folders:
    """Resolved folders: many targets share a folder, and resolving it takes several calls."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._real: dict[str, str] = {}
        self._wrong: dict[Path, str | None] = {}

    def place(self, target: SinkTarget) -> Path:
        """Return the path to write, free of symbolic links: a link's target replaces the link.

        Raises:
            UnusablePath: it is outside of the folder that the user wrote, or cannot be a file.
            OSError: the system does not allow a look at it.

        """
        folder, name = os.path.split(str(target.path))
        if name in ("", ".", ".."):
            raise UnusablePath("it names no file")
        parent, static = self._resolved(folder), self._resolved(target.data["within"])
        if os.path.commonpath((parent, static)) != static:
            raise UnusablePath(f"a placeholder or a symbolic link leads out of {static}")
        path = Path(parent, name)
        if path.is_symlink():
            path = Path(os.path.realpath(path))
            if os.path.commonpath((path, static)) != static:
                raise UnusablePath(f"it is a symbolic link that leads out of {static}, to {path}")
        _check_regular(path)
        return path

    def prove(self, path: Path) -> None:
        """Check that the file, and its folder if it is missing, can be written.

        Raises:
            UnusablePath: they cannot.
            OSError: the system does not allow a look at them.

        """
        existing, missing = path.parent, [path.name]
        while not os.path.lexists(existing):
            missing.append(existing.name)
            existing = existing.parent
        if existing not in self._wrong:
            self._wrong[existing] = _wrong_with(existing)
        wrong = self._wrong[existing] or not_replaceable(path) or too_long(existing, missing)
        if wrong is not None:
            raise UnusablePath(wrong)

    def _resolved(self, folder: str) -> str:
        if folder not in self._real:
            self._real[folder] = os.path.realpath(self._root / folder)
        return self._real[folder]


def _check_regular(path: Path) -> None:
    """Refuse to replace a folder, a device, a FIFO or a circle of symbolic links with a file."""
    try:
        mode = path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):  # the check of the folder reports it
        return
    if stat.S_ISLNK(mode):
        raise UnusablePath("its symbolic links form a circle")
    if not stat.S_ISREG(mode):
        raise UnusablePath(
            "a folder is there" if stat.S_ISDIR(mode) else "it is not a regular file"
        )


def _wrong_with(folder: Path) -> str | None:
    try:
        # On Linux this file never has a name, so that no crash leaves it behind.
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"probe")
    except OSError as error:
        return f"{folder}: {_reason(error)}"
    wrong = fixed(folder)
    return wrong and f"{folder}: {wrong}"


def _temporaries(folder: Path) -> list[tuple[str, Path]]:
    try:
        return list(temporaries(folder))
    except OSError:  # a folder may be writable and not listable
        return []


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeError):
        return "it is not text"
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
