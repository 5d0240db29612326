"""`reconciler state unlock`: who holds the lock, and that nothing need be removed."""

from typing import TYPE_CHECKING

import click

from reconciler.cli.options import Where, output_options, where_options
from reconciler.cli.runtime import find_store
from reconciler.cli.views.console import Console
from reconciler.model.text import plural

if TYPE_CHECKING:
    from reconciler.stores.local import LocalStore


@click.command(epilog="Example: reconciler state unlock")
@where_options
@output_options
@click.pass_obj
def unlock(console: Console, *, where: Where) -> int:
    """Say who holds the lock.

    There is nothing that would have to be removed: the system itself lets go of a lock whose
    process has ended, however it ended. While the process lives this names it and fails: end that
    process, never delete the file.
    """
    store = find_store(where)
    if not store.lock_path.exists():
        console.note("the lock is free: nobody has taken it yet")
        return 0
    from reconciler.stores.lock import described, holder

    last = described(store.lock_path) if holder(store.lock_path) else None
    with store.lock(purpose="state unlock", timeout=0):
        console.note(f"the lock is free{_ended(last)}", hint=_left(store))
    return 0


def _ended(last: str | None) -> str:
    return f": {last} had it last, and was killed" if last else ""


def _left(store: "LocalStore") -> str | None:
    journals = len(store.journals(None))
    if not journals:
        return None
    return f"ended runs left {plural(journals, 'journal')}: the next apply settles what is in there"
