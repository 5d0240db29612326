"""Journals of runs that live."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.model.errors import LockHeld
from reconciler.state.journal_records import Header, Intent
from reconciler.stores.local import LocalStore


def test_a_journal_in_use_is_read_and_not_settled(
    tmp_path: Path, header: Callable[..., Header], intent: Callable[[str], Intent]
) -> None:
    """A plan reads it; a run with the lock refuses it, until the other run is through."""
    store = LocalStore(tmp_path / "s.json")
    journal = store.journal(header("alive"))
    asyncio.run(journal.append(intent("n1")))
    assert [each.records for each in store.journals(None)] == [(intent("n1"),)]
    with store.lock(purpose="apply", timeout=0):
        with pytest.raises(LockHeld, match="the lock's file was deleted") as caught:
            store.journals(None)
        assert "alive.journal" in caught.value.message
        journal.close([intent("n1")])
        assert [each.records for each in store.journals(None)] == [(intent("n1"),)]
