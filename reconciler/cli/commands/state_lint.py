"""`reconciler state lint`: no plain secret goes into version control."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import click

from reconciler.cli.helping import command
from reconciler.cli.options import format_option, output_options
from reconciler.cli.views.console import Console
from reconciler.model.errors import ReconcilerError
from reconciler.model.text import plural
from reconciler.stores.local import LOG

_PLAIN: Final = re.compile(rb'"client_secret"\s*:\s*"')
_ERRORS: Final = re.compile(LOG + r"$")
SHOWN: Final = 20


@command(epilog="Example: reconciler state lint reconciler.state.json")
@click.argument("paths", metavar="FILE...", nargs=-1, required=True)
@format_option("text", "json")
@output_options
@click.pass_obj
def lint(console: Console, *, paths: tuple[str, ...], output: str) -> int:
    """Refuse files in which a client's secret stands in plain.

    Reads any file that this program writes, whole or damaged: states, their backups, journals, and
    what file sinks hold as JSON. An error log is refused unread: what commands print on standard
    error may contain a secret in any form. For a pre-commit hook.
    """
    found = [(path, number) for path in paths for number in _plain_lines(path)]
    if output == "json":
        console.document(_document(found))
    if not found:
        console.detail(f"no plain secret in {plural(len(paths), 'file')}")
        return 0
    listed = "".join(f"\n  {path}:{number}" for path, number in found[:SHOWN])
    more = f"\n  and {len(found) - SHOWN:,} more" if len(found) > SHOWN else ""
    raise ReconcilerError(
        f"{plural(len(found), 'secret')} in plain:{listed}{more}",
        hint="set state.encryption in the manifest and run `reconciler state rekey`, or keep the"
        " file out of version control; a secret that was pushed needs `reconciler rotate`",
    )


def _document(found: Sequence[tuple[str, int]]) -> Mapping[str, object]:
    return {
        "format": "reconciler.state-lint",
        "version": 1,
        "clean": not found,
        "plain": [{"file": path, "line": number} for path, number in found],
    }


def _plain_lines(path: str) -> list[int]:
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise ReconcilerError(f"`{path}` cannot be read: {error.strerror}") from None
    if _ERRORS.search(path):
        return [1]
    lines, line, counted = [], 1, 0
    for found in _PLAIN.finditer(data):  # each part is counted once: from the start is quadratic
        line += data.count(b"\n", counted, found.start())
        counted = found.start()
        lines.append(line)
    return lines
