"""What every store of the state does, whoever keeps the bytes."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from reconciler.model.address import Address
from reconciler.model.errors import LockHeld, StateRefused
from reconciler.model.secret import Secret
from reconciler.ports import StateStore
from reconciler.state.journal_records import Created, Header, Intent
from reconciler.state.model import Plain, State
from reconciler.stores.local import LocalStore

Stores = Callable[[], StateStore]

LINEAGE: Final = "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0"
OTHER: Final = "11111111-2222-3333-4444-555555555555"
AT: Final = "2026-01-31T08:00:00Z"
FIRST: Final = State(lineage=LINEAGE, serial=1)
SECOND: Final = State(lineage=LINEAGE, serial=2)
HEADER: Final = Header(run="r1", lineage=LINEAGE, serial=1, plan_id="p", at=AT)
INTENT: Final = Intent(
    address=Address("acme", "Reporting"),
    nonce="n1",
    domain="acme.domo.com",
    live_name="Reporting",
    scope=("data",),
    sinks=("ops",),
    at=AT,
    principal="p",
)


@pytest.fixture(params=["local"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Stores:
    """Return a function that opens the same store again, as another run would."""
    makers = {"local": lambda: LocalStore(tmp_path / "s.json")}
    maker: Stores = makers[request.param]
    return maker


@pytest.fixture
def opening(tmp_path: Path) -> str:
    """Return the Python that opens the same store in another process."""
    return (
        "from pathlib import Path\n"
        "from reconciler.stores.local import LocalStore\n"
        f"store = LocalStore(Path({str(tmp_path / 's.json')!r}))\n"
    )


def test_a_new_store_has_no_state(stores: Stores) -> None:
    """Nothing was written, nothing is read, no journal was left."""
    assert stores().read() is None
    assert list(stores().journals(None)) == []


def test_what_is_written_is_read_by_the_next_run(stores: Stores) -> None:
    """A state is the same for whoever opens the store after it."""
    stores().write(FIRST, replacing=None)
    assert stores().read() == FIRST
    stores().write(SECOND, replacing=FIRST)
    assert stores().read() == SECOND


def conflicts() -> list[tuple[State, State | None]]:
    """Return what is to be written, and what was read, where FIRST is there."""
    return [
        (FIRST, None),
        (replace(SECOND, lineage=OTHER), None),
        (State(lineage=LINEAGE, serial=5), State(lineage=LINEAGE, serial=4)),
        (replace(SECOND, lineage=OTHER), replace(FIRST, lineage=OTHER)),
    ]


@pytest.mark.parametrize(("state", "replacing"), conflicts())
def test_what_somebody_else_wrote_is_not_overwritten(
    stores: Stores, state: State, replacing: State | None
) -> None:
    """Another serial or lineage than was read is a conflict, and what is there stays."""
    stores().write(FIRST, replacing=None)
    with pytest.raises(StateRefused) as caught:
        stores().write(state, replacing=replacing)
    assert caught.value.hint
    assert stores().read() == FIRST


def test_a_state_that_has_gone_is_not_made_anew(stores: Stores) -> None:
    """Where the state was deleted during a run, the run does not write it as if it were there."""
    with pytest.raises(StateRefused, match="no state is there now"):
        stores().write(SECOND, replacing=FIRST)
    assert stores().read() is None


def test_only_one_run_holds_the_lock(stores: Stores) -> None:
    """A second run is told who holds it; afterwards it is free, also when the holder failed."""
    with (
        stores().lock(purpose="apply", timeout=0),
        pytest.raises(LockHeld, match="apply"),
        stores().lock(purpose="rotate", timeout=0),
    ):
        pass
    with pytest.raises(RuntimeError), stores().lock(purpose="apply", timeout=0):
        raise RuntimeError
    with stores().lock(purpose="apply", timeout=0):
        pass


@contextmanager
def holding(opening: str) -> Iterator[subprocess.Popen[str]]:
    """Run a process that holds the lock until its standard input ends."""
    script = opening + (
        "import sys\n"
        "with store.lock(purpose='apply', timeout=5):\n"
        "    print('held', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_another_process_is_kept_out(stores: Stores, opening: str) -> None:
    """The lock holds between processes, and the message names the other one."""
    with (
        holding(opening) as process,
        pytest.raises(LockHeld, match=str(process.pid)),
        stores().lock(purpose="apply", timeout=0.1),
    ):
        pass


def test_a_killed_holder_is_not_in_the_way(stores: Stores, opening: str) -> None:
    """The lock is free as soon as its process is dead, however it died."""
    with holding(opening) as process:
        process.kill()
        process.wait()
        with stores().lock(purpose="apply", timeout=0):
            pass


def test_a_waiting_run_gets_the_lock(stores: Stores, opening: str) -> None:
    """A run that waits begins when the one before it ends."""
    with holding(opening) as process:
        assert process.stdin is not None
        process.stdin.close()
        with stores().lock(purpose="apply", timeout=10):
            pass


def test_many_processes_lose_no_write(stores: Stores, opening: str) -> None:
    """Four processes that write under the lock leave the sum of their writes."""
    script = opening + (
        "from dataclasses import replace\n"
        "for _ in range(10):\n"
        "    with store.lock(purpose='apply', timeout=60):\n"
        "        state = store.read()\n"
        "        store.write(replace(state, serial=state.serial + 1), replacing=state)\n"
    )
    stores().write(FIRST, replacing=None)
    running = [subprocess.Popen([sys.executable, "-c", script]) for _ in range(4)]
    assert [each.wait() for each in running] == [0] * 4
    state = stores().read()
    assert state is not None
    assert state.serial == 41


def test_a_journal_is_left_by_a_run_that_did_not_close_it(stores: Stores) -> None:
    """What was appended is there for the next run, with its secret, until it is discarded."""
    created = Created(nonce="n1", client_id="c1", secret=Plain(secret=Secret("hush")), at=AT)
    asyncio.run(stores().journal(HEADER).append(INTENT, created))
    (left,) = stores().journals(LINEAGE)
    assert (left.header, left.torn, left.records[0]) == (HEADER, False, INTENT)
    assert isinstance(left.records[1], Created)
    assert isinstance(left.records[1].secret, Plain)
    assert left.records[1].secret.secret.same_as(Secret("hush"))
    stores().discard([left])
    assert list(stores().journals(LINEAGE)) == []


def test_a_closed_journal_keeps_only_what_is_open(stores: Stores) -> None:
    """What the state holds is gone from the journal; a run with nothing open leaves none."""
    for unrecorded in ([INTENT], []):
        journal = stores().journal(HEADER)
        asyncio.run(journal.append(replace(INTENT, nonce="n0"), INTENT))
        journal.close(unrecorded)
        found = [each for left in stores().journals(LINEAGE) for each in left.records]
        assert found == unrecorded


def test_a_rescued_record_is_read_like_any_other(stores: Stores) -> None:
    """What the journal did not take stands in one of its own."""
    path = stores().rescue(HEADER, [INTENT])
    (left,) = stores().journals(LINEAGE)
    assert (left.path, left.records) == (path, (INTENT,))


def test_a_journal_of_another_lineage_is_refused(stores: Stores) -> None:
    """Its records are about other clients; nothing of it is lost."""
    stores().journal(HEADER).close([INTENT])
    with pytest.raises(StateRefused, match="another state"):
        stores().journals(OTHER)
    assert len(stores().journals(LINEAGE)) == 1


def test_a_run_that_is_killed_while_it_appends_leaves_what_was_durable(
    stores: Stores, opening: str
) -> None:
    """Each record that append had returned for is there after kill -9, and in its order."""
    script = opening + (
        "import asyncio\n"
        "from reconciler.state.journal_records import NotCreated, Header\n"
        f"journal = store.journal(Header(run='r1', lineage={LINEAGE!r}, serial=1,"
        f" plan_id='p', at={AT!r}))\n"
        "async def run():\n"
        "    for number in range(10**6):\n"
        "        await journal.append(NotCreated(nonce=f'n{number}'))\n"
        "        print(number, flush=True)\n"
        "asyncio.run(run())\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.1)
        process.kill()
        said = [0, *map(int, process.stdout.read().split())]
    (left,) = stores().journals(LINEAGE)
    nonces = [getattr(each, "nonce", "") for each in left.records]
    assert nonces == [f"n{number}" for number in range(len(nonces))]
    assert len(nonces) > said[-1] > 0


def test_a_left_journal_is_rewritten(stores: Stores) -> None:
    """It says what it is told to, under the header that it had; told nothing, it is gone."""
    stores().rescue(HEADER, [INTENT, replace(INTENT, nonce="n2")])
    (left,) = stores().journals(LINEAGE)
    stores().rewrite(left, [INTENT])
    (again,) = stores().journals(LINEAGE)
    assert (again.path, again.header, again.records) == (left.path, HEADER, (INTENT,))
    stores().rewrite(again, [])
    assert list(stores().journals(LINEAGE)) == []
