"""The lock, its messages, and what happens to its file."""

import json
import os
import time
from pathlib import Path

import pytest

from reconciler.model.errors import LockHeld, StateUnwritable
from reconciler.stores.lock import FileLock, read_holder


def test_the_holder_says_who_it_is(tmp_path: Path) -> None:
    """Process, host, user, time and purpose stand in the file while the lock is held."""
    lock = FileLock(tmp_path / "lock")
    lock.acquire(purpose="apply", timeout=0)
    found = read_holder(tmp_path / "lock")
    assert found is not None
    assert (found["pid"], found["purpose"]) == (os.getpid(), "apply")
    assert {"host", "user", "since", "boot"} <= found.keys()
    lock.release()
    assert read_holder(tmp_path / "lock") is None
    assert (tmp_path / "lock").exists()


def test_the_file_is_private(tmp_path: Path) -> None:
    """Nobody else may open the lock, and so nobody else may hold it."""
    FileLock(tmp_path / "lock").acquire(purpose="apply", timeout=0)
    assert (tmp_path / "lock").stat().st_mode & 0o777 == 0o600


def test_a_second_run_names_the_holder(tmp_path: Path) -> None:
    """The error says who, where, since when, for what, and which option waits longer."""
    first = FileLock(tmp_path / "lock")
    first.acquire(purpose="apply", timeout=0)
    with pytest.raises(LockHeld) as caught:
        FileLock(tmp_path / "lock").acquire(purpose="rotate", timeout=0)
    message = caught.value.message
    assert f"`apply` by {json.loads((tmp_path / 'lock').read_bytes())['user']}" in message
    assert f"process {os.getpid()} on this machine, since 2" in message
    assert "--lock-timeout" in (caught.value.hint or "")
    first.release()


def test_a_second_run_waits_as_long_as_it_was_told(tmp_path: Path) -> None:
    """The time-out is kept, and said."""
    first = FileLock(tmp_path / "lock")
    first.acquire(purpose="apply", timeout=0)
    began = time.monotonic()
    with pytest.raises(LockHeld, match=r"waited 0\.2s"):
        FileLock(tmp_path / "lock").acquire(purpose="apply", timeout=0.2)
    assert time.monotonic() - began >= 0.2
    first.release()


@pytest.mark.parametrize("text", ["", "nonsense", "[]", '{"pid": "\\u001b[31m"}'])
def test_what_stands_in_the_file_decides_nothing(tmp_path: Path, text: str) -> None:
    """A holder that says nothing, or lies, is named as well as can be, without its escapes."""
    first = FileLock(tmp_path / "lock")
    first.acquire(purpose="apply", timeout=0)
    (tmp_path / "lock").write_text(text)
    with pytest.raises(LockHeld) as caught:
        FileLock(tmp_path / "lock").acquire(purpose="apply", timeout=0)
    assert "\x1b" not in caught.value.message
    first.release()
    FileLock(tmp_path / "lock").acquire(purpose="apply", timeout=0)


def test_a_holder_elsewhere_is_named_by_its_host(tmp_path: Path) -> None:
    """On a shared file system the process id alone says nothing."""
    first = FileLock(tmp_path / "lock")
    first.acquire(purpose="apply", timeout=0)
    said = {"pid": 5, "host": "builder-7", "user": "u", "since": "s", "purpose": "apply"}
    (tmp_path / "lock").write_text(json.dumps(said))
    with pytest.raises(LockHeld, match="process 5 on builder-7"):
        FileLock(tmp_path / "lock").acquire(purpose="apply", timeout=0)
    first.release()


def test_a_deleted_lock_is_noticed(tmp_path: Path) -> None:
    """The holder sees that others would lock another file."""
    lock = FileLock(tmp_path / "lock")
    assert not lock.is_held_intact()
    lock.acquire(purpose="apply", timeout=0)
    assert lock.is_held_intact()
    (tmp_path / "lock").unlink()
    assert not lock.is_held_intact()
    (tmp_path / "lock").write_bytes(b"")
    assert not lock.is_held_intact()
    lock.release()
    lock.release()


@pytest.mark.parametrize("obstacle", ["folder", "link", "missing"])
def test_a_lock_that_cannot_be_made_is_said(tmp_path: Path, obstacle: str) -> None:
    """A folder, a symbolic link or nothing to stand in: an error, and what was there stays."""
    path = tmp_path / "lock"
    if obstacle == "folder":
        path.mkdir()
    elif obstacle == "link":
        path.symlink_to(tmp_path / "elsewhere")
    else:
        path = tmp_path / "none" / "lock"
    with pytest.raises(StateUnwritable, match="cannot be taken"):
        FileLock(path).acquire(purpose="apply", timeout=0)
    assert not (tmp_path / "elsewhere").exists()
