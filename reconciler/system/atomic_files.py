"""Files that are whole or not there: atomic, durable, private from the first byte."""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

SUFFIX: Final = ".tmp"
"""How the name of a temporary file ends, after 16 random hex digits."""

_TEMPORARY: Final = re.compile(rf"(.+)\.[0-9a-f]{{16}}{re.escape(SUFFIX)}", re.DOTALL)
_LONGEST: Final = 255 - len(".0123456789abcdef") - len(SUFFIX)


def write_atomically(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Put `data` at `path`, durably; a reader sees what was there or all of `data`.

    A symbolic link at `path` is replaced: give `followed(path)` to keep a user's link. On failure
    the temporary file is removed and the old file is intact; only if the folder's fsync fails,
    after the rename, `data` is there and may not survive a power cut.

    Raises:
        OSError: as the system reports it.

    """
    temporary = path.with_name(_temporary_name(path))
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    try:
        try:
            os.fchmod(descriptor, mode)  # the umask may have taken bits away
            write_all(descriptor, data)
            sync(descriptor)
        finally:
            os.close(descriptor)
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    fsync_folder(path.parent)


def followed(path: Path) -> Path:
    """Return the file that a symbolic link leads to, or the path itself if it is not a link."""
    return Path(os.path.realpath(path)) if path.is_symlink() else path


def create_private(path: Path, data: bytes) -> None:
    """Create `path` durably with mode 0600; an existing file or link there stays as it is.

    Raises:
        FileExistsError: the path exists.
        OSError: as reported by the system; nothing was created.

    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    descriptor = os.open(path, flags, 0o600)
    try:
        write_all(descriptor, data)
        sync(descriptor)
    except BaseException:
        with suppress(OSError):
            path.unlink()
        raise
    finally:
        os.close(descriptor)
    fsync_folder(path.parent)


def write_all(descriptor: int, data: bytes) -> None:
    """Write every byte: the system may take fewer at a time.

    Raises:
        OSError: some of `data` may have been written.

    """
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def sync(descriptor: int) -> None:
    """Return once the file's bytes are on the disk, not in its cache.

    Raises:
        OSError: they may or may not be; the system may have forgotten which (never try again).

    """
    if sys.platform == "darwin":  # there, fsync leaves the bytes in the drive's cache
        import fcntl

        with suppress(OSError):  # network file systems do not know it
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
            return
    os.fsync(descriptor)


def fsync_folder(path: Path) -> None:
    """Make the names in a folder durable: what was created, renamed or removed in it."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_private_folders(path: Path) -> None:
    """Make the folder and its missing parents, mode 0700, durably; what exists stays as it is."""
    if path.is_dir():
        return
    make_private_folders(path.parent)
    path.mkdir(mode=0o700, exist_ok=True)  # another process may have made it meanwhile
    fsync_folder(path.parent)


def temporaries(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield what writers left in a folder when they were killed, each with its `stem`.

    Raises:
        OSError: the folder cannot be listed.

    """
    with os.scandir(folder) as entries:
        for entry in entries:
            found = _TEMPORARY.fullmatch(entry.name) if entry.name.endswith(SUFFIX) else None
            if found:
                yield found[1], Path(entry.path)


def stem(path: Path) -> str:
    """Return how the names of the temporary files of `path` begin."""
    name = path.name
    while len(os.fsencode(name)) > _LONGEST:
        name = name[:-1]
    return name


def temporary_example(path: Path) -> Path:
    """Return what a temporary file of `path` could be called, for who asks what git ignores."""
    return path.with_name(f"{path.name}.0123456789abcdef{SUFFIX}")


def _temporary_name(path: Path) -> str:
    """Return an unpredictable name, found by the patterns that find `path` (`state.json*`)."""
    return f"{stem(path)}.{os.urandom(8).hex()}{SUFFIX}"
