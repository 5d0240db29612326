"""The clients of the state, as a table and as a document."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reconciler.cli.views.console import Console
from reconciler.cli.views.table import columns
from reconciler.documents.envelope import envelope
from reconciler.model.strings import plural, printable
from reconciler.operations.known_clients import KnownClient

if TYPE_CHECKING:
    from reconciler.state.model import Entry


def document(found: Iterable[KnownClient]) -> dict[str, object]:
    """Return the clients as an object for a program."""
    return {**envelope("state-list"), "clients": [*map(_row, found)]}


def show(console: Console, found: Sequence[KnownClient]) -> None:
    """Write one line for each client: address, live name and whether its sinks have its secret."""
    if not found:
        console.note("the state knows no client")
        return
    cells = [
        (printable(str(each.address)), printable(_live_name(each)), _status(each)) for each in found
    ]
    console.data("\n".join(columns(cells, console.room)))


def _row(known: KnownClient) -> Mapping[str, Any]:
    return {
        "address": str(known.address),
        **(_entry(known.entry) if known.entry is not None else {}),
        "attempts": len(known.attempts),
        "orphans": len(known.orphans),
    }


def _entry(entry: "Entry") -> Mapping[str, Any]:
    return {
        "live_name": entry.live_name,
        "client_id": entry.client_id,
        "delivered": not entry.waiting,
        "waiting": list(entry.waiting),
        "adopted": entry.adopted,
        "retiring": [old.live_name for old in entry.retiring],
    }


def _live_name(known: KnownClient) -> str:
    return known.entry.live_name if known.entry is not None else "-"


def _status(known: KnownClient) -> str:
    words, entry = [], known.entry
    if entry is not None:
        if entry.adopted:
            words.append("adopted")
        elif entry.waiting:
            words.append(f"waiting for {printable(', '.join(entry.waiting))}")
        else:
            words.append("delivered")
        if entry.retiring:
            words.append(f"{plural(len(entry.retiring), 'predecessor')} to retire")
    if known.attempts:
        words.append("outcome of a create unknown")
    if known.orphans:
        words.append(plural(len(known.orphans), "orphan"))
    return ", ".join(words)
