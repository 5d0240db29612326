"""`reconciler verify`: which secrets really work?"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from reconciler.bootstrap import open_store
from reconciler.cli.exit_codes import INCOMPLETE
from reconciler.cli.help import command
from reconciler.cli.options import (
    chosen_options,
    format_option,
    identity_option,
    option,
    output_options,
    reach_options,
    where_options,
)
from reconciler.cli.secrets_io import read_identities
from reconciler.cli.types import Lines
from reconciler.cli.values import ConnectionOptions, SelectionOptions
from reconciler.cli.views.console import Console
from reconciler.model.errors import UsageError
from reconciler.model.sink import ExecSink
from reconciler.model.strings import nearest
from reconciler.model.timestamps import format_utc
from reconciler.operations.workspace import ProjectPaths, load_manifest, load_state

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.model.manifest import Manifest


@command(epilog="Example: reconciler verify --target 'acme-*' --identity ops.key")
@where_options
@chosen_options
@identity_option
@option(
    "--from-sink", "from_sinks", type=Lines("sink", "readable_sinks"), multiple=True,
    metavar="NAME",
    help="Run the `read` command of this sink for each of its clients (repeatable).",
)  # fmt: skip
@reach_options("Sign-ins at once.")
@format_option("text", "json", "html")
@output_options
@click.pass_obj
def verify(  # noqa: PLR0913 (one argument for each option)
    console: Console,
    *,
    where: ProjectPaths,
    chosen: SelectionOptions,
    identities: tuple[str, ...],
    from_sinks: tuple[str, ...],
    reach: ConnectionOptions,
    output: str,
) -> int:
    """Sign in with every secret that may be read, and show which clients really work.

    Reads the state (a sealed secret needs an --identity), the files that were delivered, and with
    --from-sink what a command gives back. It needs no password and changes nothing. As html it is
    one page with the fleet's table. Ends with 3 where a place that was given a secret does not
    have one that works, and where no identity that was given opens any sealed secret.
    """
    from reconciler.cli.machine import open_machine
    from reconciler.cli.values import selection
    from reconciler.cli.views import verify
    from reconciler.operations import verify as operation

    desired = load_manifest(where)
    asked = _readable(desired, from_sinks)
    store = open_store(where, desired)
    ground = load_state(store, read_identities(identities))
    machine = open_machine(console, desired, store, reach)
    report = operation.verify(
        machine, ground, selection(chosen), from_sinks=asked, identity_files=identities
    )
    found = verify.rows(desired, ground, report.results)
    if output == "json":
        console.document(verify.document(found))
    elif output == "html":
        from reconciler.cli.views.verify_page import render

        console.data(render(found, at=format_utc(datetime.now(UTC))))
    else:
        verify.show(console, found)
    return 0 if report.complete else INCOMPLETE


def _readable(desired: "Manifest", names: "Iterable[str]") -> frozenset[str]:
    """Return the sinks to be read back.

    Raises:
        UsageError: one is not in the manifest, or no command of it reads back.

    """
    known = sorted(name for name, sink in desired.sinks.items() if isinstance(sink, ExecSink))
    for name in names:
        sink = desired.sinks.get(name)
        if sink is None:
            meant = nearest(name, known)
            hint = f"did you mean `{meant}`?" if meant else "a sink of type exec is meant"
            raise UsageError(f"the manifest has no sink `{name}`", hint=hint)
        if not isinstance(sink, ExecSink):
            raise UsageError(
                f"the sink `{name}` is not of type exec", hint="its files are read without it"
            )
        if sink.read is None:
            raise UsageError(
                f"the sink `{name}` has no command for reading back",
                hint="give it a `read`, a command that prints what it was given",
            )
    return frozenset(names)
