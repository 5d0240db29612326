"""`reconciler apply`: apply a plan."""

import click

from reconciler.cli.applying import ApplyOptions, applying_options, prune_option
from reconciler.cli.help import command
from reconciler.cli.options import chosen_options, option
from reconciler.cli.values import SelectionOptions
from reconciler.cli.views.console import Console


@command(epilog="Example: reconciler apply plan.json")
@click.argument("plan_file", metavar="[PLAN]", required=False)
@option("--plan-id", metavar="ID", help="Apply the plan only if it has this id.")
@option(
    "--skip-stale", is_flag=True, help="Apply the instances whose part of the plan is unchanged."
)
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
    """Apply the plan, without losing a secret.

    Signs on to the instances that have changes, creates the missing clients and delivers their
    secrets to the sinks of the manifest. If it is killed, the next apply completes the rest. With
    PLAN (a file that `plan --out` saved) or --plan-id, it applies what was reviewed or nothing.
    """
    from reconciler.cli.running import run_apply
    from reconciler.operations.reviewed_plan import reviewed_plan

    reviewed = reviewed_plan(plan_file, plan_id, skip_stale=skip_stale)
    request = how.request(
        "apply", chosen=chosen, reviewed=reviewed, skip_stale=skip_stale, prune=prune
    )
    return run_apply(console, how, request)
