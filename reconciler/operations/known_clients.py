"""Looks up clients that the state or a journal contains."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from reconciler.model.address import Address
from reconciler.model.errors import StateRefused, UsageError
from reconciler.model.strings import nearest

if TYPE_CHECKING:
    from reconciler.operations.workspace import LoadedState
    from reconciler.plan.selection import Selection
    from reconciler.state.journal_records import CreatedRecord, Intent
    from reconciler.state.model import Entry, State, StoredSecret

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownClient:
    """What the state and the journals contain about one address.

    `entry` is None if there is no managed client. `attempts` are creates with an unknown outcome,
    `orphans` are clients that were created for the address before another one took it.
    """

    address: Address
    entry: "Entry | None"
    attempts: "Sequence[Intent]" = ()
    orphans: "Sequence[CreatedRecord]" = ()


def list_clients(
    ground: "LoadedState",
    selection: "Selection",
    labels: Mapping[str, Mapping[str, str]],
) -> Sequence[KnownClient]:
    """Return the known clients of a selection, in the order of their addresses.

    `labels` are those of the manifest's instances by key.

    Raises:
        UsageError: the selection has targets or labels, and no address matches it.

    """
    working = ground.working
    found: list[KnownClient] = []
    if working is not None:
        attempts = _by_address((each.address, each) for each in working.open.values())
        orphans = _by_address((each.intent.address, each) for each in working.orphans.values())
        found = [
            KnownClient(
                address=address,
                entry=working.clients.get(address),
                attempts=attempts.get(address, ()),
                orphans=orphans.get(address, ()),
            )
            for address in sorted({*working.clients, *attempts, *orphans})
            if selection.matches(address, labels.get(address.instance, {}))
        ]
    asked = [f"`{each}`" for each in selection.targets]
    asked += [f"the label {name}={value}" for name, value in selection.labels.items()]
    if asked and not found:
        raise UsageError(
            f"nothing in the state matches {', '.join(asked)}",
            hint="`reconciler state list` without --target and --label shows every address",
        )
    return found


def find_client(ground: "LoadedState", address: Address) -> KnownClient:
    """Return what is known about an address.

    Raises:
        UsageError: nothing is known; the hint names the nearest known address.

    """
    working = ground.working
    if working is None:
        raise unknown_address(address, ())
    known = KnownClient(
        address=address,
        entry=working.clients.get(address),
        attempts=[each for each in working.open.values() if each.address == address],
        orphans=[each for each in working.orphans.values() if each.intent.address == address],
    )
    if known.entry is None and not known.attempts and not known.orphans:
        raise unknown_address(address, working.clients)
    return known


def find_entry(ground: "LoadedState", address: Address) -> "Entry":
    """Return the managed client of an address.

    Raises:
        UsageError: it has no managed client; the hint names the nearest address that does.

    """
    working = ground.working
    if working is not None and address in working.clients:
        return working.clients[address]
    if working is not None and any(each.address == address for each in working.open.values()):
        raise UsageError(
            f"the outcome of the create of {address} is not known yet",
            hint="the next apply finds out",
        )
    raise unknown_address(address, working.clients if working is not None else ())


def find_settled(ground: "LoadedState", address: Address) -> "tuple[State, Entry]":
    """Return the state, and the entry of an address that no journal mentions.

    Raises:
        UsageError: the address is not known.
        StateRefused: a journal mentions it, and its replay would undo an edit of the state.

    """
    find_entry(ground, address)
    refuse_journal(ground, address)
    if ground.state is None or address not in ground.state.clients:
        raise _in_journal(address)
    return ground.state, ground.state.clients[address]


def refuse_journal(ground: "LoadedState", address: Address) -> None:
    """Check that no journal mentions an address.

    Raises:
        StateRefused: one does, and its replay would undo an edit of the state.

    """
    records = (each for journal in ground.journals for each in journal.records)
    if any(getattr(each, "address", None) == address for each in records):
        raise _in_journal(address)


def stored_secret(ground: "LoadedState", entry: "Entry") -> "StoredSecret | None":
    """Return the secret of a client as the state or a journal stores it, None if neither does."""
    return ground.working.secret_of(entry.client_id, entry) if ground.working else None


def unknown_address(address: Address, clients: Iterable[Address]) -> UsageError:
    """Return the error for an address that is not known.

    The hint names a similar address of the same instance, or of a client of the same name. All
    other addresses are left out, because a comparison with 50,000 of them takes seconds.
    """
    near = [
        str(each)
        for each in clients
        if each.instance == address.instance or each.client == address.client
    ]
    meant = nearest(str(address), near)
    hint = f"did you mean `{meant}`?" if meant else "`reconciler state list` shows what it knows"
    return UsageError(f"the state knows no client `{address}`", hint=hint)


def _by_address(pairs: Iterable[tuple[Address, T]]) -> dict[Address, list[T]]:
    found: dict[Address, list[T]] = {}
    for address, each in pairs:
        found.setdefault(address, []).append(each)
    return found


def _in_journal(address: Address) -> StateRefused:
    return StateRefused(
        f"an earlier run left a journal about {address}",
        hint="apply first, or end it with `reconciler state settle`; nothing was written",
    )
