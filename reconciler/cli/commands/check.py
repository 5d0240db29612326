"""`reconciler check`: what would a run trip over?"""

from typing import TYPE_CHECKING

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
from reconciler.operations.workspace import ProjectPaths, load_manifest, load_state

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model.manifest import Manifest
    from reconciler.plan.selection import Predicate


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
    whose clients its user sees, and which sink takes no secret. Whether a user may create clients,
    only a create shows. Ends with 3 where a run would fail.
    """
    import asyncio

    from reconciler.cli.looking import forecast
    from reconciler.cli.machine import open_machine
    from reconciler.cli.values import selection
    from reconciler.cli.views import check as view
    from reconciler.plan.selection import predicate

    desired = load_manifest(where)
    part = selection(chosen)
    store = open_store(where, desired)
    known = load_state(store).known if part is not None else None
    meant = predicate(part, desired, known)
    keys = _keys(desired, meant, everything=part is None)
    machine = open_machine(console, desired, store, reach)
    instances, sinks = asyncio.run(forecast(machine, keys, meant))
    found = view.Forecast.of(instances, sinks, desired.instances)
    if output == "json":
        console.document(view.document(found))
    else:
        view.show(console, found)
    return INCOMPLETE if found.fails else 0


def _keys(desired: "Manifest", meant: "Predicate", *, everything: bool) -> "Sequence[str]":
    """Return the instances that are meant; without a selection also those without clients."""
    if everything:
        return [key for key, instance in desired.instances.items() if instance.auth is not None]
    return sorted({address.instance for address in desired.clients if meant(address)})
