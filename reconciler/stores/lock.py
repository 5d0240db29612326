"""One writer at a time: an advisory lock on a file that is never deleted.

The kernel holds the lock and lets it go when the process ends, however it ends. What stands in the
file is for messages alone: no decision depends on it.
"""

import fcntl
import getpass
import json
import os
import socket
import time
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from reconciler.model.errors import LockHeld, StateUnwritable
from reconciler.model.strings import format_duration, printable
from reconciler.model.timestamps import format_utc

_POLL: Final = 0.05  # seconds


class FileLock:
    """The lock at `path`. Not reentrant: who holds it waits for itself."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def acquire(self, *, purpose: str, timeout: float) -> None:
        """Take the lock, waiting up to `timeout` seconds.

        Raises:
            LockHeld: with the holder, its machine, start and command.
            StateUnwritable: the file cannot be made or locked there.

        """
        deadline = time.monotonic() + timeout
        while (descriptor := self._attempt()) is None:
            left = deadline - time.monotonic()
            if left <= 0:
                raise self._held(timeout)
            time.sleep(min(_POLL, left))
        self._descriptor = descriptor
        _say(descriptor, json.dumps(_holder(purpose)).encode())

    def release(self) -> None:
        """Let the next one in; the file stays."""
        if self._descriptor is not None:
            _say(self._descriptor, b"")
            os.close(self._descriptor)
            self._descriptor = None

    def is_held_intact(self) -> bool:
        """Say whether the lock is held and its file is still the one that others would lock."""
        return self._descriptor is not None and self._is_at_path(self._descriptor)

    def _attempt(self) -> int | None:
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
        try:
            with ExitStack() as undo:
                descriptor = os.open(self._path, flags, 0o600)
                undo.callback(os.close, descriptor)
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if not self._is_at_path(descriptor):  # deleted between the two calls
                    return None
                undo.pop_all()
                return descriptor
        except BlockingIOError:
            return None
        except OSError as error:
            raise self._unusable(error) from None

    def _is_at_path(self, descriptor: int) -> bool:
        try:
            return os.path.samestat(os.fstat(descriptor), os.lstat(self._path))
        except FileNotFoundError:
            return False

    def _held(self, timeout: float) -> LockHeld:
        waited = f" (waited {format_duration(timeout)})" if timeout else ""
        return LockHeld(
            f"another run holds the lock `{self._path}`{waited}: {describe_holder(self._path)}",
            hint="wait for it to end, or let this run wait longer with --lock-timeout 10m; "
            "a lock whose process has died is free at once, so never delete the file",
        )

    def _unusable(self, error: OSError) -> StateUnwritable:
        return StateUnwritable(
            f"the lock `{self._path}` cannot be taken: {error.strerror}",
            hint="the state's folder must be writable and on a file system that knows locks",
        )


def claim_journal(descriptor: int) -> None:
    """Hold a journal for as long as its run lives; if the file system has no locks, do not."""
    with suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def reject_claimed_journals(paths: Iterable[Path]) -> None:
    """Stop if a journal's run is alive: the lock between the two was deleted.

    Raises:
        LockHeld: naming the journal.

    """
    for path in paths:
        if _is_claimed(path):
            raise LockHeld(
                f"the run of the journal `{path}` is still under way, though it does not hold "
                "the lock: the lock's file was deleted",
                hint="wait for that run to end; what it cannot write into the state any more "
                "stays in its journal, and the next apply settles it",
            )


def _is_claimed(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a pipe would be waited for
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        return isinstance(error, BlockingIOError)
    finally:
        os.close(descriptor)
    return False


def read_holder(path: Path) -> dict[str, Any] | None:
    """Return what the holder has said, None if it has said nothing; it may be gone."""
    try:
        with path.open("rb") as stream:
            found = json.loads(stream.read(4096))
    except (OSError, ValueError):
        return None
    return found if type(found) is dict else None


def _say(descriptor: int, text: bytes) -> None:
    with suppress(OSError):  # a full disk must not keep anybody from the lock
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, text, 0)


def _holder(purpose: str) -> dict[str, Any]:
    return {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "user": _user(),
        "since": format_utc(datetime.now(UTC)),
        "purpose": purpose,
        "boot": _boot(),
    }


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user may have no name
        return str(os.getuid())


def _boot() -> str | None:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return None


def describe_holder(path: Path) -> str:
    """Say who the holder is, as far as it has said so: for what, who, where and since when."""
    found = read_holder(path)
    if found is None:
        return "it has not said who it is"
    said = {label: printable(str(value)[:200]) for label, value in found.items()}
    here = found.get("host") == socket.gethostname() and found.get("boot") == _boot()
    return (
        f"`{said.get('purpose')}` by {said.get('user')}, process {said.get('pid')} on "
        f"{'this machine' if here else said.get('host')}, since {said.get('since')}"
    )
