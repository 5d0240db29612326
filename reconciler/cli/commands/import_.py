"""`reconciler import`: take up clients that exist."""

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from reconciler.bootstrap import open_store
from reconciler.cli.exit_codes import INCOMPLETE
from reconciler.cli.help import command
from reconciler.cli.machine import open_machine
from reconciler.cli.options import (
    chosen_options,
    format_option,
    lock_timeout_option,
    option,
    output_options,
    reach_options,
    where_options,
)
from reconciler.cli.types import AddressType, Lines
from reconciler.cli.values import ConnectionOptions, SelectionOptions
from reconciler.cli.views import causes
from reconciler.cli.views.console import Console
from reconciler.model.address import Address
from reconciler.model.errors import UsageError
from reconciler.model.scope import is_same
from reconciler.model.strings import nearest, plural, printable
from reconciler.operations.workspace import ProjectPaths, load_manifest, load_state

if TYPE_CHECKING:
    from reconciler.cli.adopting import Adopting
    from reconciler.model.client import ListedClient
    from reconciler.model.manifest import Manifest
    from reconciler.model.secret import Secret
    from reconciler.plan.imports import ImportOptions
    from reconciler.state.model import Entry

_DIFFERS: Final = "; its scope differs: the next plan replaces it, and a consumer may still use it"
LARGEST: Final = 64 * 1024
"""The most bytes that standard input may give as a secret: Domo's have 64."""


@command(name="import", epilog="Example: reconciler import acme-prod/Reporting")
@click.argument("address", metavar="[ADDRESS]", type=AddressType(), required=False)
@option(
    "--id", "number", type=click.IntRange(0), metavar="N", envvar=None,
    help="Domo's numeric id of the client, where it has another name or its client id is masked.",
)  # fmt: skip
@option("--client-id", metavar="ID", envvar=None, help="Its client id, where the list masks it.")
@option(
    "--secret-stdin", is_flag=True, envvar=None,
    help="Read its secret from standard input; it is kept if it signs in.",
)  # fmt: skip
@option(
    "--take-over", is_flag=True, envvar=None,
    help="Adopt clients with another state's mark: for a state that no longer exists.",
)  # fmt: skip
@option(
    "--all", "everything", is_flag=True, envvar=None,
    help="Every client that is wanted, there, and managed by nobody.",
)  # fmt: skip
@option(
    "--generate", is_flag=True, envvar=None,
    help="Print manifest entries for the clients that nobody manages; adopt nothing.",
)  # fmt: skip
@option("--write", is_flag=True, envvar=None, help="With --generate: add them to the manifest.")
@option(
    "--instance", "instances", type=Lines("key", "instances"), multiple=True, metavar="KEY",
    envvar=None,
    help="With --all or --generate: only this instance (repeatable).",
)  # fmt: skip
@chosen_options
@where_options
@reach_options("Instances looked at at once.")
@lock_timeout_option
@format_option("text", "json")
@output_options
@click.pass_obj
def import_(  # noqa: PLR0913 (one argument for each option)
    console: Console,
    *,
    address: Address | None,
    number: int | None,
    client_id: str | None,
    secret_stdin: bool,
    take_over: bool,
    everything: bool,
    generate: bool,
    write: bool,
    instances: tuple[str, ...],
    chosen: SelectionOptions,
    where: ProjectPaths,
    reach: ConnectionOptions,
    lock_timeout: float,
    output: str,
) -> int:
    """Take up the client that exists at Domo and that the manifest wants at ADDRESS.

    The state knows it from then on; nothing is changed at Domo, and nothing is revoked. Its secret
    stays unknown, which every plan says: `reconciler rotate` makes one that is known, and
    --secret-stdin gives one that somebody knows.
    """
    if (address is not None) + everything + generate != 1:
        raise UsageError(
            "say what is meant: an ADDRESS, --all or --generate",
            hint="`reconciler import --generate` shows what exists and nobody manages",
        )
    _refuse_misplaced(
        {
            "--id": (number is not None, address is not None),
            "--client-id": (client_id is not None, address is not None),
            "--secret-stdin": (secret_stdin, address is not None),
            "--instance": (bool(instances), address is None),
            "--target, --exclude or --label": (chosen != SelectionOptions(), address is None),
            "--take-over": (take_over, not generate),
            "--write": (write, generate and output == "text"),
        }
    )
    desired = load_manifest(where)
    if generate:
        return _generate(
            console, desired, (_keys(desired, instances), chosen), (where, reach), (output, write)
        )
    from reconciler.cli.adopting import Adopting
    from reconciler.plan.imports import ImportOptions

    secret = _read_secret() if secret_stdin else None
    store = open_store(where, desired)
    with store.lock(purpose="import", timeout=lock_timeout):
        machine = open_machine(console, desired, store, reach)
        on = Adopting(machine=machine, ground=load_state(store))
        if address is None:
            free = ImportOptions(take_over=take_over)
            return _all(console, on, (_keys(desired, instances), chosen), free, output)
        choice = ImportOptions(id=number, client_id=client_id, take_over=take_over)
        entry = _one(console, on, address, choice, secret)
    _report(console, desired, {address: entry}, {}, output)
    return 0


def _refuse_misplaced(given: dict[str, tuple[bool, bool]]) -> None:
    for name, (is_given, fits) in given.items():
        if is_given and not fits:
            raise UsageError(
                f"{name} does not go with this", hint="`reconciler import --help` says with what"
            )


def _keys(desired: "Manifest", instances: Sequence[str]) -> list[str]:
    """Return the instances that are meant: those that were named, or all with a way to sign on."""
    for each in instances:
        if each not in desired.instances:
            near = nearest(each, desired.instances)
            raise UsageError(
                f"the manifest has no instance `{each}`",
                hint=f"did you mean `{near}`?" if near else None,
            )
    if instances:
        return sorted(set(instances))
    return [key for key, each in sorted(desired.instances.items()) if each.auth is not None]


def _one(
    console: Console,
    on: "Adopting",
    address: Address,
    choice: "ImportOptions",
    secret: "Secret | None",
) -> "Entry":
    """Adopt one client, with its secret where that was given and signs in."""
    import asyncio

    from reconciler.cli import adopting

    entry = on.known.clients.get(address)
    if entry is not None:
        _refuse_known(on, address, entry, secret)
    else:
        client = on.wanted(address)
        entry = asyncio.run(adopting.find_one(on, client, choice))
    if secret is None:
        return adopting.keep_proven(console, on, {address: entry})[address]
    if entry.client_id.startswith("masked:"):
        raise UsageError(
            f"the client id of {address} is masked, and a secret signs in only together with it",
            hint="give it: --client-id ID",
        )
    asyncio.run(adopting.prove(on, address, entry, secret))
    adopting.keep_with_secret(on, address, entry, secret)
    return entry


def _refuse_known(
    on: "Adopting", address: Address, entry: "Entry", secret: "Secret | None"
) -> None:
    """See that an address that is known may still be given its secret."""
    from reconciler.operations.known_clients import refuse_journal

    lacks = entry.adopted and not entry.delivered and entry.secret is None
    if secret is None or not lacks:
        raise UsageError(
            f"{address} is managed already: `{entry.live_name}` (client {entry.client_id})",
            hint="give its secret with --secret-stdin" if lacks else None,
        )
    refuse_journal(on.ground, address)


def _all(
    console: Console,
    on: "Adopting",
    part: tuple[Sequence[str], SelectionOptions],
    choice: "ImportOptions",
    output: str,
) -> int:
    """Adopt every wanted client that is there and that nobody manages."""
    import asyncio

    from reconciler.cli import adopting
    from reconciler.cli.values import selection
    from reconciler.model.errors import ReconcilerError
    from reconciler.plan.imports import clients_to_import
    from reconciler.plan.selection import predicate

    (keys, chosen), known = part, on.known.clients
    meant = predicate(selection(chosen), on.desired, on.known)
    wanted = [
        each
        for at, each in on.desired.clients.items()
        if at.instance in keys and at not in known and meant(at)
    ]
    views, unseen = asyncio.run(
        adopting.look(on, sorted({each.address.instance for each in wanted}))
    )
    entries: dict[Address, Entry] = {}
    left = dict(unseen)
    for key, view in views.items():
        mine = [each for each in wanted if each.address.instance == key]
        for client in clients_to_import(mine, known, view):
            try:
                on.wanted(client.address)
                entries[client.address] = adopting.entry_of(on, client, view, choice)
            except ReconcilerError as error:
                left[str(client.address)] = error.message
    entries = adopting.keep_proven(console, on, entries)
    _report(console, on.desired, entries, left, output)
    return INCOMPLETE if left else 0


def _report(
    console: Console,
    desired: "Manifest",
    entries: dict[Address, "Entry"],
    left: dict[str, str],
    output: str,
) -> None:
    """Say what was adopted, and what was not and why."""
    console.must_go_on = True
    rows = [_row(desired, address, entry) for address, entry in sorted(entries.items())]
    if output == "json":
        console.document(_document(left, adopted=rows))
    else:
        for row in rows:
            said = f"; its secret in {', '.join(row['delivered'])} works" * bool(row["delivered"])
            said += _DIFFERS * row["scope_differs"]
            line = f"{row['address']}: adopted (client {row['client_id']}){said}"
            console.report(printable(line))
        console.report(f"Adopted: {plural(len(rows), 'client')}.")
    causes.show_left(console, left, desired.instances, code="not-adopted")


def _document(
    left: Mapping[str, str],
    *,
    adopted: Sequence[Mapping[str, Any]] = (),
    unmanaged: Sequence[Mapping[str, Any]] = (),
) -> Mapping[str, Any]:
    """Return what was taken up, or found, as an object for a program."""
    return {
        "format": "reconciler.import",
        "version": 1,
        "adopted": list(adopted),
        "unmanaged": list(unmanaged),
        "left": [{"what": what, "message": why} for what, why in sorted(left.items())],
    }


def _row(desired: "Manifest", address: Address, entry: "Entry") -> dict[str, Any]:
    return {
        "address": str(address),
        "live_name": entry.live_name,
        "client_id": entry.client_id,
        "id": entry.id,
        "scope": list(entry.scope),
        "delivered": sorted(entry.delivered),
        "scope_differs": not is_same(entry.scope, desired.clients[address].scope),
    }


def _generate(
    console: Console,
    desired: "Manifest",
    part: tuple[Sequence[str], SelectionOptions],
    on: tuple[ProjectPaths, ConnectionOptions],
    how: tuple[str, bool],
) -> int:
    """Print, or write, entries for the clients that nobody manages or wants."""
    import asyncio

    from reconciler.cli import generating
    from reconciler.cli.adopting import Adopting, look
    from reconciler.manifest.generate import document
    from reconciler.plan.imports import importable_clients, unimportable_clients

    (where, reach), (output, write), (keys, chosen) = on, how, part
    store = open_store(where, desired)
    machine = open_machine(console, desired, store, reach)
    adopting = Adopting(machine=machine, ground=load_state(store))
    meant = _meant(desired, chosen)
    keys = [key for key in keys if meant(Address(key, "")) or chosen.targets]
    views, unseen = asyncio.run(look(adopting, keys))
    known = adopting.known.clients
    found = {
        key: [
            each
            for each in importable_clients(view, known, key, desired.allow_scopes)
            if (at := Address(key, each.name)) not in desired.clients and meant(at)
        ]
        for key, view in views.items()
    }
    found = {key: clients for key, clients in found.items() if clients}
    skipped = [
        f"{printable(str(Address(key, each.name)))}: {why}"
        for key, view in views.items()
        for each, why in unimportable_clients(view, known, key, desired.allow_scopes)
    ]
    if skipped:
        lines = "".join(f"\n  {each}" for each in skipped)
        console.warn(f"{plural(len(skipped), 'client')} left out:{lines}")
    if output == "json":
        rows = [_unmanaged(key, each) for key, clients in found.items() for each in clients]
        console.document(_document(unseen, unmanaged=rows))
    elif not found:
        console.note("there are no unmanaged clients")
    elif write:
        files = generating.write(where, desired, found)
        count = sum(map(len, found.values()))
        console.note(
            f"added {plural(count, 'client')} to {', '.join(files)}",
            hint="look at them, then `reconciler import --all` adopts them",
        )
    else:
        console.data(document(desired, found))
    unlisted = {key: f"could not be looked at: {why}" for key, why in unseen.items()}
    causes.show_left(console, unlisted, desired.instances, "unreachable")
    return INCOMPLETE if unseen else 0


def _meant(desired: "Manifest", chosen: SelectionOptions) -> Callable[[Address], bool]:
    """Return the test of what was asked for, which nobody may have written down yet."""
    from reconciler.cli.values import selection

    part = selection(chosen)
    if part is None:
        return lambda _address: True
    labels = {key: each.labels for key, each in desired.instances.items()}
    return lambda address: part.matches(address, labels.get(address.instance, {}))


def _unmanaged(key: str, listed: "ListedClient") -> Mapping[str, Any]:
    return {
        "address": str(Address(key, listed.name)),
        "live_name": listed.name,
        "client_id": listed.client_id,
        "id": listed.id,
        "owner": listed.owner,
        "scope": list(listed.scope),
        "description": listed.description,
    }


def _read_secret() -> "Secret":
    """Read the secret; from a terminal it is not shown while it is typed.

    Raises:
        UsageError: there is none, or it is more than a secret.

    """
    from reconciler.model.secret import Secret

    if sys.stdin.isatty():
        text = click.prompt("Secret", hide_input=True, err=True)
    else:
        text = sys.stdin.read(LARGEST).removesuffix("\n").removesuffix("\r")
    if not text or not text.isprintable() or len(text) >= LARGEST:
        raise UsageError("standard input has no secret: one line of text is meant")
    return Secret(text)
