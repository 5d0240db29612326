"""Writes down what exists: manifest entries for clients that nobody manages."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.manifest import generate
from reconciler.manifest.yaml.editor import inserted
from reconciler.model.address import Address
from reconciler.model.client import DesiredClient
from reconciler.model.errors import InvalidInput, ReconcilerError
from reconciler.model.scope import canonical
from reconciler.model.source_location import SourceLocation
from reconciler.operations.workspace import ProjectPaths

if TYPE_CHECKING:
    from reconciler.model.client import ListedClient
    from reconciler.model.instance import Instance
    from reconciler.model.manifest import Manifest

    Found = Mapping[str, Sequence[ListedClient]]


def write(where: ProjectPaths, desired: "Manifest", found: "Found") -> tuple[str, ...]:
    """Add the entries to the manifest's files, comments kept; return the files' names.

    What the files say afterwards is read before any of them is written: it must be what they said,
    and the new clients.

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
    from reconciler.operations.workspace import load_manifest

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
    """Return instances or clients without where they are written."""
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
