"""`reconciler state rm`: remove a client from the state."""

import click

from reconciler.bootstrap import find_store
from reconciler.cli.help import command
from reconciler.cli.options import (
    approve_option,
    format_option,
    lock_timeout_option,
    output_options,
    where_options,
)
from reconciler.cli.prompts import confirm
from reconciler.cli.types import AddressType
from reconciler.cli.views import state_edit as view
from reconciler.cli.views.console import Console
from reconciler.model.address import Address
from reconciler.operations.state_edit import StateEdit, remove_client
from reconciler.operations.workspace import ProjectPaths


@command(epilog="Example: reconciler state rm acme-prod/Reporting")
@click.argument("address", type=AddressType())
@where_options
@approve_option
@lock_timeout_option
@format_option("text", "json")
@output_options
@click.pass_obj
def rm(
    console: Console,
    *,
    address: Address,
    where: ProjectPaths,
    auto_approve: bool,
    lock_timeout: float,
    output: str,
) -> int:
    """Forget a client, and leave it alive.

    While the manifest wants ADDRESS, a client of its live name at Domo stands in the way:
    `plan --refresh` shows what would be done about it.
    """

    def approve(edit: StateEdit) -> bool:
        entry = edit.entry
        question = f"{address} will be forgotten (client {entry.client_id}, `{entry.live_name}`)"
        if entry.secret is not None:
            question += "; the secret that the state keeps of it goes, from the backup as well"
        if entry.protect:
            console.warn(
                f"{address} is protected: once it is forgotten, nothing here protects it",
                hint="the client lives on, and `reconciler import` takes it up again",
            )
        return confirm(console, question, auto_approve=auto_approve)

    edit = remove_client(find_store(where), address, approve=approve, lock_timeout=lock_timeout)
    if edit is None:
        return 1
    console.must_go_on = True
    console.note(f"forgot {address}: the client lives on")
    if output == "json":
        console.document(view.document("rm", edit.after.serial, (address,)))
    return 0
