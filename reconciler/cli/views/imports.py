"""What an import found or did, as text and as a document."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from reconciler.cli.views import causes
from reconciler.cli.views.console import Console
from reconciler.documents.envelope import envelope
from reconciler.model.address import Address
from reconciler.model.scope import is_same
from reconciler.model.strings import plural, printable

if TYPE_CHECKING:
    from reconciler.model.client import ListedClient
    from reconciler.model.manifest import Manifest
    from reconciler.operations.generate_manifest import UnmanagedClients
    from reconciler.operations.import_clients import ImportReport
    from reconciler.state.model import Entry

_DIFFERS: Final = "; its scope differs: the next plan replaces it, and a consumer may still use it"


def show_report(console: Console, desired: "Manifest", report: "ImportReport", output: str) -> None:
    """Write what was imported, and what was left out and why."""
    console.must_go_on = True
    for note in report.notes:
        console.warn(note, hint="`reconciler rotate ADDRESS` creates a client with a new secret")
    rows = [
        _imported(desired, address, entry) for address, entry in sorted(report.imported.items())
    ]
    if output == "json":
        console.document(_document(report.left, adopted=rows))
    else:
        for row in rows:
            more = f"; its secret in {', '.join(row['delivered'])} works" * bool(row["delivered"])
            more += _DIFFERS * row["scope_differs"]
            line = f"{row['address']}: adopted (client {row['client_id']}){more}"
            console.report(printable(line))
        console.report(f"Adopted: {plural(len(rows), 'client')}.")
    causes.show_left(console, report.left, desired.instances, code="not-adopted")


def show_skipped(console: Console, unmanaged: "UnmanagedClients") -> None:
    """Write which clients no entry can be generated for."""
    skipped = unmanaged.skipped
    if skipped:
        lines = "".join(f"\n  {printable(str(address))}: {why}" for address, why in skipped)
        console.warn(f"{plural(len(skipped), 'client')} left out:{lines}")
    if unmanaged.deselected:
        count = plural(unmanaged.deselected, "client")
        console.note(f"{count} left out by --target, --exclude or --label")


def show_unseen(console: Console, desired: "Manifest", unmanaged: "UnmanagedClients") -> None:
    """Write which instances could not be listed."""
    unseen = {key: f"could not be looked at: {why}" for key, why in unmanaged.unseen.items()}
    causes.show_left(console, unseen, desired.instances, "unreachable")


def show_written(console: Console, unmanaged: "UnmanagedClients", files: Sequence[str]) -> None:
    """Write how many entries were added to the manifest, and to which of its files."""
    count = sum(map(len, unmanaged.found.values()))
    console.note(
        f"added {plural(count, 'client')} to {', '.join(files)}",
        hint="look at them, then `reconciler import --all` adopts them",
    )


def unmanaged_document(unmanaged: "UnmanagedClients") -> Mapping[str, Any]:
    """Return the clients that are not managed as an object for a program."""
    rows = [_listed(key, each) for key, clients in unmanaged.found.items() for each in clients]
    skipped = {str(address): why for address, why in unmanaged.skipped}
    return _document({**unmanaged.unseen, **skipped}, unmanaged=rows)


def _document(
    left: Mapping[str, str],
    *,
    adopted: Sequence[Mapping[str, Any]] = (),
    unmanaged: Sequence[Mapping[str, Any]] = (),
) -> Mapping[str, Any]:
    return {
        **envelope("import"),
        "adopted": list(adopted),
        "unmanaged": list(unmanaged),
        "left": [{"what": what, "message": why} for what, why in sorted(left.items())],
    }


def _imported(desired: "Manifest", address: Address, entry: "Entry") -> dict[str, Any]:
    return {
        "address": str(address),
        "live_name": entry.live_name,
        "client_id": entry.client_id,
        "id": entry.id,
        "scope": list(entry.scope),
        "delivered": sorted(entry.delivered),
        "scope_differs": not is_same(entry.scope, desired.clients[address].scope),
    }


def _listed(key: str, listed: "ListedClient") -> Mapping[str, Any]:
    return {
        "address": str(Address(key, listed.name)),
        "live_name": listed.name,
        "client_id": listed.client_id,
        "id": listed.id,
        "owner": listed.owner,
        "scope": list(listed.scope),
        "description": listed.description,
    }
