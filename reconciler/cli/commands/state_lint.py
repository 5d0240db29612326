"""`reconciler state lint`: keep plain secrets out of version control."""

from typing import TYPE_CHECKING, Final

import click

from reconciler.bootstrap import open_store
from reconciler.cli.help import command
from reconciler.cli.options import file_option, format_option, option, output_options
from reconciler.cli.views.console import Console
from reconciler.documents.envelope import envelope
from reconciler.model.errors import ReconcilerError
from reconciler.model.strings import lines_limited, plural
from reconciler.operations.state_lint import classifier, find_plain_secrets
from reconciler.operations.workspace import ProjectPaths, load_manifest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.operations.state_lint import PlainSecret

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
    """Refuse files that contain a client's secret in plain.

    Reads any file that this program writes, whole or damaged: states, their backups, journals, and
    the JSON and dotenv files of file sinks. An error log is refused unread: what commands print on
    standard error may contain a secret in any form. For a pre-commit hook, which passes every file
    of a commit, --of-manifest selects the files: the state at the manifest's path with the files
    beside it, and the files of its file sinks. The file of a client's sink is refused in any form.
    """
    classify = None
    if of_manifest:
        desired = load_manifest(where)
        classify = classifier(desired, open_store(where, desired))
    found = find_plain_secrets(paths, classify)
    if output == "json":
        console.document(_document(found))
    if not found:
        console.detail(f"no plain secret in {plural(len(paths), 'file')}")
        return 0
    raise ReconcilerError(
        f"{plural(len(found), 'secret')} in plain:{lines_limited([*map(str, found)], SHOWN)}",
        hint="set state.encryption in the manifest and run `reconciler state rekey`, or keep the"
        " file out of version control; a secret that was pushed needs `reconciler rotate`",
    )


def _document(found: "Sequence[PlainSecret]") -> dict[str, object]:
    return {
        **envelope("state-lint"),
        "clean": not found,
        "plain": [{"file": each.path, "line": each.line} for each in found],
    }
