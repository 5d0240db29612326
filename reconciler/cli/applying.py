"""The one way in which a plan is carried out: drawn up under the lock, shown, agreed to, done.

`apply`, `rotate`, `destroy` and `forget` differ in what they ask for and in how they are agreed to.
"""

import functools
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.bootstrap import Machine, open_store
from reconciler.cli.agreed import ApprovedPlan, ReviewedPlan, as_saved, settle
from reconciler.cli.commands.plan import (
    report_interrupted,
    report_saved,
    report_unsealed,
    report_unseen,
    show_plan,
)
from reconciler.cli.exit_codes import INCOMPLETE
from reconciler.cli.machine import open_machine
from reconciler.cli.options import (
    Command,
    as_of_option,
    format_option,
    identity_option,
    lock_timeout_option,
    option,
    output_options,
    refresh_options,
    where_options,
)
from reconciler.cli.recording import recording
from reconciler.cli.secrets_io import read_identities
from reconciler.cli.types import Duration
from reconciler.cli.values import ConnectionOptions, SelectionOptions, plan_options
from reconciler.cli.views.console import Console
from reconciler.model.errors import UsageError
from reconciler.model.strings import plural
from reconciler.operations.plan import PlanOptions, draw_plan, moved
from reconciler.operations.preflight import (
    refuse_git,
    refuse_overwrites,
    refuse_problems,
    reject_reserved_path,
)
from reconciler.operations.saved_plan import save_plan
from reconciler.operations.workspace import LoadedState, ProjectPaths, load_manifest, load_state

if TYPE_CHECKING:
    from reconciler.cli.compose import ApplyJob
    from reconciler.model.manifest import Manifest
    from reconciler.plan.action import Plan
    from reconciler.plan.request import PlanRequest
    from reconciler.state.model import State

Wishing = Callable[["Manifest", "State | None"], "PlanRequest | None"]
"""What a command asks for; given what is wanted and what is known, under the lock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyOptions:
    """The options of every command that carries a plan out; times are in seconds."""

    where: ProjectPaths
    as_of: str
    reach: ConnectionOptions
    auto_approve: bool
    override_limits: bool
    identities: tuple[str, ...]
    lock_timeout: float
    absence_window: float
    ledger: str | None
    output: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked before anything is done, and the only answer that goes on."""

    text: str
    answer: str = "yes"


def apply_question(_plan: "Plan") -> Question:
    """Return what is asked where nothing ends that is not succeeded."""
    return Question(text="Apply this plan?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is to be carried out: a part of the fleet, a wish, or a plan that was agreed to.

    `out` is the file that the plan is saved in, which is then all that is done. `prune` removes the
    secret files of revoked clients.
    """

    how: ApplyOptions
    purpose: str
    chosen: SelectionOptions = field(default_factory=SelectionOptions)
    wishing: Wishing | None = None
    agreed: ReviewedPlan | None = None
    skip_stale: bool = False
    question: Callable[["Plan"], Question] = apply_question
    out: str | None = None
    prune: bool = False


def applying_options(command: Command) -> Command:
    """Add what every command has that carries a plan out; the command gets `how`."""

    @where_options
    @as_of_option
    @option("--auto-approve", is_flag=True, help="Do not ask; needed where there is no terminal.")
    @option("--override-limits", is_flag=True, help="Go on where the plan is over a limit.")
    @refresh_options
    @identity_option
    @lock_timeout_option
    @option(
        "--absence-window", type=Duration(), default="5s", show_default=True, metavar="DURATION",
        help="How long a client must stay out of the lists to count as not made.",
    )  # fmt: skip
    @option("--ledger", metavar="FILE", help="Append a line to this file for each thing done.")
    @format_option("text", "json")
    @output_options
    @functools.wraps(command)
    def wrapped(  # noqa: PLR0913 (one argument for each option)
        *args: Any,
        where: ProjectPaths,
        as_of: str,
        reach: ConnectionOptions,
        auto_approve: bool,
        override_limits: bool,
        identities: tuple[str, ...],
        lock_timeout: float,
        absence_window: float,
        ledger: str | None,
        output: str,
        **others: Any,
    ) -> int:
        how = ApplyOptions(
            where=where,
            as_of=as_of,
            reach=reach,
            auto_approve=auto_approve,
            override_limits=override_limits,
            identities=identities,
            lock_timeout=lock_timeout,
            absence_window=absence_window,
            ledger=ledger,
            output=output,
        )
        return command(*args, how=how, **others)

    return wrapped


prune_option = option(
    "--prune-sinks", "prune", is_flag=True,
    help="Remove the secret files of revoked clients, if they are what was delivered.",
)  # fmt: skip
out_option = option("--out", metavar="FILE", help="Save the plan, for `reconciler apply FILE`.")


def carry_out(console: Console, task: Task) -> int:
    """Draw the plan up, show it, ask, and do it; return the exit code."""
    task = _as_agreed(task)
    how = task.how
    desired = load_manifest(how.where)
    store, keys = open_store(how.where, desired), read_identities(how.identities)
    if how.ledger is not None:
        reject_reserved_path(Path(how.ledger), "--ledger", how.where, store)
    with store.lock(purpose=task.purpose, timeout=how.lock_timeout):
        ground = load_state(store, keys)
        chosen = _chosen(task, desired, ground)
        machine = open_machine(console, desired, store, how.reach)
        made = draw_plan(machine, ground, chosen)
        # An approved run does its work even if no one can read it.
        console.must_go_on = task.out is None and (how.auto_approve or task.agreed is not None)
        if how.output == "text":
            asked = not (how.auto_approve or task.agreed is not None)
            show_plan(console, made, "text", asked=asked and sys.stdin.isatty())
            console.settle()  # a pipe is block-buffered: the plan precedes the first action
        if task.out is not None:
            save_plan(made, task.out, how.where, store)
            report_saved(console, made, task.out)
            return 0
        approved = _settled(desired, made, task, ground)
        made = approved.plan
        if task.agreed is not None and not made.actions and made.id != task.agreed.plan_id:
            console.note(f"there is nothing to do; the plan is not {task.agreed.plan_id} now")
        report_interrupted(console, ground)
        report_unsealed(console, desired, ground)
        refuse_problems(made, override_limits=how.override_limits)
        refuse_overwrites(desired, made, store)
        refuse_git(desired, made, store)
        if not _agreed(made, ground, task):
            console.note("nothing was done")
            return 1
        console.must_go_on = True
        job = _job(task, chosen, approved, (machine, ground))
        code = _done(console, task, job, approved.stale)
    if report_unseen(console, made) or _report_conflicts(console, made):
        code = code or INCOMPLETE
    return _with_stale(console, code, approved.stale)


def _as_agreed(task: Task) -> Task:
    """Return the task with the options that a saved plan was made with."""
    if task.agreed is None or task.agreed.saved is None:
        return task
    saved = task.agreed.saved
    chosen, as_of, reach = as_saved(saved, task.how.reach)
    if task.chosen not in (SelectionOptions(), chosen):
        raise UsageError(
            "a saved plan has its own selection: --target, --exclude and --label do not narrow it",
            hint="save one with them: reconciler plan --target … --out FILE",
        )
    if task.how.reach.refresh and not saved.refreshed:
        raise UsageError(
            "the saved plan was made without --refresh",
            hint="save one with it: reconciler plan --refresh --out FILE",
        )
    return replace(task, chosen=chosen, how=replace(task.how, as_of=as_of, reach=reach))


def _chosen(task: Task, desired: "Manifest", ground: LoadedState) -> PlanOptions:
    """Return what the plan is about, with what is asked of it."""
    options = plan_options(task.chosen, task.how.reach, task.how.as_of)
    if task.wishing is not None:
        return replace(options, request=task.wishing(desired, moved(desired, ground)))
    saved = task.agreed.saved if task.agreed is not None else None
    return replace(options, request=saved.wish) if saved is not None else options


def _settled(desired: "Manifest", made: "Plan", task: Task, ground: LoadedState) -> ApprovedPlan:
    """Return the plan to carry out, which is the one that was drawn up unless one was reviewed."""
    if task.agreed is None:
        return ApprovedPlan(plan=made)
    open_plan = ground.working.open_plan if ground.working else None
    return settle(desired, made, task.agreed, open_plan, skip_stale=task.skip_stale)


def _job(
    task: Task, chosen: PlanOptions, approved: ApprovedPlan, on: tuple[Machine, LoadedState]
) -> "ApplyJob":
    from reconciler.apply.run_context import Settings
    from reconciler.cli.compose import ApplyJob
    from reconciler.plan.selection import excluding

    machine, ground = on
    reach = task.how.reach
    return ApplyJob(
        machine=machine,
        plan=approved.plan,
        ground=ground,
        selection=excluding(chosen.selection, approved.put_off),
        rest_of=approved.rest_of,
        settings=Settings(
            concurrency=reach.concurrency,
            window=task.how.absence_window,
            accept_missing=frozenset(reach.accept_missing),
            prune=task.prune,
        ),
    )


def _done(console: Console, task: Task, job: "ApplyJob", stale: tuple[str, ...]) -> int:
    from reconciler.cli.running import carried_out

    reviewed = task.agreed.plan_id if task.agreed is not None else job.plan.id
    ledger, folder = task.how.ledger, job.desired.root
    with recording(console, ledger, plan_id=reviewed, folder=folder) as record:
        code = carried_out(console, job, record, task.how.output, left_out=stale)
    return code if record.complete else code or INCOMPLETE


def _with_stale(console: Console, code: int, stale: tuple[str, ...]) -> int:
    if not stale:
        return code
    named = ", ".join(stale[:5]) + (f" and {len(stale) - 5:,} more" if len(stale) > 5 else "")
    console.problem(
        f"{plural(len(stale), 'instance')} left out, as the plan moved since: {named}",
        hint="plan again, and review what is left",
        code="stale",
    )
    return code or INCOMPLETE


def _report_conflicts(console: Console, made: "Plan") -> bool:
    """Say which clients are wanted and were not made, as others have their names."""
    found = sorted(str(each.address) for each in made.notices if each.code == "conflict")
    if found:
        named = ", ".join(found[:5]) + (f" and {len(found) - 5:,} more" * (len(found) > 5))
        console.problem(
            f"{plural(len(found), 'client')} not made, as others have the names: {named}",
            hint="the notes of the plan name each holder: `reconciler import ADDRESS` adopts one"
            " that is not managed; otherwise choose another name",
            code="conflict",
        )
    return bool(found)


def _agreed(made: "Plan", ground: LoadedState, task: Task) -> bool:
    """Ask, where there is something to do.

    Raises:
        UsageError: there is nobody to ask.

    """
    if task.how.auto_approve or task.agreed is not None:
        return True
    if not (made.actions or (ground.working and ground.working.open)):
        return True
    if not sys.stdin.isatty():
        raise UsageError(
            "there is no terminal to ask for approval",
            hint="review the plan, then add --auto-approve",
        )
    question = task.question(made)
    click.echo(f"\nOnly `{question.answer}` is taken as approval.", err=True)
    said = click.prompt(question.text, default="no", show_default=False, err=True)
    return bool(said == question.answer)
