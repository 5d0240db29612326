"""`reconciler keygen`: create an age identity."""

from pathlib import Path

import click

from reconciler.cli.help import command
from reconciler.cli.options import option, output_options
from reconciler.cli.views.console import Console
from reconciler.model.errors import UsageError


@command(epilog="Example: reconciler keygen --out ~/.config/reconciler/key.txt")
@option(
    "-o",
    "--out",
    metavar="FILE",
    default="key.txt",
    show_default=True,
    help="The identity file to create, with mode 0600; an existing file is never overwritten.",
)
@output_options
@click.pass_obj
def keygen(console: Console, *, out: str) -> int:
    """Create an age identity file and print its recipient.

    The recipient is public: list it in the manifest under `state.encryption.age.recipients`. The
    file is the private key that opens the secrets: keep it out of git and away from the pipeline.
    """
    from reconciler.stores.encryption import create_identity
    from reconciler.stores.git_guard import unsafe_paths

    path = Path(out)
    try:
        recipient = create_identity(path)
    except FileExistsError:
        raise UsageError(
            f"{out} exists, and an identity file is never overwritten",
            hint="secrets may be sealed to it: choose another name with --out",
        ) from None
    console.must_go_on = True
    console.data(recipient)
    for _, reason in unsafe_paths([path]):
        console.warn(f"{out} is a private key, and {reason}", hint="add it to .gitignore")
    return 0
