"""`reconciler show`: a saved plan, read again."""

import click

from reconciler.cli.help import command
from reconciler.cli.options import format_option, link_option, output_options
from reconciler.cli.views.console import Console
from reconciler.cli.views.plan import FORMATS, report_problems, show_plan
from reconciler.operations.reviewed_plan import read_plan


@command(epilog="Example: reconciler show plan.json")
@click.argument("plan_file", metavar="PLAN")
@format_option(*FORMATS)
@link_option
@output_options
@click.pass_obj
def show(console: Console, plan_file: str, output: str, link_base: str | None) -> int:
    """Show a plan that `plan --out` saved.

    Reads the file alone: no manifest, no state, no network.
    """
    saved = read_plan(plan_file)
    show_plan(console, saved, output, links=link_base)
    report_problems(console, saved)
    return 0
