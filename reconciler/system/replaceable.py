"""Finds out, without a change, whether the system would let a file be replaced by a rename."""

import errno
import os
import stat
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

_IMMUTABLE: Final = 0x10
_APPEND_ONLY: Final = 0x20
"""Flags that `chattr +i` and `chattr +a` set on Linux (FS_IMMUTABLE_FL and FS_APPEND_FL)."""

_GET_FLAGS: Final = 0x80086601
"""The request FS_IOC_GETFLAGS on 64-bit systems."""


def not_replaceable(path: Path) -> str | None:
    """Return why a rename cannot put a file at `path`; None if it can, or if nothing tells.

    Raises:
        OSError: the system does not allow to look.

    """
    try:
        found, folder = path.lstat(), path.parent.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    if _is_mount(path):
        return (
            "it is mounted as a single file, and such a file cannot be replaced atomically: "
            "mount its folder instead"
        )
    user = os.geteuid()
    if folder.st_mode & stat.S_ISVTX and user not in (0, found.st_uid, folder.st_uid):
        return (
            "it belongs to another user, and its folder is sticky: remove it, or use a folder"
            " of your own"
        )
    return fixed(path)


def fixed(path: Path) -> str | None:
    """Return that a file or folder has a flag which forbids renames, or None if it has none."""
    if _flags(path) & (_IMMUTABLE | _APPEND_ONLY):
        return "it is immutable or append-only: see `lsattr -d` and `chattr -i -a`"
    return None


_SHORT: Final = 100
"""Every file system takes names of so many bytes."""


def too_long(folder: Path, names: Iterable[str]) -> str | None:
    """Return which of the names, new below `folder`, is longer than its file system allows."""
    sizes = [size for size in (len(os.fsencode(name)) for name in names) if size > _SHORT]
    if not sizes:  # most names are, and asking the system for each of a fleet takes long
        return None
    try:
        most = os.pathconf(folder, "PC_NAME_MAX")
    except (OSError, ValueError):
        return None
    if max(sizes) > most > 0:
        text = os.strerror(errno.ENAMETOOLONG)
        return f"{text}: a name of {max(sizes)} bytes, and at most {most} are possible"
    return None


def _is_mount(path: Path) -> bool:
    """Report whether `path` is on another mount than its folder (a bind mount of one file)."""
    mount = _mount(path)
    return mount is not None and mount != _mount(path.parent)


def _mount(path: Path) -> str | None:
    """Return the number of a path's mount; None if the system has no such numbers."""
    if not hasattr(os, "O_PATH"):
        return None
    try:
        descriptor = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        text = Path(f"/proc/self/fdinfo/{descriptor}").read_text(encoding="ascii")
    except OSError:
        return None
    finally:
        os.close(descriptor)
    found = [line.split()[1] for line in text.splitlines() if line.startswith("mnt_id:")]
    return found[0] if found else None


def _flags(path: Path) -> int:
    """Return the flags of a file or folder in Linux's numbers; 0 if the system does not tell."""
    if sys.platform != "linux":
        flags: int = getattr(path.lstat(), "st_flags", 0)
        locked = stat.UF_IMMUTABLE | stat.SF_IMMUTABLE | stat.UF_APPEND | stat.SF_APPEND
        return _IMMUTABLE if flags & locked else 0
    import fcntl

    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return 0
    try:
        answer = fcntl.ioctl(descriptor, _GET_FLAGS, bytes(8))
    except OSError:  # the file system has no such flags
        return 0
    finally:
        os.close(descriptor)
    return int.from_bytes(answer[:4], sys.byteorder)
