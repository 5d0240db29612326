"""Finds the known clients that a command is about."""

from typing import TYPE_CHECKING

from reconciler.model.address import Address
from reconciler.model.errors import UsageError
from reconciler.model.strings import nearest
from reconciler.operations.known_clients import unknown_address

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from reconciler.model.manifest import Manifest
    from reconciler.plan.selection import Selection
    from reconciler.state.model import State


def find_addresses(
    names: "Sequence[str]",
    selection: "Selection | None",
    desired: "Manifest",
    known: "State | None",
    *,
    among: "Collection[Address] | None" = None,
) -> frozenset[Address]:
    """Return the addresses that are meant, all of which the state contains.

    `names` are addresses, instances and globs; without any, `selection` counts. `among` are the
    addresses that the command can act on: an address outside them is returned only if it is named.

    Raises:
        UsageError: a name is not known, or a pattern matches nothing.

    """
    clients = known.clients if known is not None else {}
    if names:
        return frozenset(at for name in names for at in _named(name, clients, among))
    from reconciler.plan.selection import predicate

    meant = predicate(selection, desired, known)
    return frozenset(each for each in clients if meant(each) and (among is None or each in among))


def _named(
    name: str, clients: "Collection[Address]", among: "Collection[Address] | None"
) -> "Iterator[Address]":
    """Yield the clients that a name means: an address of the state, or what matches as a target.

    Raises:
        UsageError: it matches nothing.

    """
    from reconciler.plan.selection import Selection

    try:
        exact = Address.parse(name)
    except ValueError:
        exact = None
    if exact is not None and exact in clients:
        yield exact
        return
    selection = Selection(targets=(name,))
    matching = [each for each in clients if selection.matches(each, {})]
    if not matching:
        raise unknown_address(exact, clients) if exact else _nothing(name, clients)
    yield from (each for each in matching if among is None or each in among)


def _nothing(name: str, clients: "Collection[Address]") -> UsageError:
    meant = nearest(name, sorted({each.instance for each in clients}))
    hint = f"did you mean `{meant}`?" if meant else "`reconciler state list` shows what it knows"
    return UsageError(f"`{name}` matches no client of the state", hint=hint)
