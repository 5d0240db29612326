"""`reconciler state rekey`: encrypt every stored secret to the manifest's recipients."""

import click

from reconciler.bootstrap import open_store, sealing_of
from reconciler.cli.help import command
from reconciler.cli.options import (
    format_option,
    identity_option,
    lock_timeout_option,
    output_options,
    where_options,
)
from reconciler.cli.secrets_io import read_identities
from reconciler.cli.views import state_edit as view
from reconciler.cli.views.console import Console
from reconciler.model.errors import UsageError
from reconciler.model.strings import plural
from reconciler.operations import state_rekey
from reconciler.operations.workspace import ProjectPaths, load_manifest


@command(epilog="Example: reconciler state rekey --identity old.key")
@where_options
@identity_option
@lock_timeout_option
@format_option("text", "json")
@output_options
@click.pass_obj
def rekey(
    console: Console,
    *,
    where: ProjectPaths,
    identities: tuple[str, ...],
    lock_timeout: float,
    output: str,
) -> int:
    """Seal every secret to the manifest's recipients.

    Those of the state and of its journals: for when a recipient came or went, and for a state from
    before there was encryption. It needs identities that open every sealed secret: where one stays
    closed, nothing is written. Who could open the secrets before may know them: rotate the clients
    where that matters.
    """
    desired = load_manifest(where)
    if not desired.recipients:
        raise UsageError(
            "the manifest names no recipients to seal to",
            hint="state.encryption.age.recipients says whose keys open the state's secrets",
        )
    sealing = sealing_of(desired, read_identities(identities))
    done = state_rekey.rekey(open_store(where, desired), sealing, lock_timeout=lock_timeout)
    plain = sum(not each.is_sealed for each in done.secrets)
    before = f", of which {plain:,} stood in plain" if plain else ""
    recipients = plural(len(desired.recipients), "recipient")
    console.note(
        f"{plural(len(done.secrets), 'secret')} sealed to {recipients}{before}"
        if done.secrets
        else "there is no secret to seal"
    )
    console.must_go_on = True
    if output == "json":
        owners = [each.owner for each in done.secrets]
        console.document(view.document("rekey", done.serial, owners))
    return 0
