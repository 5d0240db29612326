"""`reconciler destroy`: revoke clients, and remove them from the state."""

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from reconciler.cli.applying import ApplyOptions, applying_options, out_option, prune_option
from reconciler.cli.asking import AddressSelection, asked_options
from reconciler.cli.ending import end_clients, question
from reconciler.cli.help import command
from reconciler.cli.options import option
from reconciler.cli.views.console import Console
from reconciler.model.address import Address
from reconciler.model.errors import UsageError

if TYPE_CHECKING:
    from reconciler.model.manifest import Manifest
    from reconciler.plan.request import PlanRequest
    from reconciler.state.model import State


@command(epilog="Example: reconciler destroy acme-prod/Reporting")
@asked_options
@option(
    "--client-id", metavar="ID", envvar=None,
    help="Revoke this client at ADDRESS, which the state does not know: `plan --refresh` names it.",
)  # fmt: skip
@prune_option
@out_option
@applying_options
@click.pass_obj
def destroy(
    console: Console,
    *,
    asked: AddressSelection,
    client_id: str | None,
    prune: bool,
    out: str | None,
    how: ApplyOptions,
) -> int:
    """Revoke the clients at ADDRESS, and forget them.

    ADDRESS is one client's, or an instance or a glob as --target takes it.
    Whatever the manifest says of them, their secrets stop working immediately; `protect: true` and
    `max_revoke` stop it. On a terminal you type the number of clients to revoke.
    """
    if client_id is None:
        return end_clients(console, "revoke", asked, (out, prune), how)
    from reconciler.cli.running import run_apply
    from reconciler.operations.destroy import request_stray_revoke

    how = replace(how, reach=replace(how.reach, refresh=True))
    address = _one_address(asked)

    def build_request(_desired: "Manifest", _known: "State | None") -> "PlanRequest":
        return request_stray_revoke(address, client_id)

    request = how.request("destroy", build_request=build_request, prune=prune)
    return run_apply(console, how, request, question=question, out=out)


def _one_address(asked: AddressSelection) -> Address:
    """Return the one address that is named.

    Raises:
        UsageError: it is not one address.

    """
    try:
        (name,) = asked.names
        return Address.parse(name)
    except ValueError:
        raise UsageError(
            "--client-id goes with one ADDRESS: INSTANCE/NAME",
            hint="`reconciler plan --refresh` shows the whole command",
        ) from None
