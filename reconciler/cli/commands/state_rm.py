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
    """Remove a client from the state without revoking it.

    While the manifest contains ADDRESS, the client at Domo keeps its name from being used again:
    `plan --refresh` shows what an apply would do.
    """

    def approve(edit: StateEdit) -> bool:
        entry = edit.entry
        question = f"{address} will be forgotten (client {entry.client_id}, `{entry.live_name}`)"
        if entry.secret is not None:
            question += "; the secret that the state keeps of it goes, from the backup as well"
        if entry.protect:
            console.warn(
                f"{address} is protected: once it is forgotten, nothing here protects it",
                hint="the client keeps working, and `reconciler import` adopts it again",
            )
        return confirm(console, question, auto_approve=auto_approve)

    edit = remove_client(find_store(where), address, approve=approve, lock_timeout=lock_timeout)
    if edit is None:
        return 1
    console.must_go_on = True
    console.note(f"forgot {address}: the client keeps working")
    if output == "json":
        console.document(view.document("rm", edit.after.serial, (address,)))
    return 0
