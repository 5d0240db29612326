"""Looks at the lock of a state."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reconciler.model.errors import LockHeld

if TYPE_CHECKING:
    from reconciler.ports import StateStore


@dataclass(frozen=True, slots=True, kw_only=True)
class LockStatus:
    """The state of a lock.

    `is_new` is true if no run has taken it yet. `holder` is what the holder wrote, or the last run
    if it was killed, and `described` is that for a reader. `held` is the error of an attempt to
    take the lock, None if the lock is free. `journals` counts what ended runs left, None if the
    lock is held.
    """

    is_new: bool
    holder: Mapping[str, Any] | None = None
    described: str | None = None
    held: LockHeld | None = None
    journals: int | None = 0


def inspect_lock(store: "StateStore") -> LockStatus:
    """Return who holds the lock of a store; a free lock is taken for a moment."""
    if not store.was_locked():
        return LockStatus(is_new=True)
    # Read first: to take the lock replaces what its last holder wrote.
    holder = store.holder()
    held, journals = None, None
    try:
        with store.lock(purpose="state lock", timeout=0):
            journals = len(store.journals(None))
    except LockHeld as error:
        held = error
    return LockStatus(
        is_new=False,
        holder=None if holder is None else holder.fields,
        described=None if holder is None else holder.text,
        held=held,
        journals=journals,
    )
