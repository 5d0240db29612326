"""Saves a plan in a file, for review and for a later apply."""

from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.model.errors import ReconcilerError, UsageError

if TYPE_CHECKING:
    from reconciler.operations.workspace import ProjectPaths
    from reconciler.plan.action import Plan
    from reconciler.ports import StateStore


def save_plan(made: "Plan", out: str, where: "ProjectPaths", store: "StateStore") -> None:
    """Write the plan to a file, for `apply`; only an earlier plan is overwritten.

    Raises:
        UsageError: something else is there.
        ReconcilerError: the disk does not take it.

    """
    from reconciler.operations.preflight import reject_reserved_path
    from reconciler.plan.render.json import render_json
    from reconciler.system.atomic_files import followed, write_atomically

    path = Path(out)
    reject_reserved_path(path, "--out", where, store)
    try:
        if not _may_be_replaced(path):
            raise UsageError(
                f"--out `{out}` is no saved plan that could be overwritten, nor a new file",
                hint="give --out another file; --format json writes the plan to standard output",
            )
        write_atomically(followed(path), render_json(made), mode=0o644)
    except OSError as error:
        raise ReconcilerError(f"the plan cannot be saved in `{out}`: {error.strerror}") from None


def _may_be_replaced(path: Path) -> bool:
    """Return whether a plan may be saved there: nothing is there, or nothing but a plan."""
    from reconciler.plan.document import begins_like_a_plan

    if not path.name or str(path) == "-" or (path.exists() and not path.is_file()):
        return False
    if not path.exists():
        return not path.is_symlink()
    with path.open("rb") as stream:
        return begins_like_a_plan(stream.read(100))
