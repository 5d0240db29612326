"""`reconciler output`: print the secret of one client."""

import click

from reconciler.bootstrap import find_store
from reconciler.cli.help import command
from reconciler.cli.options import (
    format_option,
    identity_option,
    output_options,
    print_secrets_option,
    where_options,
)
from reconciler.cli.secrets_io import FORMATS, print_secret, read_identities, require_terminal
from reconciler.cli.types import AddressType
from reconciler.cli.views.console import Console
from reconciler.model.address import Address
from reconciler.operations.secrets import read_secret
from reconciler.operations.workspace import ProjectPaths, load_state


@command(epilog="Example: reconciler output acme-prod/Reporting --identity ops.key")
@click.argument("address", type=AddressType())
@where_options
@identity_option
@print_secrets_option
@format_option(*FORMATS)
@output_options
@click.pass_obj
def output(
    console: Console,
    *,
    address: Address,
    where: ProjectPaths,
    identities: tuple[str, ...],
    yes_print_secrets: bool,
    output: str,
) -> int:
    """Print the secret of one client, the one at ADDRESS.

    It is read from the state, or from a journal if it waits for its sink. A sealed secret needs an
    --identity. json is what a sink receives, env is two lines for a shell, raw is the secret alone.
    A secret that only another sink has cannot be printed.
    """
    require_terminal(console, allowed=yes_print_secrets)
    keys = read_identities(identities)
    ground = load_state(find_store(where), keys)
    print_secret(console, read_secret(ground, address), output)
    return 0
