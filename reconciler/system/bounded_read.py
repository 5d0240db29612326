"""Read a file up to a size limit."""

import errno
import os
import stat
from pathlib import Path


class FileTooLarge(OSError):  # noqa: N818 (named after what happened, like the errors of the tool)
    """A file has more bytes than a reader accepts."""


def read_bounded(
    path: Path, limit: int, *, regular: bool = True, follow_links: bool = True
) -> bytes:
    """Return the bytes of a file that has at most `limit` of them, a multiple of 1 MiB.

    Only a regular file is read unless `regular` is false: another process may never write to a
    pipe, and a device has no end.

    Raises:
        FileTooLarge: the file is larger; it is not read.
        OSError: with the reason in `strerror`.

    """
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY
    # Without O_NONBLOCK the open itself would wait for a process that writes to the pipe.
    flags |= (os.O_NONBLOCK if regular else 0) | (0 if follow_links else os.O_NOFOLLOW)
    descriptor = os.open(path, flags)
    try:
        status = os.fstat(descriptor)
        if regular and not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file")
        data = b""
        # A sparse file may claim any size, and reading it would fill the memory with zeros.
        if status.st_size <= limit:
            with open(descriptor, "rb", closefd=False) as stream:
                data = stream.read(limit + 1)
        if max(status.st_size, len(data)) > limit:
            raise FileTooLarge(errno.EFBIG, f"it is larger than {limit >> 20} MiB")
        return data
    finally:
        os.close(descriptor)
