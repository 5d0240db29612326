"""`reconciler init`: a working folder to begin with."""

import re
import sys
from pathlib import Path
from typing import Any, Final, cast

import click

from reconciler.cli.helping import command
from reconciler.cli.options import option, output_options
from reconciler.cli.scaffold import Answers, NewFile, Pipeline, files, ignored, variables
from reconciler.cli.types import Lines
from reconciler.cli.views.console import Console
from reconciler.model.errors import ReconcilerError, UsageError

_KEY: Final = re.compile(r"[a-z0-9][a-z0-9-]*")
_EMAIL: Final = re.compile(r"[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+")


@command(epilog="Example: reconciler init --instance acme-prod --age age1… --github")
@option("--dir", "folder", default=".", show_default=True, help="The folder to make.")
@option(
    "--instance", "instances", type=Lines("key"), multiple=True, metavar="KEY",
    help="An instance: KEY.domo.com (repeatable).",
)  # fmt: skip
@option("--auth", type=click.Choice(["password", "cookie", "token"]), help="How to sign on.")
@option("--email", help="Who signs on, with a password.")
@option("--sink", type=click.Choice(["file", "state", "exec"]), help="Where secrets go.")
@option("--age", "recipient", metavar="RECIPIENT", help="Seal the state to this age recipient.")
@option("--github", is_flag=True, help="Add workflows for GitHub Actions.")
@option("--gitlab", is_flag=True, help="Add a pipeline for GitLab CI.")
@option("--azure", is_flag=True, help="Add a pipeline for Azure Pipelines.")
@option("--force", is_flag=True, help="Overwrite files that are there.")
@output_options
@click.pass_obj
def init(console: Console, /, folder: str, *, force: bool, **given: Any) -> int:
    """Make a working folder: manifest, .gitignore, editor settings and, if asked for, a pipeline.

    Asks on a terminal for what no option says; elsewhere it takes the options alone.
    """
    answers = _answers(given, ask=sys.stdin.isatty())
    _check(answers)
    root = Path(folder)
    new = tuple(files(answers))
    _refuse_overwriting(root, new, force=force)
    for each in new:
        _write(root / each.path, each)
    _ignore(root / ".gitignore", ignored(answers))
    written = "\n".join(sorted([".gitignore", *(each.path for each in new)]))
    console.data(written)
    where = "" if folder == "." else f"cd {folder} && "
    console.note(
        f"{where}reconciler validate && reconciler plan",
        hint=f"apply takes the credentials from {', '.join(variables(answers))}",
    )
    return 0


def _answers(given: dict[str, Any], *, ask: bool) -> Answers:
    """Return what the options say, and of the rest what the user says or what is usual."""
    names: tuple[Pipeline, ...] = ("github", "gitlab", "azure")
    pipelines = tuple(each for each in names if given[each])
    instances = given["instances"]
    if not instances and ask:
        instances = tuple(_asked("Instances, as in acme-prod acme-dev", "").split())
    auth = given["auth"] or _choice("Sign on with", ("password", "cookie", "token"), ask=ask)
    email = given["email"]
    if auth == "password" and not email:
        email = _asked("E-mail address of who signs on", "ops@example.com", ask=ask)
    recipient = given["recipient"]
    if recipient is None and ask:
        recipient = _asked("age recipient that seals the state (empty: none)", "") or None
    usual = ("state", "file", "exec") if recipient else ("file", "state", "exec")
    sink = given["sink"] or _choice("Secrets go to", usual, ask=ask)
    if not pipelines and ask:
        chosen = _choice("Pipeline", ("none", *names), ask=True)
        pipelines = () if chosen == "none" else (cast("Pipeline", chosen),)
    return Answers(
        instances=instances,
        auth=auth,
        email=email or "",
        sink=sink,
        recipient=recipient,
        pipelines=pipelines,
    )


def _asked(question: str, usual: str, *, ask: bool = True) -> str:
    if not ask:
        return usual
    return str(click.prompt(question, default=usual, show_default=bool(usual), err=True)).strip()


def _choice(question: str, choices: tuple[str, ...], *, ask: bool) -> Any:
    """Return one of the choices; the first is the usual one."""
    if not ask:
        return choices[0]
    return click.prompt(question, type=click.Choice(choices), default=choices[0], err=True)


def _check(answers: Answers) -> None:
    """See that the answers make a manifest, and go together.

    Raises:
        UsageError: they do not.

    """
    from reconciler.manifest.recipients import is_recipient

    if not answers.instances:
        raise UsageError("no instance is named", hint="--instance KEY names one: KEY.domo.com")
    for key in answers.instances:
        if not _KEY.fullmatch(key):
            raise UsageError(
                f"`{key}` is not an instance's key",
                hint="the name before .domo.com: lower-case letters, digits and hyphens",
            )
    if len(set(answers.instances)) < len(answers.instances):
        raise UsageError("an instance is named twice")
    if answers.auth == "password" and not _EMAIL.fullmatch(answers.email):
        raise UsageError(f"`{answers.email}` is not an e-mail address")
    if answers.recipient is not None and not is_recipient(answers.recipient):
        raise UsageError(
            "the value of --age is not a recipient",
            hint="`age-keygen -o key.txt` prints one: age1…; the key itself stays in key.txt",
        )
    if answers.pipelines and answers.recipient is None:
        raise UsageError(
            "a pipeline commits the state, so its secrets must be sealed",
            hint="`age-keygen -o key.txt` makes a key; give its recipient to --age",
        )
    if answers.pipelines and answers.sink == "file":
        raise UsageError(
            "a pipeline's files end with its machine, and the secrets in them",
            hint="--sink state keeps them sealed in the state, --sink exec hands them to a command",
        )


def _refuse_overwriting(root: Path, new: tuple[NewFile, ...], *, force: bool) -> None:
    there = [each.path for each in new if (root / each.path).exists()]
    if there and not force:
        raise ReconcilerError(
            "nothing was written, as there is already:" + "".join(f"\n  {path}" for path in there),
            hint="--force overwrites them; --dir names another folder",
        )


def _write(path: Path, new: NewFile) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(new.text, encoding="utf-8")
    if new.executable:
        path.chmod(0o755)


def _ignore(path: Path, lines: tuple[str, ...]) -> None:
    """Add the lines that are missing; what is there stays."""
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    missing = [each for each in lines if each not in before.splitlines()]
    gap = "" if not before or before.endswith("\n") else "\n"
    path.write_text(before + gap + "".join(f"{each}\n" for each in missing), encoding="utf-8")
