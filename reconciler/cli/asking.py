"""Which clients a command is about, where it is about clients that the state knows."""

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.options import Command, chosen_options, option
from reconciler.cli.types import Lines
from reconciler.cli.values import SelectionOptions, selection
from reconciler.model.address import Address
from reconciler.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection

    from reconciler.model.manifest import Manifest
    from reconciler.state.model import State


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressSelection:
    """What was named (addresses, instances and globs), or a part of the fleet, or all of it."""

    names: tuple[str, ...]
    chosen: SelectionOptions
    everything: bool

    def find(
        self,
        desired: "Manifest",
        known: "State | None",
        among: "Collection[Address] | None" = None,
    ) -> frozenset[Address]:
        """Return the addresses that are meant, all of which the state contains.

        Raises:
            UsageError: a name is not known, or a pattern matches nothing.

        """
        from reconciler.operations.addresses import find_addresses

        return find_addresses(self.names, selection(self.chosen), desired, known, among=among)


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
