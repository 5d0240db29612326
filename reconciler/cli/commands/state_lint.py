"""`reconciler state lint`: no plain secret goes into version control."""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import click

from reconciler.cli.help import command
from reconciler.cli.options import file_option, format_option, option, output_options
from reconciler.cli.views.console import Console
from reconciler.model.errors import ReconcilerError
from reconciler.model.strings import lines_limited, plural
from reconciler.operations.workspace import ProjectPaths
from reconciler.stores.local import LOG

# Two expressions, because one with both would be searched without its first letters: 10 x as long.
_PLAIN: Final = (
    re.compile(rb'"client_secret"\s*:\s*"'),
    re.compile(rb"DOMO_CLIENT_SECRET=\S"),
)
_NAMED: Final = re.compile(r"\.state\.json(?:\.[^/]+)?$")
_ERRORS: Final = re.compile(LOG + r"$")
SHOWN: Final = 20


@command(epilog="Example: reconciler state lint reconciler.state.json")
@click.argument("paths", metavar="FILE...", nargs=-1, required=True)
@option(
    "--of-manifest", is_flag=True,
    help="Of the FILEs, check those that the manifest names, and *.state.json files.",
)  # fmt: skip
@file_option
@format_option("text", "json")
@output_options
@click.pass_obj
def lint(
    console: Console,
    *,
    paths: tuple[str, ...],
    of_manifest: bool,
    where: ProjectPaths,
    output: str,
) -> int:
    """Refuse files in which a client's secret stands in plain.

    Reads any file that this program writes, whole or damaged: states, their backups, journals, and
    what file sinks hold as JSON or dotenv. An error log is refused unread: what commands print on
    standard error may contain a secret in any form. For a pre-commit hook, which passes every file
    of a commit, --of-manifest selects the files: the state at the manifest's path with the files
    beside it, and the files of its file sinks. The file of a client's sink is refused in any form.
    """
    known = _known(where) if of_manifest else lambda _: False
    found = [(path, number) for path in paths for number in _lines(path, known)]
    if output == "json":
        console.document(_document(found))
    if not found:
        console.detail(f"no plain secret in {plural(len(paths), 'file')}")
        return 0
    listed = lines_limited([f"{path}:{number}" for path, number in found], SHOWN)
    raise ReconcilerError(
        f"{plural(len(found), 'secret')} in plain:{listed}",
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


def _known(where: ProjectPaths) -> Callable[[str], bool | None]:
    """Return what the manifest knows of a path: None if it is not the tool's file.

    True is the file of a client's sink, which contains its secret in one of several forms. False is
    a file that may contain one: the state, a file beside it, or what a sink wrote for a client that
    is no longer in the manifest.
    """
    from reconciler.bootstrap import open_store
    from reconciler.model.placeholders import parts
    from reconciler.model.sink import FileSink, FileTarget
    from reconciler.operations.workspace import load_manifest

    desired = load_manifest(where)
    store = open_store(where, desired)

    def real(path: str) -> str:
        return os.path.realpath(Path(desired.root, path))

    targets = {
        real(target.path)
        for client in desired.clients.values()
        for target in desired.targets(client)
        if isinstance(target, FileTarget)
    }
    holes = "\x01"  # no path contains it, and `realpath` keeps it
    forms = [
        re.compile(re.escape(real(holes.join(parts(sink.path)[::2]))).replace(holes, "[^/]+"))
        for sink in desired.sinks.values()
        if isinstance(sink, FileSink)
    ]

    def known(path: str) -> bool | None:
        there = os.path.realpath(path)
        if there in targets:
            return True
        beside = store.owns(Path(path)) or _NAMED.search(path) or _ERRORS.search(path)
        return False if beside or any(form.fullmatch(there) for form in forms) else None

    return known


def _lines(path: str, known: Callable[[str], bool | None]) -> list[int]:
    """Return the lines with a plain secret; the first one stands for a file that is one."""
    match known(path):
        case None:
            return []
        case True:
            return _plain_lines(path) or [1]
        case False:
            return _plain_lines(path)


def _plain_lines(path: str) -> list[int]:
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise ReconcilerError(f"`{path}` cannot be read: {error.strerror}") from None
    if _ERRORS.search(path):
        return [1]
    lines, line, counted = [], 1, 0
    for start in sorted(found.start() for plain in _PLAIN for found in plain.finditer(data)):
        line += data.count(b"\n", counted, start)  # from the beginning would be quadratic
        counted = start
        lines.append(line)
    return lines
