"""`reconciler state show`: one client of the state, without its secret."""

import click

from reconciler.bootstrap import find_store
from reconciler.cli.help import command
from reconciler.cli.options import format_option, output_options, where_options
from reconciler.cli.types import AddressType
from reconciler.cli.views import state_show as view
from reconciler.cli.views.console import Console
from reconciler.model.address import Address
from reconciler.operations.known_clients import find_client
from reconciler.operations.workspace import ProjectPaths, load_state


@command(epilog="Example: reconciler state show acme-prod/Reporting --format json")
@click.argument("address", type=AddressType())
@where_options
@format_option("text", "json")
@output_options
@click.pass_obj
def show(console: Console, *, address: Address, where: ProjectPaths, output: str) -> int:
    """Show all of one client but its secret.

    Shows whether the secret of the client at ADDRESS is kept sealed, in plain or not at all. The
    secret of an adopted client is unknown until you pass it to `import` or rotate the client.
    """
    ground = load_state(find_store(where))
    found = find_client(ground, address)
    if output == "json":
        console.document(view.document(ground, found))
    else:
        view.show(console, ground, found)
    return 0
