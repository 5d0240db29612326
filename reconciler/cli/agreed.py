"""What was reviewed is what is done: the plan that was agreed to, and the plan as it is now."""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from reconciler.cli.values import ConnectionOptions, SelectionOptions
from reconciler.model.errors import PlanRefused, ReconcilerError, UsageError

if TYPE_CHECKING:
    from reconciler.model.manifest import Manifest
    from reconciler.plan.action import Plan
    from reconciler.state.model import OpenPlan

LARGEST: Final = 256 * 1024 * 1024
SHOWN: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewedPlan:
    """A plan's id, and the plan itself where a file has it."""

    plan_id: str
    saved: "Plan | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedPlan:
    """The plan to carry out, and the instances that are left out because their part moved."""

    plan: "Plan"
    stale: tuple[str, ...] = ()


def read_plan(path: str) -> "Plan":
    """Read a plan that `plan --out` saved.

    Raises:
        ReconcilerError: there is no such file, or it cannot be read.
        PlanRefused: it is not a plan, or was changed.

    """
    from reconciler.plan.document import read_document

    try:
        with Path(path).open("rb") as stream:
            data = stream.read(LARGEST + 1)
    except OSError as error:
        raise ReconcilerError(
            f"the plan `{path}` cannot be read: {error.strerror}",
            hint="`reconciler plan --out plan.json` saves one",
        ) from None
    if len(data) > LARGEST:
        raise PlanRefused(f"`{path}` is larger than any plan")
    return read_document(data)


def agreed_to(
    plan_file: str | None, plan_id: str | None, *, skip_stale: bool
) -> ReviewedPlan | None:
    """Return the plan that the command line names, None where it names none.

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


def as_saved(
    saved: "Plan", reach: ConnectionOptions
) -> tuple[SelectionOptions, str, ConnectionOptions]:
    """Return the options that the saved plan was made with."""
    labels = tuple(sorted(saved.labels.items()))
    chosen = SelectionOptions(targets=saved.targets, excludes=saved.excludes, labels=labels)
    accepted = {*saved.accept_missing, *reach.accept_missing}
    reach = replace(reach, refresh=saved.refreshed, accept_missing=tuple(sorted(accepted)))
    return chosen, saved.as_of, reach


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
    from reconciler.plan.staleness import is_remainder_of, unchanged_parts

    if now.id == agreed.plan_id:
        _refuse_changed_file(now, agreed.saved)
        return ApprovedPlan(plan=now)
    if not now.actions:
        return ApprovedPlan(plan=now)
    begun = open_plan if open_plan and open_plan.plan_id == agreed.plan_id else None
    if begun is not None and is_remainder_of(desired, now, begun):
        return ApprovedPlan(plan=now)
    if not skip_stale or agreed.saved is None:
        raise _moved(now, agreed)
    fresh = unchanged_parts(agreed.saved, now)
    stale = tuple(sorted(now.parts.keys() - fresh))
    return ApprovedPlan(plan=_only(now, fresh), stale=stale)


def _only(plan: "Plan", keys: frozenset[str]) -> "Plan":
    return replace(
        plan,
        actions=tuple(each for each in plan.actions if each.address.instance in keys),
        parts={key: digest for key, digest in plan.parts.items() if key in keys},
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


def _moved(now: "Plan", agreed: ReviewedPlan) -> PlanRefused:
    from reconciler.plan.staleness import describe_difference

    if agreed.saved is None:
        return PlanRefused(
            f"the plan is now {now.id}, and {agreed.plan_id} was agreed to: nothing was done",
            hint="the manifest, the state, the options or the as-of moved; the same --as-of and"
            " options give the same plan, and `apply plan.json` shows what differs",
        )
    lines = describe_difference(agreed.saved, now)
    shown = "".join(f"\n  {line}" for line in lines[:SHOWN])
    more = f"\n  and {len(lines) - SHOWN:,} more" if len(lines) > SHOWN else ""
    return PlanRefused(
        f"the plan is not what was agreed to any more: nothing was done{shown}{more}",
        hint="review the plan as it is now, or apply what has not moved with --skip-stale",
    )
