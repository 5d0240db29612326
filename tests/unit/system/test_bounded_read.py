"""Files are read up to a limit, and only if they have an end."""

import os
from pathlib import Path

import pytest

from reconciler.system.bounded_read import FileTooLarge, read_bounded

LIMIT = 1 << 20


def test_a_file_is_read_up_to_its_limit(tmp_path: Path) -> None:
    """A file of exactly the limit is read, one with a byte more is not."""
    path = tmp_path / "file"
    path.write_bytes(b"x" * LIMIT)
    assert read_bounded(path, LIMIT) == b"x" * LIMIT
    path.write_bytes(b"x" * (LIMIT + 1))
    with pytest.raises(FileTooLarge, match="it is larger than 1 MiB"):
        read_bounded(path, LIMIT)


def test_a_sparse_file_is_refused_unread(tmp_path: Path) -> None:
    """A file that claims a terabyte fills no memory."""
    path = tmp_path / "file"
    path.touch()
    os.truncate(path, 1 << 40)
    with pytest.raises(FileTooLarge, match="it is larger than 1 MiB"):
        read_bounded(path, LIMIT)


def test_a_pipe_without_a_writer_is_refused_at_once(tmp_path: Path) -> None:
    """A reader never waits for another process."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(OSError, match="it is not a regular file"):
        read_bounded(path, LIMIT)


def test_a_pipe_is_read_on_request() -> None:
    """A file that is given as `/dev/stdin` or `<(command)` is read to its end."""
    reading, writing = os.pipe()
    os.write(writing, b"version: 1")
    os.close(writing)
    try:
        assert read_bounded(Path(f"/dev/fd/{reading}"), LIMIT, regular=False) == b"version: 1"
    finally:
        os.close(reading)


def test_a_link_is_followed_unless_it_must_not_be(tmp_path: Path) -> None:
    """A sink's file is read without following a link."""
    (tmp_path / "file").write_bytes(b"content")
    (tmp_path / "link").symlink_to("file")
    assert read_bounded(tmp_path / "link", LIMIT) == b"content"
    with pytest.raises(OSError, match="symbolic"):
        read_bounded(tmp_path / "link", LIMIT, follow_links=False)
