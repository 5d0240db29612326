"""`reconciler state list`: the addresses, and how each of them stands."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.help import command
from reconciler.cli.options import chosen_options, format_option, output_options, where_options
from reconciler.cli.values import ManifestOptions, SelectionOptions
from reconciler.cli.views.console import Console
from reconciler.cli.views.table import columns
from reconciler.cli.workspace import LoadedState, find_store, survey
from reconciler.model.address import Address
from reconciler.model.errors import UsageError
from reconciler.model.strings import nearest, plural, printable

if TYPE_CHECKING:
    from reconciler.state.model import Entry
    from reconciler.state.working_state import WorkingState


@command(name="list", epilog="Example: reconciler state list --target 'acme-*'")
@where_options
@chosen_options
@format_option("text", "json")
@output_options
@click.pass_obj
def list_(
    console: Console, *, where: ManifestOptions, chosen: SelectionOptions, output: str
) -> int:
    """List the clients that the state knows.

    One line each: address, live name, and whether its sinks have its secret. What a journal holds
    and the state does not is among them. Labels are those that the manifest has.
    """
    ground = survey(find_store(where))
    labels = _labels(where) if chosen.labels else {}
    rows = list(_rows(ground.working, chosen, labels)) if ground.working else []
    asked = [f"`{each}`" for each in chosen.targets]
    asked += [f"the label {name}={value}" for name, value in chosen.labels]
    if asked and not rows:
        raise UsageError(
            f"nothing in the state matches {', '.join(asked)}",
            hint="`reconciler state list` without --target and --label shows every address",
        )
    if output == "json":
        console.document({"format": "reconciler.state-list", "version": 1, "clients": rows})
    elif rows:
        cells = [
            (printable(row["address"]), printable(row.get("live_name", "-")), _status(row))
            for row in rows
        ]
        console.data("\n".join(columns(cells, console.room)))
    else:
        console.note("the state knows no client")
    return 0


def _labels(where: ManifestOptions) -> "Mapping[str, Mapping[str, str]]":
    from reconciler.cli.workspace import load_manifest

    return {key: each.labels for key, each in load_manifest(where).instances.items()}


def known_entry(ground: LoadedState, address: Address) -> "Entry":
    """Return what is known of an address.

    Raises:
        UsageError: nothing is; with the nearest address that is known.

    """
    working = ground.working
    if working is not None and address in working.clients:
        return working.clients[address]
    if working is not None and any(each.address == address for each in working.open.values()):
        raise UsageError(
            f"what became of the create of {address} is not known yet",
            hint="the next apply finds out",
        )
    raise unknown_address(address, working.clients if working is not None else ())


def unknown_address(address: Address, clients: Iterable[Address]) -> UsageError:
    """Return the error that says that nothing is known of an address.

    What was meant is looked for in its instance and among clients of its name: never among all.
    """
    near = [
        str(each)
        for each in clients
        if each.instance == address.instance or each.client == address.client
    ]
    meant = nearest(str(address), near)
    hint = f"did you mean `{meant}`?" if meant else "`reconciler state list` shows what it knows"
    return UsageError(f"the state knows no client `{address}`", hint=hint)


def _rows(
    working: "WorkingState", chosen: SelectionOptions, labels: Mapping[str, Mapping[str, str]]
) -> Iterator[Mapping[str, Any]]:
    from reconciler.plan.selection import Selection

    attempts = [each.address for each in working.open.values()]
    orphans = [each.intent.address for each in working.orphans.values()]
    selection = Selection(
        targets=chosen.targets, excludes=chosen.excludes, labels=dict(chosen.labels)
    )
    for address in sorted({*working.clients, *attempts, *orphans}):
        if selection.matches(address, labels.get(address.instance, {})):
            entry = working.clients.get(address)
            yield {
                "address": str(address),
                **(_standing(entry) if entry is not None else {}),
                "attempts": attempts.count(address),
                "orphans": orphans.count(address),
            }


def _standing(entry: "Entry") -> Mapping[str, Any]:
    return {
        "live_name": entry.live_name,
        "client_id": entry.client_id,
        "delivered": not entry.waiting,
        "waiting": list(entry.waiting),
        "adopted": entry.adopted,
        "retiring": [old.live_name for old in entry.retiring],
    }


def _status(row: Mapping[str, Any]) -> str:
    words = []
    if row.get("adopted"):
        words.append("adopted")
    elif row.get("waiting"):
        words.append(f"waiting for {printable(', '.join(row['waiting']))}")
    elif "client_id" in row:
        words.append("delivered")
    if row.get("retiring"):
        words.append(f"{plural(len(row['retiring']), 'predecessor')} to retire")
    if row["attempts"]:
        words.append("outcome of a create unknown")
    if row["orphans"]:
        words.append(plural(row["orphans"], "orphan"))
    return ", ".join(words)
