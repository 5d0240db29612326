"""An apply that is recorded in a ledger, and one that is not."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.views.console import Console
from reconciler.model.strings import plural
from reconciler.model.timestamps import format_utc

if TYPE_CHECKING:
    from reconciler.apply.events import Listener


@dataclass(slots=True, kw_only=True)
class Recording:
    """Wraps the listener of a run. `complete` is known when the run has ended."""

    listener: "Callable[[Listener], Listener]"
    complete: bool = True


@contextmanager
def recording(
    console: Console, path: str | None, *, plan_id: str, folder: str
) -> Iterator[Recording]:
    """Record in the ledger at `path` what a run does, and say at its end how far it reaches.

    `folder` is the manifest's: its commit is recorded where no CI system says which one it is.

    Raises:
        LockHeld: another run writes that ledger.
        ReconcilerError: it cannot be written, or is not a ledger; nothing was done.

    """
    if path is None:
        yield Recording(listener=lambda listen: listen)
        return
    from reconciler.cli.views.ledger import recorded
    from reconciler.stores.ledger import Ledger
    from reconciler.system.provenance import provenance

    by = provenance(os.environ, Path(folder))
    with Ledger(Path(path)) as ledger:

        def listener(listen: "Listener") -> "Listener":
            return recorded(ledger, listen, by=by, plan_id=plan_id, now=_now)

        made = Recording(listener=listener)
        yield made
    made.complete = ledger.failure is None
    if ledger.failure is not None:
        console.problem(
            f"the ledger `{path}` lacks lines of this run: {ledger.failure}",
            hint="the state and its journal have what was done",
            code="ledger-incomplete",
        )
    else:
        lines = plural(ledger.anchor.count, "line")
        console.note(f"the ledger {path} has {lines}, head {ledger.anchor.head}")


def _now() -> str:
    return format_utc(datetime.now(UTC))
