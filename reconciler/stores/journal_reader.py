"""Journals that earlier runs left, read without trust."""

from collections.abc import Iterable
from pathlib import Path

from reconciler.model.errors import StateRefused
from reconciler.ports import LeftoverJournal
from reconciler.state.journal_codec import decode
from reconciler.stores.bounded_read import read_state_file


def read_leftover_journals(
    paths: Iterable[Path], lineage: str | None
) -> tuple[LeftoverJournal, ...]:
    """Return the journals at `paths`, oldest first; those in which nothing was begun are left out.

    Raises:
        StateRefused: one is corrupt before its last line, newer, or not of `lineage`.

    """
    found = []
    for path in paths:
        left = _read_leftover(path)
        if left is not None:
            _require_lineage(left, lineage)
            found.append(((left.header.serial, left.header.at, _age(path), path), left))
    return tuple(left for _, left in sorted(found, key=lambda each: each[0]))


def _read_leftover(path: Path) -> LeftoverJournal | None:
    data = read_state_file(path, str(path))
    if data is None:  # its run has ended since the folder was listed
        return None
    header, records, torn = decode(data, name=str(path))
    if header is None:
        return None
    return LeftoverJournal(path=str(path), header=header, records=records, torn=torn)


def _require_lineage(left: LeftoverJournal, lineage: str | None) -> None:
    if lineage is not None and left.header.lineage != lineage:
        raise StateRefused(
            f"the journal `{left.path}` belongs to another state: its lineage is "
            f"{left.header.lineage}, this state's is {lineage}",
            hint="it may hold secrets that are nowhere else: put its own state back, or move the "
            "journal beside that state. Nothing was written",
        )


def _age(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0
