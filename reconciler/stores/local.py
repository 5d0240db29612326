"""The state in a file beside the manifest."""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.model import state_files
from reconciler.model.errors import StateRefused, StateUnwritable
from reconciler.state.model import State, without_secrets_absent_from
from reconciler.stores.bounded_read import read_state_file
from reconciler.system.atomic_files import (
    fsync_folder,
    make_private_folders,
    temporary_example,
    write_atomically,
)

# What only a state, a journal or a lock needs is imported when it is needed: a plan on an empty
# ground, the first that a newcomer sees, starts a tenth faster.
if TYPE_CHECKING:
    from reconciler.ports import LeftoverJournal, LockHolder
    from reconciler.state.journal_records import Header, Record
    from reconciler.stores.error_log import ErrorLog
    from reconciler.stores.journal_file import JournalFile
    from reconciler.stores.lock import FileLock


class LocalStore:
    """Implements `ports.StateStore` on the file at `path`.

    If `path` is a symbolic link, the file that it leads to is the state, and backup, lock and
    journals stand beside that one: two links to a state share its lock.
    """

    def __init__(self, path: Path) -> None:
        self._name = str(path)
        self._path = Path(os.path.realpath(path))
        self._lock: FileLock | None = None
        self._known: tuple[bytes, State] | None = None

    def read(self) -> State | None:
        """Return the state; None if it does not exist yet.

        Raises:
            StateRefused: corrupt, truncated, newer, or not to be read.

        """
        data = read_state_file(self._path, self._name)
        if data is None:
            return None
        if self._known is None or self._known[0] != data:
            from reconciler.state.codec import decode

            self._known = (data, decode(data, name=self._name))
        return self._known[1]

    def write(self, state: State, *, replacing: State | None) -> None:
        """Write durably and atomically; what is there must still be `replacing` (None: nothing).

        The backup goes first: at no moment does it hold a secret that the state has given up.

        Raises:
            StateRefused: another lineage or serial is there, or the lock's file was deleted.
            StateUnwritable: the disk refused; what was there is intact.

        """
        from reconciler.state.codec import encode

        self._refuse_without_lock()
        present = self.read()
        self._refuse_conflict(present, replacing, state)
        data = encode(state)
        try:
            make_private_folders(self._path.parent)
            if present is not None:
                write_atomically(
                    self._beside(state_files.BACKUP),
                    encode(without_secrets_absent_from(present, state)),
                )
            write_atomically(self._path, data)
        except OSError as error:
            from reconciler.system.replaceable import not_replaceable

            with suppress(OSError):
                error.strerror = not_replaceable(self._path) or error.strerror
            raise StateUnwritable(
                f"the state `{self._name}` cannot be written: {error.strerror}",
                hint="what was there is intact, and the journal beside it keeps what this run did: "
                "correct the cause, then run apply again",
            ) from None
        self._known = (data, state)

    @contextmanager
    def lock(self, *, purpose: str, timeout: float) -> Iterator[None]:
        """Hold the only writer's lock; waits `timeout` seconds.

        Raises:
            LockHeld: with the holder, its machine, start and command.
            StateUnwritable: the folder is not to be written to.

        """
        try:
            make_private_folders(self._path.parent)
        except OSError as error:
            raise StateUnwritable(
                f"the folder of the state `{self._name}` cannot be made: {error.strerror}"
            ) from None
        from reconciler.stores.lock import FileLock

        lock = FileLock(self.lock_path)
        lock.acquire(purpose=purpose, timeout=timeout)
        self._lock = lock
        try:
            self._sweep()
            yield
        finally:
            self._lock = None
            lock.release()

    def journals(self, lineage: str | None) -> "Sequence[LeftoverJournal]":
        """Return what earlier runs left, oldest first.

        With no `lineage` journals of any are returned. A file in which nothing was begun is left
        out, and left alone. Who holds the lock is going to settle them, so none may be in use.

        Raises:
            LockHeld: the run of one of them is alive, and this run holds the lock.
            StateRefused: a journal is corrupt before its last line, newer, or of another lineage.

        """
        found = self._matching(state_files.JOURNAL)
        if not found:
            return ()
        from reconciler.stores.journal_reader import read_leftover_journals
        from reconciler.stores.lock import reject_claimed_journals

        if self._lock is not None:
            reject_claimed_journals(found)
        return read_leftover_journals(found, lineage)

    def journal(self, header: "Header") -> "JournalFile":
        """Return the journal of this run; the run's name becomes a part of the file's."""
        from reconciler.stores.journal_file import JournalFile

        if not re.fullmatch(state_files.RUN, header.run):
            raise ValueError(f"`{header.run}` cannot be a part of a file's name")
        return JournalFile(self._beside(f".{header.run}.journal"), header)

    def rescue(self, header: "Header", records: "Sequence[Record]") -> str:
        """Write records that the run's journal did not take into a journal file of their own.

        Returns its path; later runs read it like any other journal, after the run's own.

        Raises:
            StateUnwritable: the disk does not take that either.

        """
        from reconciler.state.journal_codec import encode_header, encode_record

        path = self._beside(f".{header.run}_{os.urandom(4).hex()}.journal")
        data = encode_header(header) + b"".join(map(encode_record, records))
        try:
            write_atomically(path, data)
        except OSError as error:
            # If only the folder's fsync failed, the file is there, but no one may rely on it.
            with suppress(OSError):
                path.unlink(missing_ok=True)
            raise StateUnwritable(
                f"the journal `{path}` cannot be written: {error.strerror}"
            ) from None
        return str(path)

    def discard(self, journals: "Sequence[LeftoverJournal]") -> None:
        """Remove journals whose every record this run has taken over or the state holds.

        Raises:
            StateUnwritable: some are still there; they change nothing when they are replayed.

        """
        if not journals:
            return
        try:
            for each in journals:
                Path(each.path).unlink(missing_ok=True)
            fsync_folder(self._path.parent)
        except OSError as error:
            raise StateUnwritable(
                f"a journal beside `{self._name}` cannot be removed: {error.strerror}"
            ) from None

    def rewrite(self, journal: "LeftoverJournal", records: "Sequence[Record]") -> None:
        """Let a left journal say these records alone; with none of them it is removed.

        Raises:
            StateUnwritable: it says what it said.

        """
        if not records:
            self.discard([journal])
            return
        from reconciler.state.journal_codec import encode_header, encode_record

        data = encode_header(journal.header) + b"".join(map(encode_record, records))
        try:
            write_atomically(Path(journal.path), data)
        except OSError as error:
            raise StateUnwritable(
                f"the journal `{journal.path}` cannot be written: {error.strerror}",
                hint="what it said is intact. Make room or fix the disk, then do this again",
            ) from None

    def error_log(self, run: str) -> "ErrorLog":
        """Return the file beside the state for the error output of a run's commands."""
        from reconciler.stores.error_log import ErrorLog

        path, named = self._beside(f".{run}.log"), Path(self._name)
        return ErrorLog(path, shown=str(path if named.is_symlink() else named.with_name(path.name)))

    @property
    def path(self) -> Path:
        """Return the state's file, links followed."""
        return self._path

    @property
    def lock_path(self) -> Path:
        """Return the file that is locked."""
        return self._beside(state_files.LOCK)

    def was_locked(self) -> bool:
        """Return whether a run has ever taken the lock."""
        return self.lock_path.exists()

    def holder(self) -> "LockHolder | None":
        """Return who holds the lock, or held it when it was killed."""
        from reconciler.ports import LockHolder
        from reconciler.stores.lock import describe_holder, read_holder

        fields = read_holder(self.lock_path)
        if fields is None:
            return None
        return LockHolder(fields=fields, text=describe_holder(self.lock_path))

    def owns(self, path: Path) -> bool:
        """Say whether a path is the state, or has a name that this store gives to files beside it.

        Nothing else may be written there.
        """
        name, here = self._path.name, Path(os.path.realpath(path))
        return here.parent == self._path.parent and bool(
            re.fullmatch(re.escape(name) + state_files.ANY, here.name)
        )

    def secret_paths(self) -> tuple[Path, ...]:
        """Return every file that a plain secret could stand in, for the git guard.

        The run's name and the random part of a temporary file's are examples.
        """
        present = (self._path, self._beside(state_files.BACKUP))
        return (*present, *map(temporary_example, present), *self.journal_paths())

    def journal_paths(self) -> tuple[Path, ...]:
        """Return those of them that a secret stands in only until its sinks have it."""
        journal = self._beside(".0123456789abcdef.journal")
        return (journal, temporary_example(journal), *self._matching(state_files.JOURNAL))

    def _beside(self, what: str) -> Path:
        return self._path.with_name(f"{self._path.name}{what}")

    def _matching(self, ending: str) -> list[Path]:
        """Return the files beside the state whose names are its own and `ending`, a pattern."""
        pattern = re.compile(re.escape(self._path.name) + ending)
        try:
            paths = sorted(self._path.parent.iterdir())
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StateRefused(
                f"the folder of `{self._name}` cannot be listed, so that journals in it would be "
                f"missed: {error.strerror}"
            ) from None
        return [path for path in paths if pattern.fullmatch(path.name)]

    def _sweep(self) -> None:
        """Remove the temporary files of a run that was killed: a secret may stand in them."""
        ending = rf"(?:\{state_files.BACKUP}|{state_files.JOURNAL})?{state_files.TEMPORARY}"
        for path in self._matching(ending):
            path.unlink(missing_ok=True)

    def _refuse_without_lock(self) -> None:
        if self._lock is not None and not self._lock.is_held_intact():
            raise StateRefused(
                f"the lock `{self.lock_path}` was deleted or replaced during this run",
                hint="another run may have begun, so the state was not written; the journal keeps "
                "what this run did. See that no other run is under way, then run apply again",
            )

    def _refuse_conflict(self, present: State | None, before: State | None, after: State) -> None:
        if before is not None and before.lineage != after.lineage:
            raise StateRefused(f"a state keeps its lineage: {before.lineage}, not {after.lineage}")
        if before is not None and after.serial <= before.serial:
            raise StateRefused(f"a state's serial grows: {before.serial}, then {after.serial}")
        if _identity(present) != _identity(before):
            raise StateRefused(
                f"the state `{self._name}` was changed by another process: "
                f"{_named(before)} was read, {_named(present)} is there now",
                hint="it was not overwritten. Plan again; if a journal was left, the next apply "
                "settles it first",
            )


def _identity(state: State | None) -> tuple[str, int] | None:
    return None if state is None else (state.lineage, state.serial)


def _named(state: State | None) -> str:
    return "no state" if state is None else f"serial {state.serial} of {state.lineage}"
