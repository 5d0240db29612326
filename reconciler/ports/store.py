"""Where the state is kept, with its lock and its journals.

The calls of a store block: they read and write files or wait for a server. The engine makes them
before its first task starts and after its last one has ended, with two exceptions that stop all
tasks for a moment: one `read` before the first create, and `rescue` after the journal has failed.
Only `Journal.append` is awaited, because every task calls it.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from reconciler.state.journal_records import Header, Record
from reconciler.state.model import State


class Journal(Protocol):
    """The journal of one run. It is created with its first record.

    The engine appends what it is about to do before it does it. A record is never changed.
    """

    async def append(self, *records: Record) -> None:
        """Return as soon as the records are durable; concurrent calls share one fsync.

        Raises:
            StateUnwritable: the records may or may not be durable.

        """
        ...

    def close(self, unrecorded: Sequence[Record]) -> None:
        """Keep only the records that the state does not contain, atomically.

        Without `unrecorded` the journal is removed.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftoverJournal:
    """A journal of an earlier run. `torn` means that its last line is incomplete."""

    path: str
    header: Header
    records: tuple[Record, ...]
    torn: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LockHolder:
    """The process that holds or last held the lock, from its own record.

    `fields` are its purpose, user, pid, host and start as recorded, by another user perhaps.
    `text` describes it for a message.
    """

    fields: Mapping[str, Any]
    text: str


class ErrorOutput(Protocol):
    """The error output of the commands of one run, in a private place beside the state."""

    def keep(self, title: str, output: bytes) -> str:
        """Store the output of a failed command; return what its message adds."""
        ...


class StateStore(Protocol):
    """The state of one manifest, with its backup, its lock and its journals.

    Every method blocks. The engine serialises its calls; the store need not be safe for threads.
    """

    def read(self) -> State | None:
        """Return the state, or None if it does not exist yet.

        Raises:
            StateRefused: corrupt, truncated, or written by a newer version.

        """
        ...

    def write(self, state: State, *, replacing: State | None) -> None:
        """Write durably and atomically, if the store still contains `replacing` (None: nothing).

        Raises:
            StateRefused: it contains another lineage or serial. Nothing was overwritten.
            StateUnwritable: the store could not write. The old state is intact.

        """
        ...

    def lock(self, *, purpose: str, timeout: float) -> AbstractContextManager[None]:
        """Hold the exclusive lock of writers; wait up to `timeout` seconds for it.

        Raises:
            LockHeld: with the holder, its machine, the start and the purpose.

        """
        ...

    def journals(self, lineage: str | None) -> Sequence[LeftoverJournal]:
        """Return the journals of earlier runs, oldest first.

        Raises:
            StateRefused: a journal is corrupt before its last line, newer, or of another lineage.

        """
        ...

    def journal(self, header: Header) -> Journal:
        """Return the journal of this run; nothing is written yet."""
        ...

    def rescue(self, header: Header, records: Sequence[Record]) -> str:
        """Write records that the journal of the run did not accept to a journal of their own.

        Returns its path. Later runs read it like any other leftover journal.

        Raises:
            StateUnwritable: the store does not accept this journal either.

        """
        ...

    def discard(self, journals: Sequence[LeftoverJournal]) -> None:
        """Remove journals if every record is in the state or in the journal of this run."""
        ...

    @property
    def path(self) -> Path | None:
        """Return the state's file on this machine; None if the state is kept elsewhere."""
        ...

    def owns(self, path: Path) -> bool:
        """Return whether the store uses this file, or may create one of this name."""
        ...

    def secret_paths(self) -> Sequence[Path]:
        """Return the files on this machine that may contain a plain secret, for the git guard."""
        ...

    def journal_paths(self) -> Sequence[Path]:
        """Return those of them that contain a secret only until its sinks have it."""
        ...

    def was_locked(self) -> bool:
        """Return whether a run has ever taken the lock."""
        ...

    def holder(self) -> LockHolder | None:
        """Return who holds the lock, or held it when it was killed; None if nothing is recorded."""
        ...

    def error_log(self, run: str) -> ErrorOutput:
        """Return the place for the error output of a run's commands."""
        ...

    def rewrite(self, journal: LeftoverJournal, records: Sequence[Record]) -> None:
        """Replace the records of a leftover journal atomically; without records, remove it.

        Raises:
            StateUnwritable: the journal is unchanged.

        """
        ...
