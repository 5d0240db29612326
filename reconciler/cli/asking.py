"""Which clients a command is about, where it is about clients that the state knows."""

import functools
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.options import Command, chosen_options, option
from reconciler.cli.types import Lines
from reconciler.cli.values import SelectionOptions, selection
from reconciler.model.address import Address
from reconciler.model.errors import UsageError
from reconciler.model.strings import nearest
from reconciler.operations.known_clients import unknown_address

if TYPE_CHECKING:
    from reconciler.model.manifest import Manifest
    from reconciler.state.model import State


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressSelection:
    """What was named (addresses, instances and globs), or a part of the fleet, or all of it."""

    names: tuple[str, ...]
    chosen: SelectionOptions
    everything: bool


def asked_options(command: Command) -> Command:
    """Add `ADDRESS…`, `--target`, `--exclude`, `--label`, `--all`; the command gets `asked`."""

    @click.argument("names", metavar="[ADDRESS]...", type=Lines("address", "targets"), nargs=-1)
    @chosen_options
    @option("--all", "everything", is_flag=True, envvar=None, help="Every client of the state.")
    @functools.wraps(command)
    def wrapped(
        *args: Any,
        names: tuple[str, ...],
        chosen: SelectionOptions,
        everything: bool,
        **others: Any,
    ) -> int:
        asked = AddressSelection(names=names, chosen=chosen, everything=everything)
        ways = (bool(names), bool(chosen.targets or chosen.labels), everything)
        if sum(ways) != 1:
            raise UsageError(
                "say which clients are meant, in one way: ADDRESS…, or --target and --label, or"
                " --all",
                hint="`reconciler state list` shows the addresses",
            )
        if names and chosen.excludes:
            raise UsageError(
                "--exclude goes with --target, --label or --all",
                hint="leave the ADDRESS out that is not meant",
            )
        return command(*args, asked=asked, **others)

    return wrapped


def found(
    asked: AddressSelection,
    desired: "Manifest",
    known: "State | None",
    among: Collection[Address] | None,
) -> frozenset[Address]:
    """Return the addresses that are meant, all of which the state knows.

    Of what is not named by its address, only those `among` which a command can do something are
    meant.

    Raises:
        UsageError: something that was named is not known, or a pattern matches nothing.

    """
    clients = known.clients if known is not None else {}
    if asked.names:
        return frozenset(at for name in asked.names for at in _named(name, clients, among))
    from reconciler.plan.selection import predicate

    meant = predicate(selection(asked.chosen), desired, known)
    return frozenset(each for each in clients if meant(each) and (among is None or each in among))


def _named(
    name: str, clients: Collection[Address], among: Collection[Address] | None
) -> Iterator[Address]:
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


def _nothing(name: str, clients: Collection[Address]) -> UsageError:
    meant = nearest(name, sorted({each.instance for each in clients}))
    hint = f"did you mean `{meant}`?" if meant else "`reconciler state list` shows what it knows"
    return UsageError(f"`{name}` matches no client of the state", hint=hint)
