"""`reconciler init`: create a project folder."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click

from reconciler.cli.help import command
from reconciler.cli.init_prompts import ask_answers, given_pipelines
from reconciler.cli.options import option, output_options
from reconciler.cli.types import Lines
from reconciler.cli.views.console import Console
from reconciler.operations.init import create, extend, refuse_other_answers, refuse_overwriting
from reconciler.operations.scaffold import MANIFEST, USUAL, Pipeline, next_steps, pipeline_steps
from reconciler.operations.workspace import ProjectPaths

_OF_MANIFEST: Final = ("instances", "auth", "email", "sink", "recipient")
"""The options that the manifest decides, if there is one."""

_AUTH_HELP: Final = "How to sign on; the default, an access token, is best for unattended runs."


@command(epilog="Example: reconciler init --instance acme-prod --age age1… --github")
@option("--dir", "folder", default=".", show_default=True, help="The folder to create.")
@option(
    "--instance", "instances", type=Lines("key"), multiple=True, metavar="KEY",
    help="An instance: KEY.domo.com (repeatable).",
)  # fmt: skip
@option("--auth", type=click.Choice(["password", "cookie", "token"]), help=_AUTH_HELP)
@option("--email", help="Who signs on, with a password.")
@option("--sink", type=click.Choice(["file", "state", "exec"]), help="What receives the secrets.")
@option("--age", "recipient", metavar="RECIPIENT", help="Seal the state to this age recipient.")
@option("--github", is_flag=True, help="Add workflows for GitHub Actions.")
@option("--gitlab", is_flag=True, help="Add a pipeline for GitLab CI.")
@option("--azure", is_flag=True, help="Add a pipeline for Azure Pipelines.")
@option("--force", is_flag=True, help="Overwrite files that are there.")
@output_options
@click.pass_obj
def init(console: Console, /, folder: str, *, force: bool, **given: Any) -> int:
    """Create a project folder: manifest, .gitignore, editor settings and, if asked for, a pipeline.

    On a terminal it asks for what no option gives; elsewhere it uses defaults. If the folder
    has a manifest, a pipeline is added to it: files that exist stay as they are, and the manifest
    decides everything else.
    """
    ask, root = sys.stdin.isatty(), Path(folder)
    pipelines = given_pipelines(given)
    if pipelines and not force and (root / MANIFEST).exists():
        return _extend(console, root, pipelines, given)
    if ask:
        refuse_overwriting(
            root, USUAL, force=force
        )  # before the first question, not after the last
    answers = ask_answers(given, ask=ask)
    console.report("\n".join(create(root, answers, force=force)))
    where = "" if folder == "." else f"cd {folder} && "
    _show_steps(console, (f"{where}reconciler validate && reconciler plan", *next_steps(answers)))
    return 0


def _extend(
    console: Console, root: Path, pipelines: Sequence[Pipeline], given: Mapping[str, Any]
) -> int:
    from reconciler.operations.workspace import load_manifest

    desired = load_manifest(ProjectPaths(file=str(root / MANIFEST)))
    if desired.recipients and any(given[each] for each in _OF_MANIFEST):
        refuse_other_answers(root, ask_answers(given, ask=False))
    done = extend(root, desired, pipelines)
    if done.written:
        console.data("\n".join(done.written))
    if done.kept:
        listed = "".join(f"\n  {each}" for each in done.kept)
        console.note(f"kept, although this version writes them differently:{listed}")
    _show_steps(console, pipeline_steps(pipelines, done.variables))
    return 0


def _show_steps(console: Console, steps: Iterable[str]) -> None:
    console.note("what is next:" + "".join(f"\n  - {each}" for each in steps))
