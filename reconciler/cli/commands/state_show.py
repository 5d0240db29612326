"""`reconciler state show`: all that is known of one client, but not its secret."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import click

from reconciler.cli.commands.state_list import unknown_address
from reconciler.cli.help import command
from reconciler.cli.options import format_option, output_options, where_options
from reconciler.cli.types import AddressType
from reconciler.cli.values import ManifestOptions
from reconciler.cli.views.console import Console
from reconciler.cli.views.table import fold
from reconciler.cli.workspace import LoadedState, find_store, survey
from reconciler.model.address import Address
from reconciler.model.strings import format_duration, printable

if TYPE_CHECKING:
    from reconciler.state.journal_records import CreatedRecord, Intent
    from reconciler.state.model import Entry, Retiring, StoredSecret

NOT_KEPT: Final = "not kept"
UNKNOWN: Final = "unknown"
KEYS: Final = 12
"""How wide the names are that stand before what is known."""


@command(epilog="Example: reconciler state show acme-prod/Reporting --format json")
@click.argument("address", type=AddressType())
@where_options
@format_option("text", "json")
@output_options
@click.pass_obj
def show(console: Console, *, address: Address, where: ManifestOptions, output: str) -> int:
    """Show all of one client but its secret.

    Of the secret of the client at ADDRESS it says how it is kept: sealed, plain or not at all. That
    of an adopted client is unknown until it is given or the client is rotated.
    """
    found = _document(survey(find_store(where)), address)
    if output == "json":
        console.document({"format": "reconciler.state-show", "version": 1, **found})
    else:
        console.data("\n".join(_lines(found, console.room)))
    return 0


def _document(ground: LoadedState, address: Address) -> Mapping[str, Any]:
    working = ground.working
    if working is None:
        raise unknown_address(address, ())
    entry = working.clients.get(address)
    attempts = [each for each in working.open.values() if each.address == address]
    orphans = [each for each in working.orphans.values() if each.intent.address == address]
    if entry is None and not attempts and not orphans:
        raise unknown_address(address, working.clients)
    return {
        "address": str(address),
        **(_known(ground, address, entry) if entry is not None else {}),
        "attempts": [_attempt(each) for each in attempts],
        "orphans": [_orphan(each) for each in orphans],
    }


def _known(ground: LoadedState, address: Address, entry: "Entry") -> Mapping[str, Any]:
    kept = ground.working.secret_of(entry.client_id, entry) if ground.working else None
    written = ground.state.clients.get(address) if ground.state else None
    in_state = written is not None and written.secret is not None
    return {
        "domain": entry.domain,
        "live_name": entry.live_name,
        "client_id": entry.client_id,
        "id": entry.id,
        "owner": entry.owner,
        "scope": list(entry.scope),
        "description": entry.description,
        "created_at": entry.created_at,
        "adopted": entry.adopted,
        "secret": UNKNOWN if kept is None and _is_unknown(entry) else _way(kept),
        "secret_in": None if kept is None else "state" if in_state else "journal",
        "sinks": [_sink(entry, sink) for sink in entry.sinks],
        "protect": entry.protect,
        "on_remove": entry.on_remove,
        "overlap": entry.overlap,
        "retiring": [_predecessor(each) for each in entry.retiring],
    }


def _is_unknown(entry: "Entry") -> bool:
    """Say whether nobody here ever had the secret: the client was adopted."""
    return entry.adopted and not entry.delivered


def _way(kept: "StoredSecret | None") -> str:
    from reconciler.state.model import Sealed

    if kept is None:
        return NOT_KEPT
    return "sealed" if isinstance(kept, Sealed) else "plain"


def _sink(entry: "Entry", sink: str) -> Mapping[str, Any]:
    reached = entry.delivered.get(sink)
    if reached is None:
        return {"sink": sink, "delivered_at": None, "target": None}
    return {"sink": sink, "delivered_at": reached.at, "target": reached.target}


def _predecessor(old: "Retiring") -> Mapping[str, Any]:
    return {
        "live_name": old.live_name,
        "client_id": old.client_id,
        "id": old.id,
        "scope": list(old.scope),
        "overlap": old.overlap,
    }


def _attempt(intent: "Intent") -> Mapping[str, Any]:
    return {"key": intent.nonce, "live_name": intent.live_name, "at": intent.at}


def _orphan(made: "CreatedRecord") -> Mapping[str, Any]:
    return {
        "key": made.key,
        "live_name": made.intent.live_name,
        "at": made.created.at,
        "secret": _way(made.created.secret),
    }


def _lines(found: Mapping[str, Any], room: int) -> Iterator[str]:
    for key, value in found.items():
        for said in _said(key, value):
            line = f"{_label(key, found):<{KEYS}} {printable(said)}"
            yield from fold(line, room, " " * (KEYS + 1))


def _label(key: str, found: Mapping[str, Any]) -> str:
    """Return a key for a reader; of a client that was adopted only its adoption is known."""
    return "adopted at" if key == "created_at" and found["adopted"] else key.replace("_", " ")


def _said(key: str, value: Any) -> Iterator[str]:
    """Yield what stands behind a key: one line, or one for each of a list; nothing for nothing."""
    match key, value:
        case _, None | "" | False | []:
            return
        case "overlap", length:
            yield from [format_duration(length)] if length else []
        case "scope", scope:
            yield ", ".join(scope)
        case "sinks", sinks:
            for each in sinks:
                reached = each["delivered_at"]
                yield f"{each['sink']}: " + (f"{each['target']}, {reached}" if reached else "waits")
        case "retiring", old:
            yield from (f"{each['live_name']} ({each['client_id']})" for each in old)
        case "attempts", attempts:
            yield from (f"{e['live_name']}, {e['at']}, outcome unknown" for e in attempts)
        case "orphans", orphans:
            yield from (f"{e['live_name']} ({e['key']}), secret {e['secret']}" for e in orphans)
        case _:
            yield "yes" if value is True else str(value)
