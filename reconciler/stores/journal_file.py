"""One run's journal on disk, with group commit.

A thread of its own writes and syncs, so that the event loop never waits for the disk. Each append
puts its lines in a queue and asks that thread for a commit; a commit takes the whole queue, so
that tasks that append at once share one fsync. Lines are written in the order of the calls. A task
that is cancelled while it waits takes nothing away from the others: its lines are written with
theirs.
"""

import asyncio
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Lock

from reconciler.model.errors import StateUnwritable
from reconciler.model.strings import plural
from reconciler.state.journal_codec import encode_header, encode_record
from reconciler.state.journal_records import Header, Record
from reconciler.stores.lock import claim_journal
from reconciler.system.atomic_files import fsync_folder, sync, write_all, write_atomically


class JournalFile:
    """Implements `ports.Journal` on a file of its own, mode 0600.

    After a write or fsync that failed the file takes nothing any more: the system may have dropped
    what it could not write and call the next fsync a success. `durable` counts the records that are
    on the disk for certain. What was not durable is cut off before the caller is told that
    it failed, and acts on that: no later run may read it.
    """

    def __init__(self, path: Path, header: Header) -> None:
        self._path = path
        self._header = encode_header(header)
        self._descriptor: int | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")
        self._queue: list[bytes] = []
        self._queued = 0
        self._guard = Lock()
        self._failure: StateUnwritable | None = None
        self._begun = False
        self._closed = False
        self.durable = 0
        self._length = len(self._header)

    async def append(self, *records: Record) -> None:
        """Return once the records are durable.

        Raises:
            StateUnwritable: they may or may not be durable; neither is anything after them.

        """
        if self._closed:
            raise StateUnwritable(f"the journal `{self._path}` is closed")
        lines = [encode_record(record) for record in records]
        with self._guard:
            self._queue += lines
            self._queued += len(lines)
            ticket = self._queued
        commit = asyncio.get_running_loop().run_in_executor(self._thread, self._commit, ticket)
        failure = await asyncio.shield(commit)
        if failure is not None:
            raise failure

    def close(self, unrecorded: Sequence[Record]) -> None:
        """Commit what is queued, then keep only `unrecorded`, or remove the file.

        Raises:
            StateUnwritable: the file is as it was.

        """
        self._closed = True
        self._thread.shutdown(wait=True)
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
        try:
            if unrecorded or self._begun:
                self._compact(unrecorded)
        except OSError as error:
            raise self._failed("compact", error) from None

    def _compact(self, unrecorded: Sequence[Record]) -> None:
        if unrecorded:
            lines = b"".join(encode_record(record) for record in unrecorded)
            write_atomically(self._path, self._header + lines)
            return
        self._path.unlink(missing_ok=True)
        fsync_folder(self._path.parent)

    def _cut(self) -> None:
        """Leave the durable lines alone; cutting takes no room on the disk."""
        if self.durable:
            with suppress(OSError):
                os.truncate(self._path, self._length)

    def _commit(self, ticket: int) -> StateUnwritable | None:
        """Make the first `ticket` records durable; run by the one thread alone."""
        if self.durable >= ticket or self._failure is not None:
            return self._failure if self.durable < ticket else None
        with self._guard:
            lines, self._queue = self._queue, []
        data = b"".join(lines)
        try:
            self._write(data)
        except OSError as error:
            self._cut()
            self._failure = self._failed("write", error)
            return self._failure
        self.durable += len(lines)
        self._length += len(data)
        return None

    def _write(self, data: bytes) -> None:
        self._begun = True
        if self._descriptor is None:
            write_atomically(self._path, self._header + data)
            self._descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW)
            claim_journal(self._descriptor)
            return
        write_all(self._descriptor, data)
        sync(self._descriptor)
        if not os.fstat(self._descriptor).st_nlink:
            raise FileNotFoundError(0, "it was deleted during the run")

    def _failed(self, what: str, error: OSError) -> StateUnwritable:
        return StateUnwritable(
            f"cannot {what} the journal `{self._path}`: {error.strerror} "
            f"({plural(self.durable, 'record')} of this run durable)",
            hint="nothing further is started. Make room or fix the disk, keep the file, and run "
            "apply again: it settles what the journal holds",
        )
