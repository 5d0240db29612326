"""`reconciler apply`: carry the plan out."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.agreed import Agreed, agreed_to, as_saved, settle
from reconciler.cli.commands.plan import (
    draw_up,
    report_interrupted,
    report_unsealed,
    selection,
    show_plan,
)
from reconciler.cli.keys import read_identities
from reconciler.cli.options import (
    Chosen,
    Duration,
    Reach,
    Where,
    as_of_option,
    chosen_options,
    format_option,
    identity_option,
    lock_timeout_option,
    option,
    output_options,
    refresh_options,
    where_options,
)
from reconciler.cli.recording import Recording, recording
from reconciler.cli.runtime import Ground, load_manifest, open_store, survey
from reconciler.cli.views.console import Console
from reconciler.model.errors import PlanRefused, UsageError
from reconciler.model.sink import STATE, FileTarget
from reconciler.model.text import plural

if TYPE_CHECKING:
    from reconciler.apply.events import Listener, Report
    from reconciler.apply.run import Stop
    from reconciler.cli.compose import Job
    from reconciler.model.desired import Desired
    from reconciler.plan.action import Plan
    from reconciler.stores.local import LocalStore

INCOMPLETE = 3
INTERRUPTED = 130


@click.command(epilog="Example: reconciler apply plan.json")
@click.argument("plan_file", metavar="[PLAN]", required=False)
@option("--plan-id", metavar="ID", help="Go on only where the plan has this id.")
@option("--skip-stale", is_flag=True, help="Apply the instances whose part has not moved.")
@where_options
@chosen_options
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
@click.pass_obj
def apply(  # noqa: PLR0913 (one argument for each option)
    console: Console,
    *,
    plan_file: str | None,
    plan_id: str | None,
    skip_stale: bool,
    where: Where,
    chosen: Chosen,
    as_of: str,
    auto_approve: bool,
    override_limits: bool,
    reach: Reach,
    identities: tuple[str, ...],
    lock_timeout: float,
    absence_window: float,
    ledger: str | None,
    output: str,
) -> int:
    """Carry the plan out, without losing a secret.

    Signs on to the instances that have changes, creates the clients that are missing and puts
    their secrets where the manifest says. Killed at any moment, the next apply does the rest.
    With PLAN, a file that `plan --out` saved, or --plan-id it does what was reviewed or nothing.
    """
    from reconciler.apply.run import Settings
    from reconciler.cli.compose import Job

    agreed = agreed_to(plan_file, plan_id, skip_stale=skip_stale)
    if agreed is not None and agreed.saved is not None:
        chosen, as_of, reach = as_saved(agreed.saved, reach)
    desired = load_manifest(where)
    store, keys = open_store(where, desired), read_identities(identities)
    with store.lock(purpose="apply", timeout=lock_timeout):
        ground = survey(store, keys)
        made = draw_up(desired, ground, chosen, as_of=as_of, reach=reach)
        if output == "text":
            show_plan(console, made, "text")
        made, stale = _settled(desired, made, agreed, ground, skip_stale=skip_stale)
        report_interrupted(console, ground)
        report_unsealed(console, desired, ground)
        _guard(made, override_limits=override_limits)
        _guard_git(desired, made, store)
        job = Job(
            desired=desired,
            plan=made,
            ground=ground,
            store=store,
            selection=selection(chosen),
            settings=Settings(concurrency=reach.concurrency, window=absence_window),
            rate=reach.rate,
        )
        if not _agreed(made, ground, auto_approve=auto_approve or agreed is not None):
            console.note("nothing was done")
            return 1
        reviewed = agreed.plan_id if agreed is not None else made.id
        with recording(console, ledger, plan_id=reviewed, folder=desired.root) as record:
            code = _carried_out(console, job, record, output)
    code = code if record.complete else code or INCOMPLETE
    return _with_stale(console, code, stale)


def _settled(
    desired: "Desired",
    made: "Plan",
    agreed: Agreed | None,
    ground: Ground,
    *,
    skip_stale: bool,
) -> tuple["Plan", tuple[str, ...]]:
    """Return the plan to carry out, and the instances that are left out of it."""
    if agreed is None:
        return made, ()
    open_plan = ground.working.open_plan if ground.working else None
    found = settle(desired, made, agreed, open_plan, skip_stale=skip_stale)
    return found.plan, found.stale


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


def _guard(made: "Plan", *, override_limits: bool) -> None:
    """Stop before any request where the plan must not be applied.

    Raises:
        PlanRefused: with the first problem; the others are counted.

    """
    stopping = [each for each in made.problems if not (each.override and override_limits)]
    if not stopping:
        return
    first = stopping[0]
    place = f"{first.place}: " if first.place else ""
    more = f" (and {plural(len(stopping) - 1, 'more problem')})" if len(stopping) > 1 else ""
    hint = first.hint or (f"{first.override} goes on all the same" if first.override else None)
    raise PlanRefused(f"{place}{first.message}{more}", hint=hint)


def _guard_git(desired: "Desired", made: "Plan", store: "LocalStore") -> None:
    """Stop before any request where a plain secret could land in a file that git would keep.

    Raises:
        PlanRefused: naming the files and how to keep git from them.

    """
    actions = [each for each in made.actions if each.sinks]
    if not actions:
        return
    from reconciler.stores.git import unsafe_paths
    from reconciler.system.files import temporary_example

    paths: list[Path] = []
    if not desired.recipients:
        stays = any(STATE in each.sinks for each in desired.clients.values())
        paths += store.secret_paths() if stays else store.journal_paths()
    for action in actions:
        targets = desired.targets_of(action.address, action.sinks)
        files = [Path(desired.root, t.path) for t in targets if isinstance(t, FileTarget)]
        paths += [each for path in files for each in (path, temporary_example(path))]
    unsafe = unsafe_paths(paths)
    if unsafe:
        listed = "".join(f"\n  {path}: {reason}" for path, reason in unsafe[:5])
        more = f"\n  and {len(unsafe) - 5:,} more" if len(unsafe) > 5 else ""
        raise PlanRefused(
            f"a plain secret could land in a file that git keeps:{listed}{more}",
            hint="add them to .gitignore (and `git rm --cached` what is tracked), or set"
            " state.encryption in the manifest for the state and its journal",
        )


def _agreed(made: "Plan", ground: Ground, *, auto_approve: bool) -> bool:
    """Ask, where there is something to do.

    Raises:
        UsageError: there is nobody to ask.

    """
    if auto_approve or not (made.actions or (ground.working and ground.working.open)):
        return True
    if not sys.stdin.isatty():
        raise UsageError(
            "there is no terminal to ask for approval",
            hint="review the plan, then add --auto-approve",
        )
    click.echo("\nOnly `yes` is taken as approval.", err=True)
    return bool(
        click.prompt("Apply this plan?", default="no", show_default=False, err=True) == "yes"
    )


def _carried_out(console: Console, job: "Job", record: Recording, output: str) -> int:
    from reconciler.cli.views import progress, report

    with progress.shown(console, len(job.plan.actions)) as listen:
        ended = asyncio.run(_interruptible(console, job, record.listener(listen)))
    if output == "json":
        import orjson

        console.data(orjson.dumps(report.document(ended), option=orjson.OPT_INDENT_2))
    elif job.plan.actions or not ended.complete:
        report.show(console, ended)
    return _exit_code(ended)


def _exit_code(ended: "Report") -> int:
    from reconciler.apply.events import ROLLOUT

    if ended.stopped:
        return INTERRUPTED
    if ended.complete:
        return 0
    refused = ended.halted is not None and ended.halted.code != ROLLOUT
    return 1 if refused and not ended.done else INCOMPLETE


async def _interruptible(console: Console, job: "Job", listen: "Listener") -> "Report":
    """Run the job; Ctrl-C and SIGTERM let it finish what is in flight, a second one ends it."""
    from reconciler.apply.run import Stop
    from reconciler.cli.compose import carry_out

    stop = Stop()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, _interrupt, console, stop)
    return await carry_out(job, listen, stop)


def _interrupt(console: Console, stop: "Stop") -> None:
    if stop.requested:
        console.settle()
        os._exit(INTERRUPTED)  # at once: the journal has what was done
    stop.request()
    console.warn("interrupted: what is in flight finishes, nothing new starts (again: at once)")
