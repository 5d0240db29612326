"""Where the state is kept, with its lock and its journals.

Calls of a store block: they read and write files or wait for a server. The engine appends to the
journal with `await`; it calls everything else before its first task starts or after its last task
has ended, or from a thread.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

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

    def rewrite(self, journal: LeftoverJournal, records: Sequence[Record]) -> None:
        """Replace the records of a leftover journal atomically; without records, remove it.

        Raises:
            StateUnwritable: the journal is unchanged.

        """
        ...
