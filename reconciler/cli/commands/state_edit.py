"""`reconciler state mv` and `rm`: change what the state knows, and nothing else."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.commands.state_list import known_entry
from reconciler.cli.help import command
from reconciler.cli.options import (
    format_option,
    lock_timeout_option,
    option,
    output_options,
    where_options,
)
from reconciler.cli.types import AddressType
from reconciler.cli.values import ManifestOptions
from reconciler.cli.views.console import Console
from reconciler.cli.workspace import LoadedState, find_store, load_manifest, survey
from reconciler.model.address import Address
from reconciler.model.errors import StateRefused, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.state.journal_records import Record
    from reconciler.state.model import Entry, State

approve_option = option("--auto-approve", is_flag=True, help="Do not ask.")


@command(epilog="Example: reconciler state mv acme-prod/Reporting acme-prod/Reports")
@click.argument("source", type=AddressType())
@click.argument("target", type=AddressType())
@where_options
@approve_option
@lock_timeout_option
@format_option("text", "json")
@output_options
@click.pass_obj
def mv(  # noqa: PLR0913 (one argument for each option)
    console: Console,
    *,
    source: Address,
    target: Address,
    where: ManifestOptions,
    auto_approve: bool,
    lock_timeout: float,
    output: str,
) -> int:
    """Give a client another address: TARGET in place of SOURCE.

    The client itself, its live name and its secret stay as they are. `moved:` in the manifest does
    the same where everybody reads it.
    """
    _check(target)
    store = find_store(where)
    with store.lock(purpose="state mv", timeout=lock_timeout):
        ground = survey(store)
        state, entry = _settled(ground, source)
        if target in state.clients:
            raise UsageError(f"the state has a client at `{target}` already")
        _check_domain(where, target, entry, state)
        question = f"{source} will become {target} (client {entry.client_id}, `{entry.live_name}`)"
        if not _agreed(console, question, auto_approve=auto_approve):
            return 1
        kept = {each: known for each, known in state.clients.items() if each != source}
        after = _next(state, {**kept, target: entry})
        store.write(after, replacing=state)
    console.must_go_on = True
    console.note(f"moved {source} to {target}")
    if output == "json":
        console.document(edited("mv", after.serial, (source, target)))
    return 0


@command(epilog="Example: reconciler state rm acme-prod/Reporting")
@click.argument("address", type=AddressType())
@where_options
@approve_option
@lock_timeout_option
@format_option("text", "json")
@output_options
@click.pass_obj
def rm(
    console: Console,
    *,
    address: Address,
    where: ManifestOptions,
    auto_approve: bool,
    lock_timeout: float,
    output: str,
) -> int:
    """Forget a client, and leave it alive.

    While the manifest wants ADDRESS, a client of its live name at Domo stands in the way:
    `plan --refresh` shows what would be done about it.
    """
    store = find_store(where)
    with store.lock(purpose="state rm", timeout=lock_timeout):
        ground = survey(store)
        state, entry = _settled(ground, address)
        question = f"{address} will be forgotten (client {entry.client_id}, `{entry.live_name}`)"
        if entry.secret is not None:
            question += "; the secret that the state keeps of it goes, from the backup as well"
        if entry.protect:
            console.warn(
                f"{address} is protected: once it is forgotten, nothing here protects it",
                hint="the client lives on, and `reconciler import` takes it up again",
            )
        if not _agreed(console, question, auto_approve=auto_approve):
            return 1
        kept = {each: known for each, known in state.clients.items() if each != address}
        after = _next(state, kept)
        store.write(after, replacing=state)
    console.must_go_on = True
    console.note(f"forgot {address}: the client lives on")
    if output == "json":
        console.document(edited("rm", after.serial, (address,)))
    return 0


def edited(edit: str, serial: int, addresses: "Iterable[Address | str]") -> "Mapping[str, object]":
    """Return what an edit of the state did as an object for a program."""
    return {
        "format": "reconciler.state-edit",
        "version": 1,
        "edit": edit,
        "serial": serial,
        "addresses": [str(each) for each in addresses],
    }


def _check_domain(where: ManifestOptions, target: Address, entry: "Entry", state: "State") -> None:
    """See that a client does not come to an instance that it is not on.

    Raises:
        UsageError: the manifest or the state says that the target's instance is another one.

    """
    domains = {e.domain for at, e in state.clients.items() if at.instance == target.instance}
    if Path(where.file).exists():
        instance = load_manifest(where).instances.get(target.instance)
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


def _check(target: Address) -> None:
    """See that a state with this address could be read again.

    Raises:
        UsageError: it is no address that a manifest could have.

    """
    from reconciler.state import json_checks

    try:
        json_checks.address(str(target))
    except json_checks.InvalidField as wrong:
        raise UsageError(
            f"`{target}`: {wrong}", hint="an instance has lower-case letters, digits and `-`"
        ) from None


def _settled(ground: LoadedState, address: Address) -> "tuple[State, Entry]":
    """Return the state and an entry that no journal has a word on.

    Raises:
        UsageError: the address is not known.
        StateRefused: a journal is about it: replayed, it would undo the change.

    """
    known_entry(ground, address)
    refuse_journal(ground, address)
    if ground.state is None or address not in ground.state.clients:
        raise _in_journal(address)
    return ground.state, ground.state.clients[address]


def refuse_journal(ground: LoadedState, address: Address) -> None:
    """See that no journal has a word on an address.

    Raises:
        StateRefused: one is about it: replayed, it would undo a change of the state.

    """
    if address in _addresses(each for journal in ground.journals for each in journal.records):
        raise _in_journal(address)


def _in_journal(address: Address) -> StateRefused:
    return StateRefused(
        f"an earlier run left a journal about {address}",
        hint="apply first, or end it with `reconciler state settle`; nothing was written",
    )


def _addresses(records: "Iterable[Record]") -> set[Address]:
    found = (getattr(each, "address", None) for each in records)
    return {each for each in found if each is not None}


def _agreed(console: Console, question: str, *, auto_approve: bool) -> bool:
    """Show what would be done, and ask.

    Raises:
        UsageError: there is nobody to ask.

    """
    console.note(question)
    if auto_approve:
        return True
    if not sys.stdin.isatty():
        raise UsageError(
            "there is no terminal to ask for approval", hint="add --auto-approve to go on"
        )
    click.echo("Only `yes` is taken as approval.", err=True)
    if (
        click.prompt("Go on?", default="no", show_default=False, prompt_suffix=" ", err=True)
        == "yes"
    ):
        return True
    console.note("nothing was done")
    return False


def _next(state: "State", clients: "Mapping[Address, Entry]") -> "State":
    return replace(state, serial=state.serial + 1, clients=clients)
