"""`reconciler state settle`: settle by hand what a journal left open."""

from typing import TYPE_CHECKING

import click

from reconciler.bootstrap import find_store
from reconciler.cli.help import command
from reconciler.cli.options import (
    format_option,
    identity_option,
    lock_timeout_option,
    option,
    output_options,
    print_secrets_option,
    where_options,
)
from reconciler.cli.secrets_io import FORMATS, print_secret, read_identities, require_terminal
from reconciler.cli.types import AddressType
from reconciler.cli.views.console import Console
from reconciler.model.address import Address
from reconciler.model.errors import UsageError
from reconciler.model.strings import plural
from reconciler.operations import state_settle
from reconciler.operations.workspace import ProjectPaths

if TYPE_CHECKING:
    from reconciler.model.client import Delivery


@command(epilog="Example: reconciler state settle acme-prod/Reporting --revoked")
@click.argument("address", type=AddressType())
@where_options
@option(
    "--revoked",
    "how",
    flag_value="revoked",
    envvar=None,
    help="The client is revoked, or was never created.",
)
@option(
    "--abandon", "how", flag_value="abandon", envvar=None,
    help="Leave it as it is at Domo, and remove its secret from the journal.",
)  # fmt: skip
@option(
    "--output", "how", flag_value="output", envvar=None,
    help="Print its secret from the journal; the client keeps working.",
)  # fmt: skip
@option("--key", envvar=None, metavar="KEY", help="Only this one, if `state show` shows several.")
@identity_option
@print_secrets_option
@lock_timeout_option
@format_option(*FORMATS)
@output_options
@click.pass_obj
def settle(  # noqa: PLR0913 (one argument for each option)
    console: Console,
    *,
    address: Address,
    where: ProjectPaths,
    how: state_settle.How | None,
    key: str | None,
    identities: tuple[str, ...],
    yes_print_secrets: bool,
    lock_timeout: float,
    output: str,
) -> int:
    """Settle what a journal left open and no apply can resolve.

    At ADDRESS that is a create with an unknown outcome, or an orphan: a client that was created
    for it before the state gave the address to another client. No request is sent to Domo: look at
    the instance first.
    """
    if how is None:
        raise UsageError(
            "choose how it is settled: --revoked, --abandon or --output",
            hint="`reconciler state settle --help` explains each of them",
        )
    if how == "output":
        require_terminal(console, allowed=yes_print_secrets)

    def deliver(delivery: "Delivery") -> None:
        print_secret(console, delivery, output)

    keys = read_identities(identities)
    count = state_settle.settle(
        find_store(where),
        state_settle.Settlement(address=address, how=how, key=key),
        deliver=deliver,
        identities=keys,
        lock_timeout=lock_timeout,
    )
    console.note(f"{address}: {plural(count, 'open end')} settled ({how})")
    return 0
