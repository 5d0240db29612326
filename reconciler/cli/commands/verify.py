"""`reconciler verify`: sign in with every secret that may be read."""

import click

from reconciler.bootstrap import open_store
from reconciler.cli.exit_codes import INCOMPLETE
from reconciler.cli.help import command
from reconciler.cli.options import (
    chosen_options,
    format_option,
    identity_option,
    option,
    output_options,
    reach_options,
    where_options,
)
from reconciler.cli.secrets_io import read_identities
from reconciler.cli.types import Lines
from reconciler.cli.values import ConnectionOptions, SelectionOptions
from reconciler.cli.views.console import Console
from reconciler.model.timestamps import format_utc
from reconciler.operations.workspace import ProjectPaths, load_manifest, load_state


@command(epilog="Example: reconciler verify --target 'acme-*' --identity ops.key")
@where_options
@chosen_options
@identity_option
@option(
    "--from-sink", "from_sinks", type=Lines("sink", "readable_sinks"), multiple=True,
    metavar="NAME",
    help="Run the `read` command of this sink for each of its clients (repeatable).",
)  # fmt: skip
@reach_options("Sign-ins at once.")
@format_option("text", "json", "html")
@output_options
@click.pass_obj
def verify(  # noqa: PLR0913 (one argument for each option)
    console: Console,
    *,
    where: ProjectPaths,
    chosen: SelectionOptions,
    identities: tuple[str, ...],
    from_sinks: tuple[str, ...],
    reach: ConnectionOptions,
    output: str,
) -> int:
    """Sign in with every secret that may be read, and show which clients really work.

    Reads the state (a sealed secret needs an --identity), the delivered files, and with --from-sink
    what a command gives back. It needs no password and changes nothing. html is one page with a
    table of the fleet. Exits with 3 if a place that received a secret has none that works, or if no
    given identity opens any sealed secret.
    """
    from reconciler.cli.machine import open_machine
    from reconciler.cli.values import selection
    from reconciler.cli.views import verify
    from reconciler.operations import verify as operation

    desired = load_manifest(where)
    asked = operation.readable_sinks(desired, from_sinks)
    store = open_store(where, desired)
    ground = load_state(store, read_identities(identities))
    machine = open_machine(console, desired, store, reach)
    report = operation.verify(
        machine, ground, selection(chosen), from_sinks=asked, identity_files=identities
    )
    now = machine.clock.now()
    found = verify.rows(desired, ground, report.results, now)
    if output == "json":
        console.document(verify.document(found))
    elif output == "html":
        from reconciler.cli.views.verify_page import render

        console.data(render(found, at=format_utc(now)))
    else:
        verify.show(console, found)
    return 0 if report.complete else INCOMPLETE
