"""`reconciler state mv`: give a client of the state another address."""

from pathlib import Path

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
from reconciler.operations.state_edit import StateEdit, move_client
from reconciler.operations.workspace import ProjectPaths, load_manifest


@command(epilog="Example: reconciler state mv acme-prod/Reporting acme-prod/Reports")
@click.argument("source", type=AddressType())
@click.argument("target", type=AddressType())
@where_options
@approve_option
@lock_timeout_option
@format_option("text", "json")
@output_options
@click.pass_obj
def mv(  # noqa: PLR0913 (one argument for each option)
    console: Console,
    *,
    source: Address,
    target: Address,
    where: ProjectPaths,
    auto_approve: bool,
    lock_timeout: float,
    output: str,
) -> int:
    """Give a client another address: TARGET in place of SOURCE.

    The client itself, its live name and its secret stay as they are. `moved:` in the manifest does
    the same for everyone who uses the manifest.
    """

    def approve(edit: StateEdit) -> bool:
        client = f"client {edit.entry.client_id}, `{edit.entry.live_name}`"
        question = f"{source} will become {target} ({client})"
        return confirm(console, question, auto_approve=auto_approve)

    store = find_store(where)
    instances = load_manifest(where).instances if Path(where.file).exists() else None
    edit = move_client(
        store, (source, target), instances, approve=approve, lock_timeout=lock_timeout
    )
    if edit is None:
        return 1
    console.must_go_on = True
    console.note(f"moved {source} to {target}")
    if output == "json":
        console.document(view.document("mv", edit.after.serial, (source, target)))
    return 0
