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
    """Encrypt every secret to the manifest's recipients.

    Covers the state and its journals. Run it after recipients changed, or after encryption was
    configured. It needs identities that open every sealed secret: if one stays closed, nothing is
    written. Anyone with an old key may have read these secrets; rotate the clients if that is a
    risk.
    """
    desired = load_manifest(where)
    if not desired.recipients:
        raise UsageError(
            "the manifest names no recipients to seal to",
            hint="list the recipients whose keys open the secrets under"
            " state.encryption.age.recipients",
        )
    sealing = sealing_of(desired, read_identities(identities))
    done = state_rekey.rekey(open_store(where, desired), sealing, lock_timeout=lock_timeout)
    plain = sum(not each.is_sealed for each in done.secrets)
    before = f"; {plain:,} had been in plain" if plain else ""
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
