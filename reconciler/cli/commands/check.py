"""`reconciler check`: sign on everywhere, and probe the sinks."""

import click

from reconciler.bootstrap import open_store
from reconciler.cli.exit_codes import INCOMPLETE
from reconciler.cli.help import command
from reconciler.cli.options import (
    chosen_options,
    format_option,
    output_options,
    reach_options,
    where_options,
)
from reconciler.cli.values import ConnectionOptions, SelectionOptions
from reconciler.cli.views.console import Console
from reconciler.operations.workspace import ProjectPaths, load_manifest


@command(epilog="Example: reconciler check --label env=prod")
@where_options
@chosen_options
@reach_options("Instances signed on to at once.")
@format_option("text", "json")
@output_options
@click.pass_obj
def check(
    console: Console,
    *,
    where: ProjectPaths,
    chosen: SelectionOptions,
    reach: ConnectionOptions,
    output: str,
) -> int:
    """Sign on to every instance and probe every sink, and change nothing.

    Shows how each instance is signed on to, which credential is missing, refused or about to end,
    whose clients its user sees, and which sink takes no secret. Only a create shows
    whether a user may create clients. Exits with 3 if a run would fail.
    """
    from reconciler.cli.machine import open_machine
    from reconciler.cli.values import selection
    from reconciler.cli.views import check as view
    from reconciler.operations import check as operation

    desired = load_manifest(where)
    machine = open_machine(console, desired, open_store(where, desired), reach)
    report = operation.check(machine, selection(chosen))
    found = view.Forecast(
        instances=report.instances,
        sinks=report.sinks,
        now=machine.clock.now(),
        manifest=desired.instances,
    )
    if output == "json":
        console.document(view.document(found))
    else:
        view.show(console, found)
    return INCOMPLETE if found.fails else 0
