"""Loads what operations work on: the manifest from disk, and the state with its journals."""

import gc
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from reconciler.model.damaged_file import BOMS, damage
from reconciler.model.errors import ReconcilerError
from reconciler.system.bounded_read import FileTooLarge, read_bounded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.manifest.load import Source
    from reconciler.model.manifest import Manifest
    from reconciler.ports import LeftoverJournal, StateStore
    from reconciler.state.client_index import Identity as Known
    from reconciler.state.model import State
    from reconciler.state.working_state import WorkingState
    from reconciler.stores.encryption import Identity

SUFFIXES: Final = (".yaml", ".yml")
"""How the files of a manifest's folder end."""

LARGEST: Final = 256 * 1024 * 1024
"""The most bytes that one manifest file may have: forty times a fleet of 50,000 clients."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectPaths:
    """The file or folder of the manifest, and the state file if the user named one."""

    file: str
    state: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedState:
    """What is known before a run: the state as written, and the journals of earlier runs.

    `working` is the state with the records of `journals` applied; None if neither exists.
    `identities` are the available private keys, usually none.
    """

    state: "State | None"
    working: "WorkingState | None"
    journals: "Sequence[LeftoverJournal]" = ()
    identities: "Sequence[Identity]" = ()

    @property
    def known(self) -> "State | None":
        """Return what a plan compares with: the state as the journals complete it."""
        if self.working is None:
            return None
        return self.working.state(serial=self.working.serial)

    @property
    def attempts(self) -> "tuple[Known, ...]":
        """Return the clients that only journals know."""
        from reconciler.state.client_index import of_attempts

        working = self.working
        if working is None:
            return ()
        return tuple(of_attempts(working.open.values(), working.orphans.values()))

    @property
    def available_secrets(self) -> frozenset[str]:
        """Return the ids of clients whose secret can be delivered though the state shows none.

        A journal holds it, or an identity opens it.

        Raises:
            StateRefused: a sealed secret is damaged, or was moved from another client.

        """
        if self.working is None:
            return frozenset()
        return frozenset(self.working.made).union(_openable(self.working, self.identities))


def _openable(working: "WorkingState", identities: "Sequence[Identity]") -> "Iterator[str]":
    if not identities:
        return
    from reconciler.state.model import Sealed
    from reconciler.stores.encryption import open_sealed

    for entry in working.clients.values():
        sealed = entry.secret
        if isinstance(sealed, Sealed) and open_sealed(
            sealed, client_id=entry.client_id, identities=identities
        ):
            yield entry.client_id


def read_manifest(
    where: ProjectPaths, *, instead: "Mapping[str, bytes] | None" = None
) -> "Manifest":
    """Read and check the manifest; `instead` is what some of its files are to say.

    Raises:
        InvalidInput: with every mistake in it.
        ReconcilerError: there is no such file, or it cannot be read.

    """
    from reconciler.manifest.load import load

    path = Path(where.file)
    root = path if path.is_dir() else path.parent
    return load(
        _sources(path, instead or {}),
        root=str(root),
        is_folder=path.is_dir(),
        read=lambda name: (root / name).read_text(encoding="utf-8"),
    )


def load_manifest(
    where: ProjectPaths, *, instead: "Mapping[str, bytes] | None" = None
) -> "Manifest":
    """Read the manifest for a process that works on it alone.

    Raises:
        InvalidInput: with every mistake in it.
        ReconcilerError: there is no such file, or it cannot be read.

    """
    desired = read_manifest(where, instead=instead)
    gc.freeze()  # a fleet's values live as long as the process: the collector need not walk them
    return desired


def is_manifest(path: Path, where: ProjectPaths) -> bool:
    """Say whether a path is a manifest file, or would be read as one of its folder."""
    root, here = Path(where.file).resolve(), path.resolve()
    return here == root or (here.parent == root and here.suffix in SUFFIXES)


def load_state(store: "StateStore", identities: "Sequence[Identity]" = ()) -> LoadedState:
    """Read the state and the journals that earlier runs left, without a lock.

    The journals are read first: a run that ends in between has moved their records into the
    state, where they change nothing. The other way round they would be seen in neither.

    Raises:
        StateRefused: either is corrupt, newer, or they do not belong together.

    """
    journals = store.journals(None)
    state = store.read()
    if state is not None and any(each.header.lineage != state.lineage for each in journals):
        journals = store.journals(state.lineage)
    working = _replayed(state, journals)
    return LoadedState(state=state, working=working, journals=journals, identities=identities)


def _replayed(
    state: "State | None", journals: "Sequence[LeftoverJournal]"
) -> "WorkingState | None":
    if state is None and not journals:
        return None
    from reconciler.state.model import State
    from reconciler.state.relocation import Relocation
    from reconciler.state.working_state import WorkingState

    if state is None:
        state = State(lineage=journals[0].header.lineage)
    working = WorkingState.of(state)
    relocation = Relocation(working.clients)
    for journal in journals:
        for each in relocation.relocated(journal.records):
            working.apply(each)
    return working


def _sources(path: Path, instead: "Mapping[str, bytes]") -> "list[Source]":
    from reconciler.manifest.load import Source

    files = _manifest_files(path) if path.is_dir() else [path]
    return [
        Source(name=name, data=instead[name] if name in instead else _bytes(Path(name)))
        for name in map(str, files)
    ]


def _manifest_files(folder: Path) -> list[Path]:
    files = sorted(
        each
        for each in folder.iterdir()
        if each.suffix in SUFFIXES and not each.name.startswith(".") and each.is_file()
    )
    if not files:
        raise ReconcilerError(
            f"there is no manifest in the folder `{folder}`",
            hint="its *.yaml and *.yml files are read, those of its folders are not",
        )
    for each in files:
        try:
            each.name.encode()
        except UnicodeEncodeError:
            raise ReconcilerError(
                f"the name of the manifest file `{each}` is not UTF-8", hint="rename it"
            ) from None
    return files


def _bytes(path: Path) -> bytes:
    try:
        data = read_bounded(path, LARGEST, regular=False)  # `-f /dev/stdin` is a pipe
    except FileNotFoundError:
        raise ReconcilerError(
            f"there is no manifest `{path}`",
            hint="`-f PATH` names another file or folder, and so does RECONCILER_FILE",
        ) from None
    except FileTooLarge:
        raise ReconcilerError(
            f"the manifest `{path}` is larger than 256 MiB",
            hint="divide it into files of one folder, and give the folder to -f",
        ) from None
    except OSError as error:
        raise ReconcilerError(f"the manifest `{path}` cannot be read: {error.strerror}") from None
    wrong = None if data.startswith(BOMS) else damage(data)  # a parser reports or accepts those
    if wrong is not None:
        raise ReconcilerError(f"the manifest `{path}` {wrong[0]}", hint=wrong[1])
    return data
