"""`reconciler state lock`: show the process that holds the state's lock."""

from typing import TYPE_CHECKING, Any

import click

from reconciler.bootstrap import find_store
from reconciler.cli.help import command
from reconciler.cli.options import format_option, output_options, where_options
from reconciler.cli.views.console import Console
from reconciler.documents.envelope import envelope
from reconciler.model.errors import LockHeld
from reconciler.model.strings import plural
from reconciler.operations.workspace import ProjectPaths

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.stores.local import LocalStore


@command(epilog="Example: reconciler state lock")
@where_options
@format_option("text", "json")
@output_options
@click.pass_obj
def lock(console: Console, *, where: ProjectPaths, output: str) -> int:
    """Show who holds the lock.

    Nothing needs to be removed: the operating system releases the lock when the process exits. If
    the process is alive, this command names it and fails: end that process, never delete the file.
    """
    from reconciler.stores.lock import read_holder

    store = find_store(where)
    is_new = not store.lock_path.exists()
    last = None if is_new else read_holder(store.lock_path)
    ended = None if last is None else _described(store)
    try:
        journals = 0 if is_new else _journals(store)
    except LockHeld as error:
        if output == "json":
            console.document(_document(last, held=True))
        raise LockHeld(
            error.message,
            hint="wait for it, or end that process: the lock is free at once then. Never delete"
            " the file",
        ) from None
    if output == "json":
        console.document(_document(last, journals=journals))
        return 0
    found = (
        "no run has taken it yet" if is_new else ended and f"last held by {ended}, which was killed"
    )
    left = f"ended runs left {plural(journals, 'journal')}: the next apply settles what is in there"
    console.note(
        "the lock is free" + (f": {found}" if found else ""), hint=left if journals else None
    )
    return 0


def _described(store: "LocalStore") -> str:
    from reconciler.stores.lock import describe_holder

    return describe_holder(store.lock_path)


def _journals(store: "LocalStore") -> int:
    """Return how many journals ended runs left.

    Raises:
        LockHeld: a run is under way.

    """
    with store.lock(purpose="state lock", timeout=0):
        return len(store.journals(None))


def _document(
    last: "Mapping[str, Any] | None", *, held: bool = False, journals: int | None = None
) -> "Mapping[str, Any]":
    """Return an object for a program; `read_holder` is who has it, or was killed with it."""
    said = last or {}
    names = ("purpose", "user", "pid", "host", "since")
    return {
        **envelope("state-lock"),
        "held": held,
        "holder": {name: said.get(name) for name in names} if last else None,
        "journals": journals,
    }
