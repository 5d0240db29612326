"""`reconciler apply`: carry the plan out."""

import click

from reconciler.cli.applying import ApplyOptions, applying_options, prune_option
from reconciler.cli.help import command
from reconciler.cli.options import chosen_options, option
from reconciler.cli.values import SelectionOptions
from reconciler.cli.views.console import Console


@command(epilog="Example: reconciler apply plan.json")
@click.argument("plan_file", metavar="[PLAN]", required=False)
@option("--plan-id", metavar="ID", help="Go on only where the plan has this id.")
@option("--skip-stale", is_flag=True, help="Apply the instances whose part has not moved.")
@prune_option
@chosen_options
@applying_options
@click.pass_obj
def apply(  # noqa: PLR0913 (one argument for each option)
    console: Console,
    *,
    plan_file: str | None,
    plan_id: str | None,
    skip_stale: bool,
    prune: bool,
    chosen: SelectionOptions,
    how: ApplyOptions,
) -> int:
    """Carry the plan out, without losing a secret.

    Signs on to the instances that have changes, creates the clients that are missing and puts
    their secrets where the manifest says. Killed at any moment, the next apply does the rest.
    With PLAN, a file that `plan --out` saved, or --plan-id it does what was reviewed or nothing.
    """
    from reconciler.cli.running import run_apply
    from reconciler.operations.reviewed_plan import reviewed_plan

    reviewed = reviewed_plan(plan_file, plan_id, skip_stale=skip_stale)
    request = how.request(
        "apply", chosen=chosen, reviewed=reviewed, skip_stale=skip_stale, prune=prune
    )
    return run_apply(console, how, request)
