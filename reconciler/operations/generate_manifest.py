"""Generates manifest entries for clients that exist at Domo and are not managed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.manifest import generate
from reconciler.manifest.yaml.editor import inserted
from reconciler.model.address import Address
from reconciler.model.client import DesiredClient
from reconciler.model.client_name import form
from reconciler.model.errors import InvalidInput, ReconcilerError
from reconciler.model.scope import canonical
from reconciler.model.source_location import SourceLocation
from reconciler.operations.workspace import ProjectPaths, load_manifest, load_state
from reconciler.plan.imports import importable_clients, unimportable_clients

if TYPE_CHECKING:
    from reconciler.model.client import ListedClient
    from reconciler.model.instance import Instance
    from reconciler.model.manifest import Manifest
    from reconciler.operations.adapters import Adapters
    from reconciler.plan.selection import Selection

    Found = Mapping[str, Sequence[ListedClient]]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnmanagedClients:
    """The clients by instance that an entry can be generated for.

    `skipped` are the others, as pairs of a name `INSTANCE/CLIENT` and the reason. `deselected`
    counts those that the selection leaves out. `unseen` are the instances that could not be listed,
    with the reason.
    """

    found: "Found"
    skipped: Sequence[tuple[Address, str]]
    deselected: int
    unseen: Mapping[str, str]


def find_unmanaged(
    machine: "Adapters", keys: Collection[str], selection: "Selection | None"
) -> UnmanagedClients:
    """List instances, and return their clients that neither the state nor the manifest has.

    A selection may name clients that are not in the manifest.
    """
    from reconciler.operations.import_clients import known_state, list_instances

    desired, ground = machine.desired, load_state(machine.store)

    def meant(address: Address) -> bool:
        instance = desired.instances.get(address.instance)
        labels = instance.labels if instance is not None else {}
        return selection is None or selection.matches(address, labels)

    # A target may name a client, which an address without a client does not match.
    named = selection is not None and bool(selection.targets)
    listing = list_instances(
        machine, ground, [key for key in keys if named or meant(Address(key, ""))]
    )
    known = known_state(machine, ground).clients
    wanted = {(each.instance, form(each.client)): each for each in desired.clients}
    found: dict[str, list[ListedClient]] = {}
    skipped: list[tuple[Address, str]] = []
    deselected = 0
    for key, view in listing.views.items():
        obstacles = unimportable_clients(view, known, key, desired.allow_scopes)
        reasons = {id(each): why for each, why in obstacles}
        importable = importable_clients(view, known, key, desired.allow_scopes)
        for each in (*importable, *(listed for listed, _ in obstacles)):
            address = Address(key, each.name)
            same = wanted.get((key, form(each.name)))
            if not meant(address):
                deselected += 1
            elif id(each) in reasons:
                skipped.append((address, reasons[id(each)]))
            elif same is not None:
                why = f"the manifest has it: `reconciler import '{same}'` imports it"
                skipped.append((address, why))
            else:
                found.setdefault(key, []).append(each)
    return UnmanagedClients(
        found=found, skipped=skipped, deselected=deselected, unseen=listing.unseen
    )


def write_entries(where: ProjectPaths, desired: "Manifest", found: "Found") -> tuple[str, ...]:
    """Add the entries to the manifest's files and return the names of these files.

    Comments are kept. The new text is parsed before a file is written: it must contain what the
    manifest contained, and the new clients.

    Raises:
        ReconcilerError: an instance is not written in block form; nothing was written.

    """
    texts: dict[str, str] = {}
    for key in sorted(found, key=lambda each: -desired.instances[each].place.line):
        place = desired.instances[key].place
        before = texts.get(place.file) or Path(place.file).read_bytes().decode()
        after = inserted(before, line=place.line, entries=partial(generate.entries, found[key]))
        if after is None:
            raise _not_ours(key, str(place))
        texts[place.file] = after
    _check(where, desired, found, texts)
    _write_all(texts)
    return tuple(sorted(texts))


def _write_all(texts: Mapping[str, str]) -> None:
    from reconciler.system.atomic_files import followed, write_atomically

    for name, text in sorted(texts.items()):
        path = followed(Path(name))
        try:
            write_atomically(path, text.encode(), mode=path.stat().st_mode & 0o777)
        except OSError as error:
            raise ReconcilerError(f"`{name}` cannot be written: {error.strerror}") from None


def _check(
    where: ProjectPaths, desired: "Manifest", found: "Found", texts: Mapping[str, str]
) -> None:
    try:
        now = load_manifest(where, instead={name: text.encode() for name, text in texts.items()})
    except InvalidInput:
        now = None
    new = {Address(key, each.name): canonical(each.scope) for key in found for each in found[key]}
    if (
        now is None
        or _unplaced(now.instances) != _unplaced(desired.instances)
        or _unplaced({each: now.clients.get(each) for each in desired.clients})
        != _unplaced(desired.clients)
        or {each: now.clients[each].scope for each in now.clients.keys() - desired.clients} != new
    ):
        key = next(iter(found))
        raise _not_ours(key, str(desired.instances[key].place))


def _unplaced(values: "Mapping[Any, Instance | DesiredClient | None]") -> dict[Any, Any]:
    """Return instances or clients without their source locations."""
    nowhere = SourceLocation("", 0, 0)
    found: dict[Any, Any] = {}
    for key, value in values.items():
        if isinstance(value, DesiredClient):
            found[key] = replace(value, place=nowhere, inherited={})
        elif value is not None:
            found[key] = replace(value, place=nowhere)
    return found


def _not_ours(key: str, place: str) -> ReconcilerError:
    return ReconcilerError(
        f"{place}: the instance {key} is not written so that clients can be added to it",
        hint="without --write the entries are printed: paste them there; nothing was written",
    )
