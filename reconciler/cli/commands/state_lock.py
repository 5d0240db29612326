"""`reconciler state lock`: show the process that holds the state's lock."""

from typing import TYPE_CHECKING

import click

from reconciler.bootstrap import find_store
from reconciler.cli.help import command
from reconciler.cli.options import format_option, output_options, where_options
from reconciler.cli.views.console import Console
from reconciler.documents.envelope import envelope
from reconciler.model.errors import LockHeld
from reconciler.model.strings import plural
from reconciler.operations.state_lock import inspect_lock
from reconciler.operations.workspace import ProjectPaths

if TYPE_CHECKING:
    from reconciler.operations.state_lock import LockStatus


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
    status = inspect_lock(find_store(where))
    if output == "json":
        console.document(_document(status))
    if status.held is not None:
        raise LockHeld(
            status.held.message,
            hint="wait for it, or end that process: the lock is free at once then. Never delete"
            " the file",
        )
    if output == "text":
        _show_free(console, status)
    return 0


def _show_free(console: Console, status: "LockStatus") -> None:
    found = ""
    if status.is_new:
        found = ": no run has taken it yet"
    elif status.described:
        found = f": last held by {status.described}, which was killed"
    left = plural(status.journals or 0, "journal")
    hint = f"ended runs left {left}: the next apply settles what is in there"
    console.note(f"the lock is free{found}", hint=hint if status.journals else None)


def _document(status: "LockStatus") -> dict[str, object]:
    """Return the status as an object for a program; `holder` has it, or was killed with it."""
    names = ("purpose", "user", "pid", "host", "since")
    holder = status.holder
    return {
        **envelope("state-lock"),
        "held": status.held is not None,
        "holder": {name: holder.get(name) for name in names} if holder else None,
        "journals": status.journals,
    }
