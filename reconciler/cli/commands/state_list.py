"""`reconciler state list`: the clients that the state and its journals contain."""

import click

from reconciler.bootstrap import find_store
from reconciler.cli.help import command
from reconciler.cli.options import chosen_options, format_option, output_options, where_options
from reconciler.cli.values import SelectionOptions
from reconciler.cli.views import state_list as view
from reconciler.cli.views.console import Console
from reconciler.operations.known_clients import list_clients
from reconciler.operations.workspace import ProjectPaths, load_manifest, load_state


@command(name="list", epilog="Example: reconciler state list --target 'acme-*'")
@where_options
@chosen_options
@format_option("text", "json")
@output_options
@click.pass_obj
def list_(console: Console, *, where: ProjectPaths, chosen: SelectionOptions, output: str) -> int:
    """List the clients that the state knows.

    Each line has the address, the live name, and whether the sinks have the secret. Clients that
    only a journal contains are listed too. Labels are those of the manifest.
    """
    from reconciler.plan.selection import Selection

    ground = load_state(find_store(where))
    instances = load_manifest(where).instances if chosen.labels else {}
    selection = Selection(
        targets=chosen.targets, excludes=chosen.excludes, labels=dict(chosen.labels)
    )
    found = list_clients(ground, selection, {key: at.labels for key, at in instances.items()})
    if output == "json":
        console.document(view.document(found))
    else:
        view.show(console, found)
    return 0
