"""`reconciler forget`: stop managing clients without revoking them."""

import click

from reconciler.cli.applying import ApplyOptions, applying_options, out_option
from reconciler.cli.asking import AddressSelection, asked_options
from reconciler.cli.ending import end_clients
from reconciler.cli.help import command
from reconciler.cli.views.console import Console


@command(epilog="Example: reconciler forget acme-prod/Reporting")
@asked_options
@out_option
@applying_options
@click.pass_obj
def forget(console: Console, *, asked: AddressSelection, out: str | None, how: ApplyOptions) -> int:
    """Stop managing the clients at ADDRESS without revoking them.

    ADDRESS is one client's, or an instance or a glob as --target takes it.
    No request is sent to Domo, and the clients keep working; `reconciler import` adopts one
    again.
    `protect: true` stops it.
    """
    return end_clients(console, "forget", asked, (out, False), how)
