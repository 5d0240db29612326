"""`reconciler output`: the secret of one client."""

from typing import TYPE_CHECKING, Final

import click

from reconciler.cli.help import command
from reconciler.cli.options import (
    format_option,
    identity_option,
    output_options,
    print_secrets_option,
    where_options,
)
from reconciler.cli.secrets_io import opened, read_identities, require_terminal
from reconciler.cli.types import AddressType
from reconciler.cli.values import ManifestOptions
from reconciler.cli.views.console import Console
from reconciler.cli.workspace import find_store, survey
from reconciler.model.address import Address
from reconciler.model.errors import CredentialUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model.client import Delivery
    from reconciler.model.sink import FileFormat
    from reconciler.state.model import Entry

FORMATS: "Final[Mapping[str, FileFormat]]" = {"json": "json", "env": "dotenv", "raw": "raw"}


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
    where: ManifestOptions,
    identities: tuple[str, ...],
    yes_print_secrets: bool,
    output: str,
) -> int:
    """Print the secret of one client, the one at ADDRESS.

    It is read from the state, or from the journal where it waits for its sink; a sealed one needs
    an --identity. As json it is what a sink gets, as env two lines for a shell, as raw the secret
    alone. What only another sink has cannot be printed.
    """
    require_terminal(console, allowed=yes_print_secrets)
    keys = read_identities(identities)
    ground = survey(find_store(where))
    from reconciler.cli.commands.state_list import known_entry
    from reconciler.state.model import delivery_of

    entry = known_entry(ground, address)
    kept = ground.working.secret_of(entry.client_id, entry) if ground.working else None
    if kept is None:
        raise _nowhere(address, entry)
    secret = opened(kept, address=address, client_id=entry.client_id, identities=keys)
    print_secret(console, delivery_of(address, entry, secret), output)
    return 0


def print_secret(console: Console, delivery: "Delivery", output: str) -> None:
    """Write a secret to standard output in one of `FORMATS`, and see that it got there.

    Raises:
        CredentialUnavailable: it cannot be written in this format.
        ReconcilerError: standard output does not take it.

    """
    from reconciler.sinks.formats import content

    try:
        data = content(delivery, FORMATS[output])
    except ValueError as error:
        raise CredentialUnavailable(
            f"the secret of {delivery.address} cannot be printed as {output}: {error}",
            hint="use --format json",
        ) from None
    console.data(data)
    console.settle()


def _nowhere(address: Address, entry: "Entry") -> CredentialUnavailable:
    """Say who has the secret that is not here, and what to do."""
    hint = f"`reconciler rotate '{address}'` makes a client with a new one"
    if entry.delivered:
        places = ", ".join(
            f"sink `{sink}` at {reached.at} ({reached.target})"
            for sink, reached in sorted(entry.delivered.items())
        )
        return CredentialUnavailable(
            f"the secret of {address} is not kept here: it was delivered to {places}",
            hint=f"read it there; or {hint}",
        )
    if entry.adopted:
        return CredentialUnavailable(
            f"the secret of {address} is not known: the client was made elsewhere and adopted",
            hint=hint,
        )
    return CredentialUnavailable(
        f"the secret of {address} is lost: no sink ever had it", hint="the next apply rotates it"
    )
