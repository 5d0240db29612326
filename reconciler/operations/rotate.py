"""Requests rotations for an apply, and cancels those that an interrupted apply left."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from reconciler.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.model.address import Address
    from reconciler.model.manifest import Manifest
    from reconciler.operations.adapters import Adapters
    from reconciler.plan.request import PlanRequest
    from reconciler.state.model import State


@dataclass(frozen=True, slots=True, kw_only=True)
class RotationRequest:
    """What an apply is asked for. It rotates `now` of `total` clients.

    `part` is why it is not all of them: only those that are due in the period of `spread`, or only
    those that an interrupted rotation left.
    """

    request: "PlanRequest"
    now: int
    total: int
    part: Literal["due", "left"] | None = None


def request_rotation(
    addresses: "frozenset[Address]",
    desired: "Manifest",
    known: "State | None",
    *,
    as_of: str,
    spread: float | None = None,
) -> RotationRequest:
    """Return the request to rotate these clients; `spread` is a period in seconds.

    A client that an interrupted rotation has already rotated is not rotated a second time.

    Raises:
        UsageError: one of them is no longer in the manifest.

    """
    from reconciler.plan.request import (
        create_request,
        due_in_rotation_window,
        pending_rotations,
        requested_rotations,
    )
    from reconciler.state.model import State

    for each in sorted(addresses - desired.clients.keys()):
        raise UsageError(
            f"{each} left the manifest, so nothing says what its successor is to be",
            hint="put it back, or end it with `reconciler destroy`",
        )
    state = known if known is not None else State(lineage="")
    now = addresses
    part: Literal["due", "left"] | None = None
    if spread is not None:
        part = "due"
        now = due_in_rotation_window(addresses, state, as_of=as_of, spread=spread)
    elif requested_rotations(state.open_plan) & addresses:
        now = pending_rotations(state.open_plan, state.clients) & addresses
        part = "left" if now != addresses else None
    request = create_request("rotate", addresses, state, now=now)
    return RotationRequest(request=request, now=len(now), total=len(addresses), part=part)


def cancel_rotations(
    machine: "Adapters",
    find: "Callable[[Manifest, State], frozenset[Address]]",
    *,
    lock_timeout: float = 0,
) -> int | None:
    """Remove rotations from the open plan; return how many, None if no plan is open.

    `find` returns the addresses that are meant, all of which the state contains.

    Raises:
        LockHeld: another run has the lock.
        StateRefused: the state is corrupt or newer.
        StateUnwritable: the state cannot be written.

    """
    from reconciler.operations.workspace import load_state
    from reconciler.plan import staleness
    from reconciler.plan.request import pending_rotations

    store = machine.store
    with store.lock(purpose="rotate --cancel", timeout=lock_timeout):
        state = load_state(store).state
        open_plan = state.open_plan if state is not None else None
        if state is None or open_plan is None:
            return None
        pending = pending_rotations(open_plan, state.clients)
        cancelled = pending & find(machine.desired, state)
        if cancelled:
            left = staleness.cancel_rotations(open_plan, cancelled)
            after = replace(state, serial=state.serial + 1, open_plan=left)
            store.write(after, replacing=state)
    return len(cancelled)
