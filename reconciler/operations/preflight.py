"""Checks before the first request of an apply: problems of the plan, overwritten files and git."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from reconciler.model.errors import PlanRefused, UsageError
from reconciler.model.sink import STATE
from reconciler.model.strings import lines_limited, plural

SHOWN: Final = 10

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model.manifest import Manifest
    from reconciler.operations.workspace import ProjectPaths
    from reconciler.plan.action import Plan
    from reconciler.ports import StateStore


def refuse_problems(made: "Plan", *, override_limits: bool) -> None:
    """Check that a plan has no problem that stops it.

    Raises:
        PlanRefused: with each problem, and what to do about the first.

    """
    from reconciler.plan.render.grouping import group_problems

    found = group_problems(made.problems)
    stopping = [each for each in found if not (each.override and override_limits)]
    if not stopping:
        return
    first = stopping[0]
    said = [(f"{each.place}: " if each.place else "") + each.message for each in stopping]
    more = f"\n  and {plural(len(said) - SHOWN, 'more problem')}" if len(said) > SHOWN else ""
    hint = first.hint or (f"{first.override} applies it anyway" if first.override else None)
    raise PlanRefused("\n  ".join(said[:SHOWN]) + more, hint=hint)


def reject_reserved_path(
    path: Path, option: str, where: "ProjectPaths", store: "StateStore"
) -> None:
    """Check that the file of an option is not the manifest, the state or a file beside it.

    Raises:
        UsageError: it is.

    """
    from reconciler.operations.workspace import is_manifest

    own = (
        "the state's" if store.owns(path) else "the manifest's" if is_manifest(path, where) else ""
    )
    if own:
        raise UsageError(
            f"{option} `{path}` is {own} own file: it was not written",
            hint=f"give {option} a file of its own",
        )


def refuse_overwrites(desired: "Manifest", made: "Plan", store: "StateStore") -> None:
    """Check that no secret would overwrite a file of this tool.

    The check of the manifest does not know `--state`, and does not follow links.

    Raises:
        PlanRefused: naming the files.

    """
    from reconciler.model.reserved_paths import overwrites

    writing = {each.address for each in made.actions if each.sinks}
    state = str(store.path) if store.path is not None else desired.state_path
    found = list(overwrites(desired, sorted(writing), state=state, resolve=os.path.realpath))
    if found:
        listed = lines_limited(
            [f"{each.path}: {each.what} ({each.address})" for each in found], SHOWN
        )
        raise PlanRefused(
            f"a secret would be written over a file of the tool's own:{listed}",
            hint="give the sink another path, or the state",
        )


def refuse_git(desired: "Manifest", made: "Plan", store: "StateStore") -> None:
    """Check that git ignores each file that may contain a plain secret.

    Raises:
        PlanRefused: naming the files and how to keep git from them.

    """
    actions = [each for each in made.actions if each.sinks]
    if not actions:
        return
    from reconciler.system.atomic_files import temporary_example

    paths: list[Path] = []
    if not desired.recipients:
        stays = any(STATE in each.sinks for each in desired.clients.values())
        paths += store.secret_paths() if stays else store.journal_paths()
    for action in actions:
        targets = desired.targets_of(action.address, action.sinks)
        files = [Path(desired.root, t.path) for t in targets if t.path is not None]
        paths += [each for path in files for each in (path, temporary_example(path))]
    reject_tracked_by_git(paths)


def reject_tracked_by_git(paths: "Sequence[Path]") -> None:
    """Check that git ignores these files, which may contain a plain secret.

    Raises:
        PlanRefused: naming the files and how to keep git from them.

    """
    from reconciler.stores.git_guard import FOREIGN, REMEDY, unsafe_paths

    unsafe = unsafe_paths(paths)
    foreign = {why.removeprefix(FOREIGN) for _, why in unsafe if why.startswith(FOREIGN)}
    if foreign:
        raise PlanRefused(
            "git does not answer whether it would keep a plain secret, because another user owns"
            f" the repository {', '.join(sorted(foreign))}",
            hint="if you trust it: " + " && ".join(f"{REMEDY}{each}" for each in sorted(foreign)),
        )
    if unsafe:
        listed = lines_limited([f"{path}: {reason}" for path, reason in unsafe])
        raise PlanRefused(
            f"a plain secret could land in a file that git keeps:{listed}",
            hint="add them to .gitignore (and `git rm --cached` what is tracked), or set"
            " state.encryption in the manifest for the state and its journal",
        )
