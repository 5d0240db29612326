"""One client of the state, as lines and as a document, without its secret."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from reconciler.cli.views.console import Console
from reconciler.cli.views.table import fold
from reconciler.documents.envelope import envelope
from reconciler.model.strings import format_duration, printable
from reconciler.operations.known_clients import KnownClient, stored_secret

if TYPE_CHECKING:
    from reconciler.operations.workspace import LoadedState
    from reconciler.state.journal_records import CreatedRecord, Intent
    from reconciler.state.model import Entry, Retiring, StoredSecret

NOT_KEPT: Final = "not kept"
UNKNOWN: Final = "unknown"
KEYS: Final = 12
"""The width of the column of keys."""


def document(ground: "LoadedState", known: KnownClient) -> Mapping[str, Any]:
    """Return the client as an object for a program."""
    return {**envelope("state-show"), **_details(ground, known)}


def show(console: Console, ground: "LoadedState", known: KnownClient) -> None:
    """Write one line for each fact, and nothing for a fact that is empty."""
    console.data("\n".join(_lines(_details(ground, known), console.room)))


def _details(ground: "LoadedState", known: KnownClient) -> Mapping[str, Any]:
    return {
        "address": str(known.address),
        **(_entry(ground, known, known.entry) if known.entry is not None else {}),
        "attempts": [_attempt(each) for each in known.attempts],
        "orphans": [_orphan(each) for each in known.orphans],
    }


def _entry(ground: "LoadedState", known: KnownClient, entry: "Entry") -> Mapping[str, Any]:
    kept = stored_secret(ground, entry)
    written = ground.state.clients.get(known.address) if ground.state else None
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
    """Return whether this tool never had the secret, because the client was adopted."""
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
        for text in _values(key, value):
            line = f"{_label(key, found):<{KEYS}} {printable(text)}"
            yield from fold(line, room, " " * (KEYS + 1))


def _label(key: str, found: Mapping[str, Any]) -> str:
    """Return a key as text. `created_at` of an adopted client is the time of its adoption."""
    return "adopted at" if key == "created_at" and found["adopted"] else key.replace("_", " ")


def _values(key: str, value: Any) -> Iterator[str]:
    """Yield the lines of a value: one for each element of a list, none for an empty value."""
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
