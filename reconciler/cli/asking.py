"""Which clients a command is about, where it is about clients that the state knows."""

import functools
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.commands.plan import selection
from reconciler.cli.commands.state_list import unknown_address
from reconciler.cli.options import Chosen, Command, chosen_options, option
from reconciler.cli.types import AddressType
from reconciler.model.address import Address
from reconciler.model.errors import UsageError

if TYPE_CHECKING:
    from reconciler.model.desired import Desired
    from reconciler.state.document import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Addresses that were named, or a part of the fleet, or all of it."""

    addresses: tuple[Address, ...]
    chosen: Chosen
    everything: bool


def asked_options(command: Command) -> Command:
    """Add `ADDRESS…`, `--target`, `--exclude`, `--label`, `--all`; the command gets `asked`."""

    @click.argument("addresses", metavar="[ADDRESS]...", type=AddressType(), nargs=-1)
    @chosen_options
    @option("--all", "everything", is_flag=True, envvar=None, help="Every client of the state.")
    @functools.wraps(command)
    def wrapped(
        *args: Any,
        addresses: tuple[Address, ...],
        chosen: Chosen,
        everything: bool,
        **others: Any,
    ) -> int:
        asked = Asked(addresses=addresses, chosen=chosen, everything=everything)
        ways = (bool(addresses), bool(chosen.targets or chosen.labels), everything)
        if sum(ways) != 1:
            raise UsageError(
                "say which clients are meant: ADDRESS…, --target and --label, or --all",
                hint="`reconciler state list` shows the addresses",
            )
        if addresses and chosen.excludes:
            raise UsageError(
                "--exclude goes with --target, --label or --all",
                hint="leave the ADDRESS out that is not meant",
            )
        return command(*args, asked=asked, **others)

    return wrapped


def found(
    asked: Asked, desired: "Desired", known: "State | None", among: Collection[Address] | None
) -> frozenset[Address]:
    """Return the addresses that are meant, all of which the state knows.

    Without names, only those `among` which a command can do something are meant.

    Raises:
        UsageError: something that was named is not known, or a pattern matches nothing.

    """
    clients = known.clients if known is not None else {}
    for address in asked.addresses:
        if address not in clients:
            raise unknown_address(address, clients)
    if asked.addresses:
        return frozenset(asked.addresses)
    from reconciler.plan.select import predicate

    meant = predicate(selection(asked.chosen), desired, known)
    return frozenset(each for each in clients if meant(each) and (among is None or each in among))
