"""Gives a client of the state another address, or removes it from the state."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reconciler.documents.schema import InvalidDocument, validate
from reconciler.model.address import Address
from reconciler.model.errors import UsageError
from reconciler.operations.known_clients import find_settled
from reconciler.operations.workspace import load_state

if TYPE_CHECKING:
    from reconciler.model.instance import Instance
    from reconciler.ports import StateStore
    from reconciler.state.model import Entry, State


@dataclass(frozen=True, slots=True, kw_only=True)
class StateEdit:
    """A state before and after an edit of one client, its `entry`."""

    entry: "Entry"
    before: "State"
    after: "State"


Approve = Callable[[StateEdit], bool]
"""Decides whether an edit is written. It is called while the state is locked."""


def move_client(
    store: "StateStore",
    move: tuple[Address, Address],
    instances: "Mapping[str, Instance] | None",
    *,
    approve: Approve,
    lock_timeout: float,
) -> StateEdit | None:
    """Give a client another address; return None if the edit was not approved.

    `move` is the old and the new address. `instances` are the manifest's, None without a manifest.

    Raises:
        UsageError: the new address is invalid, taken, or on another instance.
        StateRefused: a journal mentions the client.
        LockHeld: another run holds the lock.

    """
    source, target = move
    _check_address(target)
    with store.lock(purpose="state mv", timeout=lock_timeout):
        state, entry = find_settled(load_state(store), source)
        if target in state.clients:
            raise UsageError(f"the state has a client at `{target}` already")
        _check_domain(instances, target, entry, state)
        kept = {each: known for each, known in state.clients.items() if each != source}
        return _write(store, state, entry, {**kept, target: entry}, approve)


def remove_client(
    store: "StateStore", address: Address, *, approve: Approve, lock_timeout: float
) -> StateEdit | None:
    """Remove a client from the state; return None if the edit was not approved.

    The client keeps working at Domo.

    Raises:
        UsageError: the address is not known.
        StateRefused: a journal mentions the client.
        LockHeld: another run holds the lock.

    """
    with store.lock(purpose="state rm", timeout=lock_timeout):
        state, entry = find_settled(load_state(store), address)
        kept = {each: known for each, known in state.clients.items() if each != address}
        return _write(store, state, entry, kept, approve)


def _write(
    store: "StateStore",
    state: "State",
    entry: "Entry",
    clients: "Mapping[Address, Entry]",
    approve: Approve,
) -> StateEdit | None:
    after = replace(state, serial=state.serial + 1, clients=clients)
    edit = StateEdit(entry=entry, before=state, after=after)
    if not approve(edit):
        return None
    store.write(after, replacing=state)
    return edit


def _check_domain(
    instances: "Mapping[str, Instance] | None", target: Address, entry: "Entry", state: "State"
) -> None:
    """Check that a client stays on its instance.

    Raises:
        UsageError: by the manifest or the state, the target's instance has another domain.

    """
    domains = {e.domain for at, e in state.clients.items() if at.instance == target.instance}
    if instances is not None:
        instance = instances.get(target.instance)
        if instance is None:
            raise UsageError(
                f"the manifest has no instance `{target.instance}`",
                hint="write it there first: a plan needs its domain and its sign-on",
            )
        domains = {instance.domain}
    other = next((each for each in domains if each.lower() != entry.domain.lower()), None)
    if other is not None:
        raise UsageError(
            f"{target.instance} is {other}, and the client was made on {entry.domain}",
            hint="a client stays on its instance; `moved:` is for one that Domo renamed",
        )


def _check_address(target: Address) -> None:
    """Check that the codec would accept a state with this address.

    Raises:
        UsageError: it would not.

    """
    try:
        validate(str(target), "state", "address")
    except InvalidDocument as wrong:
        raise UsageError(
            f"`{target}`: {wrong}", hint="an instance has lower-case letters, digits and `-`"
        ) from None
