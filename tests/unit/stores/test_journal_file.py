"""One run's journal on disk."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.model.errors import StateUnwritable
from reconciler.state.journal_codec import decode
from reconciler.state.journal_records import Header, Intent
from reconciler.stores.journal_file import JournalFile

Intents = Callable[[str], Intent]
Headers = Callable[..., Header]


def nonces(path: Path) -> list[str]:
    """Return the nonces of a journal's intents."""
    records = decode(path.read_bytes(), name="j").records
    return [each.nonce for each in records if isinstance(each, Intent)]


def test_without_a_record_there_is_no_file(tmp_path: Path, header: Headers) -> None:
    """A run that made nothing leaves nothing, and needs no disk for it."""
    JournalFile(tmp_path / "none" / "j", header()).close([])
    assert list(tmp_path.iterdir()) == []


def test_a_record_is_durable_when_append_returns(
    tmp_path: Path, header: Headers, intent: Intents
) -> None:
    """The header comes first, the records follow in their order, and the file is private."""
    journal = JournalFile(tmp_path / "j", header())

    async def run() -> None:
        await journal.append(intent("a"), intent("b"))
        assert nonces(tmp_path / "j") == ["a", "b"]
        await journal.append(intent("c"))
        assert nonces(tmp_path / "j") == ["a", "b", "c"]

    asyncio.run(run())
    assert decode((tmp_path / "j").read_bytes(), name="j").header == header()
    assert (tmp_path / "j").stat().st_mode & 0o777 == 0o600
    assert journal.durable == 3
    journal.close([])


def test_tasks_that_append_at_once_keep_their_order(
    tmp_path: Path, header: Headers, intent: Intents
) -> None:
    """A thousand appends share few fsyncs, and each is there when it returns."""
    journal = JournalFile(tmp_path / "j", header())
    wanted = [f"n{number}" for number in range(1000)]

    async def one(nonce: str) -> None:
        await journal.append(intent(nonce))
        assert journal.durable > wanted.index(nonce)

    async def run() -> None:
        await asyncio.gather(*map(one, wanted))

    asyncio.run(run())
    assert nonces(tmp_path / "j") == wanted
    journal.close([])


def test_a_cancelled_task_takes_nothing_from_the_others(
    tmp_path: Path, header: Headers, intent: Intents
) -> None:
    """What a cancelled task had asked for is written with the rest."""
    journal = JournalFile(tmp_path / "j", header())

    async def run() -> None:
        tasks = [asyncio.create_task(journal.append(intent(f"n{n}"))) for n in range(9)]
        await asyncio.sleep(0)
        tasks[0].cancel()
        tasks[4].cancel()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(each) for each in done].count(asyncio.CancelledError) == 2

    asyncio.run(run())
    journal.close([intent("kept")])
    assert nonces(tmp_path / "j") == ["kept"]
    assert journal.durable == 9


def test_closing_commits_what_is_queued_before_it_compacts(
    tmp_path: Path, header: Headers, intent: Intents
) -> None:
    """Nothing is written behind the back of a closed journal."""
    journal = JournalFile(tmp_path / "j", header())

    async def run() -> None:
        task = asyncio.create_task(journal.append(*(intent(f"n{n}") for n in range(500))))
        await asyncio.sleep(0)
        journal.close([])
        assert journal.durable == 500
        await task
        with pytest.raises(StateUnwritable, match="is closed"):
            await journal.append(intent("late"))

    asyncio.run(run())
    assert list(tmp_path.iterdir()) == []


def test_closing_keeps_what_the_state_does_not_hold(
    tmp_path: Path, header: Headers, intent: Intents
) -> None:
    """The file is rewritten with the header and what is left over, also where none was begun."""
    journal = JournalFile(tmp_path / "j", header())
    journal.close([intent("open")])
    assert nonces(tmp_path / "j") == ["open"]
    assert decode((tmp_path / "j").read_bytes(), name="j").header == header()
    assert [each.name for each in tmp_path.iterdir()] == ["j"]


def test_a_journal_that_cannot_be_begun_takes_nothing(
    tmp_path: Path, header: Headers, intent: Intents
) -> None:
    """Without a folder the first record fails, and so does each after it."""
    journal = JournalFile(tmp_path / "none" / "j", header())

    async def run() -> None:
        for _ in range(2):
            with pytest.raises(StateUnwritable, match="No such file or directory") as caught:
                await journal.append(intent("a"))
            assert "apply again" in (caught.value.hint or "")

    asyncio.run(run())
    assert journal.durable == 0
    with pytest.raises(StateUnwritable, match="cannot compact"):
        journal.close([intent("a")])
    assert list(tmp_path.iterdir()) == []


def test_a_deleted_journal_is_noticed(tmp_path: Path, header: Headers, intent: Intents) -> None:
    """A record in a file without a name is not durable."""
    journal = JournalFile(tmp_path / "j", header())

    async def run() -> None:
        await journal.append(intent("a"))
        (tmp_path / "j").unlink()
        with pytest.raises(StateUnwritable, match="it was deleted during the run"):
            await journal.append(intent("b"))

    asyncio.run(run())
    journal.close([intent("a"), intent("b")])
    assert nonces(tmp_path / "j") == ["a", "b"]


FULL = """
import asyncio, resource, signal, sys
from pathlib import Path
from reconciler.model.errors import StateUnwritable
from reconciler.state.journal_records import NotCreated, Header
from reconciler.stores.journal_file import JournalFile

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
header = Header(run="r", lineage="0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0", serial=1,
                plan_id="p", at="2026-01-31T08:00:00Z")
journal = JournalFile(Path(sys.argv[1]), header)

async def run():
    await journal.append(NotCreated(nonce="first"))
    resource.setrlimit(resource.RLIMIT_FSIZE, (400, hard))
    for nonce in ("x" * 1000, "small"):
        try:
            await journal.append(NotCreated(nonce=nonce))
        except StateUnwritable as error:
            print(error.message)
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    try:
        await journal.append(NotCreated(nonce="later"))
    except StateUnwritable:
        print(journal.durable)

asyncio.run(run())
if sys.argv[2] == "full":
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
try:
    journal.close([NotCreated(nonce="kept")])
except StateUnwritable as error:
    print(error.message)
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
"""


@pytest.mark.parametrize("disk", ["full", "mended"])
def test_a_full_disk_poisons_the_file_and_keeps_what_was_durable(tmp_path: Path, disk: str) -> None:
    """After a write that failed nothing is taken; the half of a line is cut off at the end."""
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path / "j"), disk],
        capture_output=True,
        text=True,
        check=True,
    )
    said = done.stdout.splitlines()
    assert "File too large (1 record of this run durable)" in said[0]
    assert said[1] == said[0]
    assert said[2] == "1"
    found = decode((tmp_path / "j").read_bytes(), name="j")
    left = [getattr(each, "nonce", None) for each in found.records]
    assert (left, found.torn) == ((["first"], False) if disk == "full" else (["kept"], False))
    assert [each.name for each in tmp_path.iterdir()] == ["j"]


def test_a_sync_that_failed_once_is_never_tried_again(
    tmp_path: Path, header: Headers, intent: Intents, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that works again does not make a record durable that it has dropped."""
    journal = JournalFile(tmp_path / "j", header())
    calls: list[int] = []

    def fail(descriptor: int) -> None:
        calls.append(descriptor)
        raise OSError(5, "Input/output error")

    async def run() -> None:
        await journal.append(intent("a"))
        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", fail)
            with pytest.raises(StateUnwritable, match="Input/output error"):
                await journal.append(intent("b"))
        with pytest.raises(StateUnwritable, match="Input/output error"):
            await journal.append(intent("c"))

    asyncio.run(run())
    assert (len(calls), journal.durable) == (1, 1)
    assert nonces(tmp_path / "j")[0] == "a"
    journal.close([intent("b")])
    assert nonces(tmp_path / "j") == ["b"]


HALF = """
import asyncio, resource, signal, sys
from pathlib import Path
from reconciler.model.errors import StateUnwritable
from reconciler.state.journal_records import NotCreated, Header
from reconciler.stores.journal_file import JournalFile

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
header = Header(run="r", lineage="0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0", serial=1,
                plan_id="p", at="2026-01-31T08:00:00Z")

async def run():
    journal = JournalFile(Path(sys.argv[1]), header)
    await journal.append(NotCreated(nonce="first"))
    resource.setrlimit(resource.RLIMIT_FSIZE, (400, resource.RLIM_INFINITY))
    try:
        await journal.append(NotCreated(nonce="whole"), NotCreated(nonce="x" * 1000))
    except StateUnwritable:
        print(Path(sys.argv[1]).read_text())

asyncio.run(run())
"""


def test_a_record_whose_append_failed_is_not_in_the_file(tmp_path: Path) -> None:
    """Two share a write of which half arrives: the first is whole there, and is cut off, too."""
    done = subprocess.run(
        [sys.executable, "-c", HALF, str(tmp_path / "j")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert '"first"' in done.stdout
    assert '"whole"' not in done.stdout
    assert not decode((tmp_path / "j").read_bytes(), name="j").torn
