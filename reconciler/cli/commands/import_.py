"""`reconciler import`: import clients that exist, or generate manifest entries for them."""

from typing import TYPE_CHECKING

import click

from reconciler.bootstrap import open_store
from reconciler.cli.exit_codes import INCOMPLETE
from reconciler.cli.help import command
from reconciler.cli.import_options import ImportRequest, import_options, read_secret
from reconciler.cli.machine import open_machine
from reconciler.cli.options import (
    chosen_options,
    format_option,
    lock_timeout_option,
    output_options,
    reach_options,
    where_options,
)
from reconciler.cli.values import ConnectionOptions, SelectionOptions, selection
from reconciler.cli.views import imports as view
from reconciler.cli.views.console import Console
from reconciler.operations.workspace import ProjectPaths, load_manifest

if TYPE_CHECKING:
    from reconciler.bootstrap import Machine
    from reconciler.plan.selection import Selection


@command(name="import", epilog="Example: reconciler import acme-prod/Reporting")
@import_options
@chosen_options
@where_options
@reach_options("Instances looked at at once.")
@lock_timeout_option
@format_option("text", "json")
@output_options
@click.pass_obj
def import_(  # noqa: PLR0913 (one argument for each group of options)
    console: Console,
    *,
    wanted: ImportRequest,
    chosen: SelectionOptions,
    where: ProjectPaths,
    reach: ConnectionOptions,
    lock_timeout: float,
    output: str,
) -> int:
    """Import an existing Domo client into the state as ADDRESS.

    Nothing is changed or revoked at Domo. The secret of the client stays unknown, and each plan
    reports that: `reconciler rotate` creates a known one, and --secret-stdin passes one that you
    have.
    """
    wanted.check(chosen, output)
    desired = load_manifest(where)
    machine = open_machine(console, desired, open_store(where, desired), reach)
    if wanted.generate:
        return _generate(console, machine, where, wanted, selection(chosen), output)
    from reconciler.operations.import_clients import import_all, import_client

    options = wanted.options()
    if wanted.address is None:
        keys, part = wanted.keys(desired), selection(chosen)
        report = import_all(machine, keys, part, options, lock_timeout=lock_timeout)
    else:
        secret = read_secret() if wanted.secret_stdin else None
        report = import_client(machine, wanted.address, options, secret, lock_timeout=lock_timeout)
    view.show_report(console, desired, report, output)
    return INCOMPLETE if report.left else 0


def _generate(
    console: Console,
    machine: "Machine",
    where: ProjectPaths,
    wanted: ImportRequest,
    part: "Selection | None",
    output: str,
) -> int:
    from reconciler.manifest.generate import document
    from reconciler.operations.generate_manifest import find_unmanaged, write_entries

    desired = machine.desired
    unmanaged = find_unmanaged(machine, wanted.keys(desired), part)
    view.show_skipped(console, unmanaged)
    if output == "json":
        console.document(view.unmanaged_document(unmanaged))
    elif not unmanaged.found:
        console.note("no unmanaged clients found")
    elif wanted.write:
        view.show_written(console, unmanaged, write_entries(where, desired, unmanaged.found))
    else:
        console.data(document(desired, unmanaged.found))
    view.show_unseen(console, desired, unmanaged)
    return INCOMPLETE if unmanaged.unseen else 0
