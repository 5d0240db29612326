"""The files that the tool itself reads and writes: no secret may be delivered over one of them."""

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from reconciler.model import state_files
from reconciler.model.address import Address
from reconciler.model.manifest import Manifest
from reconciler.model.sink import STATE
from reconciler.model.source_location import SourceLocation

BESIDE: Final = re.compile(rf"{state_files.ANY}(?:/.*)?", re.DOTALL)
"""The endings of the files beside the state; a file below one of them would make a folder of it."""
_BESIDE: Final = {
    None: "the state",
    state_files.BACKUP: "the state's backup",
    state_files.LOCK: "the state's lock",
}
CREDENTIAL: Final = "a file with a credential to sign on with"
RECIPIENTS: Final = "the recipients file"
MANIFEST: Final = "the manifest"
_YAML: Final = (".yaml", ".yml")


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnFile:
    """One file of the tool's own: `what` says which; `at` is the position that names it, if any."""

    what: str
    at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnFiles:
    """Every file of the tool's own, in one spelling: equal files have equal paths.

    `state` is the state's path, `named` are files by path. `folder` is one whose *.yaml and *.yml
    files are read as the manifest, None if the manifest is a file.
    """

    state: str
    state_at: int | None = None
    named: Mapping[str, OwnFile] = field(default_factory=dict)
    folder: str | None = None

    def spelt(self, spell: Callable[[str], str]) -> "OwnFiles":
        """Return the same files in another spelling, such as without symbolic links."""
        return OwnFiles(
            state=spell(self.state),
            state_at=self.state_at,
            named={spell(path): own for path, own in self.named.items()},
            folder=None if self.folder is None else spell(self.folder),
        )

    def candidates(self, paths: Sequence[str]) -> Iterator[str]:
        """Yield those of many paths that are worth a look, most often none, in a moment."""
        state, endings, named = self.state, _YAML, self.named
        for path in paths:
            if path in named or path.startswith(state) or path.endswith(endings):
                yield path

    def of(self, path: str) -> OwnFile | None:
        """Return which file a path is, None for another path."""
        if path.startswith(self.state) and (found := BESIDE.fullmatch(path, len(self.state))):
            kind = "an error log" if (found["what"] or "").endswith(".log") else "a journal"
            what = _BESIDE.get(found["what"], f"{kind} of the state")
            return OwnFile(what=what, at=self.state_at)
        if (own := self.named.get(path)) is not None:
            return own
        if path.endswith(_YAML) and self._is_manifest(path):
            return OwnFile(what="what is read as a part of the manifest")
        return None

    def _is_manifest(self, path: str) -> bool:
        folder, name = posixpath.split(path)
        return (folder or ".") == self.folder and not name.startswith(".")


@dataclass(frozen=True, slots=True, kw_only=True)
class Overwrite:
    """A client whose secret would be written over a file of the tool's own.

    `path` is that of the sink, `what` describes the file, `place` is that of the client.
    """

    address: Address
    sink: str
    path: str
    what: str
    place: SourceLocation


def overwrites(
    desired: Manifest, among: Iterable[Address], *, state: str, resolve: Callable[[str], str]
) -> Iterator[Overwrite]:
    """Yield each client `among` these with a file sink that leads to a file of the tool's own.

    `state` is the state's path, which `--state` may have given. `resolve` makes of a path what can
    be compared: `os.path.realpath` sees through links, `os.path.abspath` does not look.
    """

    def inside(path: str) -> str:
        return resolve(posixpath.join(desired.root, path))

    own = OwnFiles(
        state=resolve(state),
        named={inside(path): OwnFile(what=what) for path, what in named_files(desired)},
        folder=inside("") if desired.is_folder else None,
    )
    for client in (desired.clients[each] for each in among):
        if client.sinks == (STATE,):
            continue
        for target in desired.targets(client):
            if target.path is not None and (found := own.of(inside(target.path))):
                yield Overwrite(
                    address=client.address,
                    sink=target.sink,
                    path=target.path,
                    what=found.what,
                    place=client.place,
                )


def named_files(desired: Manifest) -> Iterator[tuple[str, str]]:
    """Yield what the manifest is and names, relative to its folder: each path and what it is."""
    for instance in desired.instances.values():
        for reference in instance.auth.references() if instance.auth else ():
            if reference.file is not None:
                yield reference.file, CREDENTIAL
    if desired.recipients_file is not None:
        yield desired.recipients_file, RECIPIENTS
    for path in desired.files:
        yield path, MANIFEST
