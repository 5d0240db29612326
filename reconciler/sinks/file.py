"""A file for each client: whole, durable, private, and never outside the user's folder."""

import os
import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Lock

from reconciler.model.client import Delivery
from reconciler.model.errors import SinkFailed
from reconciler.model.sink import FileTarget
from reconciler.model.strings import printable
from reconciler.sinks.formats import content
from reconciler.sinks.misfit import Misfit
from reconciler.system.atomic_files import make_private_folders, stem, temporaries, write_atomically
from reconciler.system.replaceable import fixed, not_replaceable, too_long


class UnusablePath(ValueError):  # noqa: N818 (it says what the path is)
    """A path that no secret is written to; the text is a phrase that says why."""


class StaleTempFiles:
    """What runs that were killed in the middle of a write left behind: it holds a secret.

    A folder is looked through before this run's first write into it, so that nothing that is being
    written now is taken for a leftover.
    """

    def __init__(self) -> None:
        self._found: dict[Path, list[tuple[str, Path]]] = {}
        self._guard = Lock()

    def remove(self, path: Path) -> None:
        """Remove those of `path` and of no other file, as far as the system allows it."""
        with self._guard:
            if path.parent not in self._found:
                self._found[path.parent] = _temporaries(path.parent)
        beginning = stem(path)
        for found, temporary in self._found[path.parent]:
            if found == beginning:
                with suppress(OSError):
                    temporary.unlink(missing_ok=True)


def deliver(target: FileTarget, delivery: Delivery, root: Path, left: StaleTempFiles) -> None:
    """Write the secret in the target's format; `root` is the manifest's folder.

    Raises:
        SinkFailed: the file is what it was, or is written and may not survive a power cut.

    """
    try:
        path = Folders(root).place(target)
        data = content(delivery, target.format)
        make_private_folders(path.parent)
        left.remove(path)
        write_atomically(path, data, mode=0o600)
    except (OSError, ValueError) as error:
        raise SinkFailed(
            f"sink {target.sink}: cannot write {printable(target.path)}: {_reason(error)}",
            hint="the secret is kept: mend this and apply again",
        ) from None


def probe(targets: Iterable[FileTarget], root: Path) -> Iterator[Misfit]:
    """Yield what is wrong with each target that cannot take a secret, in their order."""
    folders = Folders(root)
    taken: dict[Path, FileTarget] = {}
    for target in targets:
        try:
            path = folders.place(target)
            other = taken.setdefault(path, target)
            if other.path != target.path:
                raise UnusablePath(
                    f"symbolic links lead it to the same file as {printable(other.path)}"
                )
            folders.prove(path)
        except (OSError, ValueError) as error:
            yield Misfit(
                before=f"sink {target.sink}: cannot write ",
                what=printable(target.path),
                why=f": {_reason(error)}",
            )


class Folders:
    """What is known of folders while many targets are looked at: each is resolved once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._real: dict[str, str] = {}
        self._wrong: dict[Path, str | None] = {}

    def place(self, target: FileTarget) -> Path:
        """Return the path to write, free of symbolic links: a link's target replaces the link.

        Raises:
            Unfit: it is outside the folder that the user wrote, or no file can be there.
            OSError: the system does not allow to look.

        """
        folder, name = os.path.split(target.path)
        if name in ("", ".", ".."):
            raise UnusablePath("it names no file")
        parent, static = self._resolved(folder), self._resolved(target.within)
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
        """Find out whether the file, and its folder if it is missing, can be written.

        Raises:
            Unfit: they cannot.
            OSError: the system does not allow to look.

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
    except (FileNotFoundError, NotADirectoryError):  # the folder's own check finds its fault
        return
    if stat.S_ISLNK(mode):
        raise UnusablePath("its symbolic links form a circle")
    if not stat.S_ISREG(mode):
        raise UnusablePath(
            "a folder is there" if stat.S_ISDIR(mode) else "it is not a regular file"
        )


def _wrong_with(folder: Path) -> str | None:
    try:
        # Where the system can, this file never has a name, so that no crash leaves it behind.
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"probe")
    except OSError as error:
        return f"{folder}: {_reason(error)}"
    wrong = fixed(folder)
    return wrong and f"{folder}: {wrong}"


def _temporaries(folder: Path) -> list[tuple[str, Path]]:
    try:
        return list(temporaries(folder))
    except OSError:  # who may write there need not be allowed to list
        return []


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeError):
        return "it is not text"
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
