"""`reconciler ledger`: verify the record of what was done and by whom."""

from pathlib import Path
from typing import Final

import click

from reconciler.cli.help import command
from reconciler.cli.lazy_group import LazyGroup, Table
from reconciler.cli.options import format_option, option, output_options
from reconciler.cli.views.console import Console
from reconciler.model.errors import ReconcilerError
from reconciler.model.strings import lines_limited

COMMANDS: Final[Table] = {
    "verify": ("ledger:verify", "Find every change, cut or reorder in a ledger."),
}
SHOWN: Final = 20

ledger = LazyGroup(
    COMMANDS,
    name="ledger",
    no_args_is_help=False,
    help="Check the record that `apply --ledger FILE` keeps of everything done.",
    epilog="Example: reconciler ledger verify ledger.jsonl",
)


@command(epilog="Example: reconciler ledger verify ledger.jsonl --count 12 --head 5f70…")
@click.argument("path", metavar="FILE")
@option(
    "--head", metavar="HASH",
    help="The head that an apply printed at its end: it must still be in the ledger.",
)  # fmt: skip
@option("--count", type=click.IntRange(0), default=0, help="The number of the line with this head.")
@format_option("text", "json")
@output_options
@click.pass_obj
def verify(console: Console, *, path: str, head: str | None, count: int, output: str) -> int:
    """Find every change, cut or reorder in a ledger.

    Each line holds the digest of the one before it. The chain alone does not show that lines were
    removed from the end, or that the last line was written again: give the head and the count that
    an apply printed at its end.
    """
    from reconciler.cli.views.ledger import checked, document
    from reconciler.stores.ledger import START, Anchor
    from reconciler.stores.ledger import verify as verified

    anchor = Anchor(count=count, head=head or START) if head or count else None
    found, anchored = verified(Path(path), anchor), head is not None
    if output == "json":
        console.document(document(found, anchored=anchored))
        return 1 if found.broken else 0
    if not found.broken:
        console.report(checked(found, anchored=anchored))
        return 0
    listed = [f"line {e.line:,}: {e.why}" if e.line else e.why for e in found.broken]
    raise ReconcilerError(
        f"the ledger `{path}` is not what was written:{lines_limited(listed, SHOWN)}",
        hint="compare it with a copy from before, a commit or a backup",
    )
