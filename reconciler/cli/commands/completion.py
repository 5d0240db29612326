"""`reconciler completion`: print the completion script of a shell."""

import click

from reconciler.cli.help import command
from reconciler.cli.options import output_options
from reconciler.cli.views.console import Console


@command(epilog='Example: eval "$(reconciler completion bash)"')
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@output_options
@click.pass_obj
def completion(console: Console, shell: str) -> int:
    """Print the completion script of a shell, to be evaluated in its start-up file."""
    from reconciler.cli.main import COMPLETE, PROGRAM, group
    from reconciler.cli.shells import SHELLS

    console.data(SHELLS[shell](group(), {}, PROGRAM, COMPLETE).source())
    return 0
