"""What was reviewed is what is done: the plan that was agreed to, and the plan as it is now."""

import contextlib
import itertools
import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from reconciler.model.errors import PlanRefused, ReconcilerError, UsageError
from reconciler.model.strings import lines_limited
from reconciler.operations.plan import PlanOptions
from reconciler.system.bounded_read import read_bounded

if TYPE_CHECKING:
    from reconciler.model.manifest import Manifest
    from reconciler.plan.action import Plan
    from reconciler.state.model import OpenPlan

LARGEST: Final = 256 * 1024 * 1024
SHOWN: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewedPlan:
    """The id of a plan, and the plan itself if it was saved in a file."""

    plan_id: str
    saved: "Plan | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedPlan:
    """The plan to carry out, and the instances that are left out because their part changed.

    `rest_of` is the reviewed plan as the state keeps it, if `plan` is only a part of it. `put_off`
    are the instances of the reviewed plan that this run must not touch.
    """

    plan: "Plan"
    stale: tuple[str, ...] = ()
    rest_of: "OpenPlan | None" = None
    put_off: frozenset[str] = frozenset()


def read_plan(path: str) -> "Plan":
    """Read a plan that `plan --out` saved.

    Raises:
        ReconcilerError: there is no such file, or it cannot be read.
        PlanRefused: it is not a plan, or was changed.

    """
    from reconciler.plan.document import read_document

    try:
        data = read_bounded(Path(path), LARGEST, regular=False)  # `/dev/stdin` is a pipe
    except OSError as error:
        raise ReconcilerError(
            f"the plan `{path}` cannot be read: {error.strerror}",
            hint="`reconciler plan --out plan.json` saves one",
        ) from None
    return read_document(data)


def reviewed_plan(
    plan_file: str | None, plan_id: str | None, *, skip_stale: bool
) -> ReviewedPlan | None:
    """Return the plan that the command line names, None if it names no plan.

    Raises:
        UsageError: the options do not go together.

    """
    if plan_file is None:
        if skip_stale:
            raise UsageError("--skip-stale needs a saved plan", hint="reconciler apply plan.json")
        return _by_id(plan_id) if plan_id is not None else None
    saved = read_plan(plan_file)
    if plan_id is not None and plan_id != saved.id:
        raise PlanRefused(
            f"`{plan_file}` is the plan {saved.id}, not {plan_id}",
            hint="give the plan that was reviewed",
        )
    return ReviewedPlan(plan_id=saved.id, saved=saved)


def _by_id(plan_id: str) -> ReviewedPlan:
    plan_id = plan_id.strip().lower()
    if not re.fullmatch("[0-9a-f]{64}", plan_id):
        raise UsageError(
            f"`{plan_id}` is not a plan's id",
            hint="it has 64 hexadecimal digits, and every plan shows its own",
        )
    return ReviewedPlan(plan_id=plan_id)


def saved_options(saved: "Plan", options: PlanOptions) -> PlanOptions:
    """Return the options that the saved plan was made with.

    Raises:
        UsageError: `options` has another selection, or a refresh that the saved plan was not made
            with.

    """
    given = (options.targets, options.excludes, dict(options.labels))
    if given not in (((), (), {}), (saved.targets, saved.excludes, dict(saved.labels))):
        raise UsageError(
            "a saved plan has its own selection: --target, --exclude and --label do not narrow it",
            hint="save one with them: reconciler plan --target … --out FILE",
        )
    if options.refresh and not saved.refreshed:
        raise UsageError(
            "the saved plan was made without --refresh",
            hint="save one with it: reconciler plan --refresh --out FILE",
        )
    return PlanOptions(
        as_of=saved.as_of,
        targets=saved.targets,
        excludes=saved.excludes,
        labels=saved.labels,
        request=saved.wish,
        refresh=saved.refreshed,
        accept_missing=tuple(sorted({*saved.accept_missing, *options.accept_missing})),
    )


def settle(
    desired: "Manifest",
    now: "Plan",
    agreed: ReviewedPlan,
    open_plan: "OpenPlan | None",
    *,
    skip_stale: bool,
) -> ApprovedPlan:
    """Return what may be done of the plan as it is now.

    It must be the plan that was agreed to, or what is left of it after an apply that did not come
    to its end; with `skip_stale` the instances whose part is unchanged.

    Raises:
        PlanRefused: it is another plan; the message says how it differs.

    """
    from reconciler.plan.staleness import parts_left, put_off

    if now.id == agreed.plan_id:
        _refuse_changed_file(now, agreed.saved)
        return ApprovedPlan(plan=now)
    begun = open_plan if open_plan and open_plan.plan_id == agreed.plan_id else None
    if begun is None and not now.actions:
        return ApprovedPlan(plan=now)
    reviewed = begun or (put_off(agreed.saved) if agreed.saved is not None else None)
    if reviewed is None:
        raise _other_id(now, agreed.plan_id, Path(desired.root))
    accepted = parts_left(desired, now, reviewed)
    stale = now.parts.keys() - accepted
    # If nothing of the plan is left to apply, nothing is done: that is an error, not a partial run.
    skips = skip_stale and (accepted or begun)
    if (stale or not begun) and not skips:
        raise _moved(now, agreed, begun, stale)
    still_open = {each.address.instance for each in reviewed.actions}
    return ApprovedPlan(
        plan=_only(now, accepted),
        stale=tuple(sorted(stale)),
        rest_of=reviewed,
        put_off=frozenset(stale | (still_open - reviewed.definitions.keys() - accepted)),
    )


def _only(plan: "Plan", keys: frozenset[str]) -> "Plan":
    return replace(
        plan,
        actions=tuple(each for each in plan.actions if each.address.instance in keys),
        parts={key: digest for key, digest in plan.parts.items() if key in keys},
        problems=tuple(
            each for each in plan.problems if each.address is None or each.address.instance in keys
        ),
    )


def _refuse_changed_file(now: "Plan", saved: "Plan | None") -> None:
    if saved is None:
        return
    # Where the manifest was read from is only said to the reader: another folder is no change.
    before, after = (
        [replace(each, origin=None, reason="", timed=False) for each in plan.actions]
        for plan in (saved, now)
    )
    if (before, saved.parts) != (after, now.parts):
        raise PlanRefused(
            "the plan file was changed since it was saved: its actions are not those of its id",
            hint="make it again, and have it reviewed again",
        )


def _moved(
    now: "Plan", agreed: ReviewedPlan, begun: "OpenPlan | None", stale: Collection[str]
) -> PlanRefused:
    """Return the error for a plan that has changed; of a begun one, only the rest can change."""
    from reconciler.plan.staleness import describe_difference, describe_open_difference

    if agreed.saved is not None:
        lines = describe_difference(agreed.saved, now, stale if begun is not None else None)
    else:
        lines = describe_open_difference(begun, now, stale) if begun is not None else ()
    skip = ", or apply what has not changed with --skip-stale" if agreed.saved is not None else ""
    return PlanRefused(
        "the plan is not the reviewed one any more: nothing was done" + lines_limited(lines, SHOWN),
        hint=f"review the plan as it is now{skip}",
    )


def _other_id(now: "Plan", plan_id: str, folder: Path) -> PlanRefused:
    """Return the error for an id of another plan, with the difference if a file has that plan."""
    from reconciler.plan.staleness import describe_actions, describe_difference

    message = f"the plan is now {now.id}, and {plan_id} is the id of another plan: nothing was done"
    found = _saved_as(plan_id, folder)
    if found is None:
        return PlanRefused(
            f"{message}\nthe plan now:{lines_limited(describe_actions(now), SHOWN)}",
            hint="an id does not show what has changed: the manifest, the state, or an option such"
            " as --target, --refresh or --as-of; `apply plan.json` of a saved plan shows it",
        )
    path, saved = found
    lines = lines_limited(describe_difference(saved, now), SHOWN)
    return PlanRefused(
        f"{message}\nthe difference from `{path}`:{lines}",
        hint="review the plan as it is now",
    )


def _saved_as(plan_id: str, folder: Path) -> "tuple[Path, Plan] | None":
    """Return the saved plan with this id, if the current folder or the manifest's has it."""
    from reconciler.plan.document import begins_like_a_plan

    here = Path()
    for each in itertools.chain(*(sorted(at.glob("*.json")) for at in {here, folder})):
        with contextlib.suppress(OSError, ReconcilerError):
            if not each.is_file() or each.stat().st_size > LARGEST:
                continue
            with each.open("rb") as stream:
                begins = begins_like_a_plan(stream.read(200))
            if begins and (found := read_plan(str(each))).id == plan_id:
                return each, found
    return None
