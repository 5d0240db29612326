"""`reconciler init`: a working folder to begin with."""

import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast

import click

from reconciler.cli.help import command
from reconciler.cli.options import option, output_options
from reconciler.cli.scaffold import (
    MANIFEST,
    METHODS,
    SEALED_IGNORED,
    USUAL,
    Answers,
    NewFile,
    Pipeline,
    files,
    ignored,
    manifest,
    next_steps,
    pipeline_files,
    pipeline_steps,
    settings_files,
)
from reconciler.cli.types import Lines
from reconciler.cli.views.console import Console
from reconciler.model.errors import ReconcilerError, UsageError

_KEY: Final = re.compile(r"[a-z0-9][a-z0-9-]*")
_PIPELINES: Final[tuple[Pipeline, ...]] = ("github", "gitlab", "azure")
_OF_MANIFEST: Final = ("instances", "auth", "email", "sink", "recipient")
_EMAIL: Final = re.compile(r"[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+")

_AUTH_HELP: Final = "How to sign on; the default, an access token, is best for unattended runs."


@command(epilog="Example: reconciler init --instance acme-prod --age age1… --github")
@option("--dir", "folder", default=".", show_default=True, help="The folder to make.")
@option(
    "--instance", "instances", type=Lines("key"), multiple=True, metavar="KEY",
    help="An instance: KEY.domo.com (repeatable).",
)  # fmt: skip
@option("--auth", type=click.Choice(["password", "cookie", "token"]), help=_AUTH_HELP)
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

    Asks on a terminal for what no option says; elsewhere it takes the options alone. If the folder
    has a manifest, a pipeline is added to it: files that exist stay as they are, and the manifest
    decides everything else.
    """
    ask, root = sys.stdin.isatty(), Path(folder)
    pipelines = tuple(each for each in _PIPELINES if given[each])
    if pipelines and not force and (root / MANIFEST).exists():
        return _extend(console, root, pipelines, given)
    if ask:
        _refuse_overwriting(root, USUAL, force=force)
    answers = _answers(given, ask=ask)
    new = tuple(files(answers))
    new = tuple(each for each in new if not _is_written(root / each.path, each))
    _refuse_overwriting(root, (each.path for each in new), force=force)
    for each in new:
        _write(root / each.path, each)
    _ignore(root / ".gitignore", ignored(answers))
    written = "\n".join(sorted([".gitignore", *(each.path for each in new)]))
    console.report(written)
    where = "" if folder == "." else f"cd {folder} && "
    steps = (f"{where}reconciler validate && reconciler plan", *next_steps(answers))
    console.note("what is next:" + "".join(f"\n  - {each}" for each in steps))
    return 0


def _extend(
    console: Console, root: Path, pipelines: Sequence[Pipeline], given: Mapping[str, Any]
) -> int:
    """Add what a manifest's folder lacks for pipelines; nothing that exists is changed.

    Raises:
        InvalidInput: the manifest is wrong.
        UsageError: its state is not encrypted, or an option disagrees with it.

    """
    from reconciler.operations.workspace import ProjectPaths, load_manifest

    desired = load_manifest(ProjectPaths(file=str(root / MANIFEST)))
    if not desired.recipients:
        raise UsageError(
            f"a pipeline commits the state, and `{root / MANIFEST}` does not encrypt it",
            hint="`reconciler keygen` creates a key: add its recipient to"
            " state.encryption.age.recipients in the manifest",
        )
    _refuse_disagreement(root, pipelines, given)
    names = sorted(desired.environment_names())
    wanted = (*settings_files(), *pipeline_files(pipelines, names))
    new = [each for each in wanted if not (root / each.path).exists()]
    for each in new:
        _write(root / each.path, each)
    _ignore(root / ".gitignore", SEALED_IGNORED)
    if new:
        console.data("\n".join(sorted(each.path for each in new)))
    kept = [each for each in wanted if each not in new and not _is_written(root / each.path, each)]
    listed = "".join(f"\n  {each.path}" for each in kept)
    if kept:
        console.note(f"kept, although this version writes them differently:{listed}")
    steps = pipeline_steps(pipelines, names)
    console.note("what is next:" + "".join(f"\n  - {each}" for each in steps))
    return 0


def _refuse_disagreement(
    root: Path, pipelines: Sequence[Pipeline], given: Mapping[str, Any]
) -> None:
    """Refuse options for a manifest that exists, unless they are those that it was written with.

    Raises:
        UsageError: they would have no effect.

    """
    if not any(given[each] for each in _OF_MANIFEST):
        return
    answers = _answers({**given, **dict.fromkeys(pipelines, True)}, ask=False)
    if not _is_written(root / MANIFEST, NewFile(path=MANIFEST, text=manifest(answers))):
        raise UsageError(
            f"there is already a manifest, `{root / MANIFEST}`: nothing was written",
            hint="leave out what the manifest decides to add a pipeline to it; --force overwrites",
        )


def _answers(given: dict[str, Any], *, ask: bool) -> Answers:
    """Return what the options say, and of the rest what the user says or what is usual.

    What is said is checked when it is said: an option before anything is asked, an answer so that
    it can be given again.

    Raises:
        UsageError: an option is wrong, or does not go together with another.

    """
    pipelines = tuple(each for each in _PIPELINES if given[each])
    instances, auth, email = given["instances"], given["auth"], given["email"]
    recipient, sink = given["recipient"], given["sink"]
    if instances or not ask:
        _check_instances(instances)
    if email is not None:
        _check_email(email)
    if recipient is not None or not ask:
        _check_recipient(recipient, pipelines)
    _check_sink(sink, pipelines)
    if not instances:
        typed = _asked(
            "Instances, as in acme-prod acme-dev", "", lambda text: _check_instances(text.split())
        )
        instances = tuple(typed.split())
    auth = auth or _method(ask=ask)
    if auth == "password" and not email:
        email = "ops@example.com"
        if ask:
            email = _asked("E-mail address of who signs on", email, _check_email)
    if not pipelines and ask and sink != "file":
        chosen = _choice("Pipeline", ("none", *_PIPELINES), ask=True)
        pipelines = () if chosen == "none" else (cast("Pipeline", chosen),)
    if recipient is None and ask:
        recipient = _asked_recipient(pipelines)
    usual: tuple[str, ...] = ("state", "file", "exec") if recipient else ("file", "state", "exec")
    usual = ("state", "exec") if pipelines else usual
    return Answers(
        instances=instances,
        auth=auth,
        email=email or "",
        sink=sink or _choice("Secrets go to", usual, ask=ask),
        recipient=recipient,
        pipelines=pipelines,
    )


def _asked_recipient(pipelines: tuple[Pipeline, ...]) -> str | None:
    without = "a pipeline needs one" if pipelines else "empty: none"
    question = f"age recipient that seals the state ({without})"
    return _asked(question, "", lambda text: _check_recipient(text or None, pipelines)) or None


def _asked(question: str, usual: str, check: Callable[[str], object]) -> str:
    """Ask until the answer is right; what is wrong with one is said at once."""

    def right(text: str) -> str:
        text = text.strip()
        try:
            check(text)
        except UsageError as error:
            hint = f"\nhint: {error.hint}" if error.hint else ""
            raise click.UsageError(error.message + hint) from None
        return text

    shown = bool(usual)
    answer: str = click.prompt(
        question, default=usual, show_default=shown, value_proc=right, err=True
    )
    return answer


def _method(*, ask: bool) -> Any:
    """Return how to sign on; each method is explained before the question."""
    if ask:
        for method, lines in METHODS.items():
            click.echo(f"{method}: " + "\n  ".join(lines), err=True)
    return _choice("Sign on with", tuple(METHODS), ask=ask)


def _choice(question: str, choices: tuple[str, ...], *, ask: bool) -> Any:
    """Return one of the choices; the first is the usual one."""
    if not ask:
        return choices[0]
    return click.prompt(question, type=click.Choice(choices), default=choices[0], err=True)


def _check_instances(keys: Sequence[str]) -> None:
    """Refuse what are no instances, or one twice."""
    if not keys:
        raise UsageError("no instance is named", hint="--instance KEY names one: KEY.domo.com")
    for key in keys:
        if not _KEY.fullmatch(key):
            raise UsageError(
                f"`{key}` is not an instance's key",
                hint="the name before .domo.com: lower-case letters, digits and hyphens",
            )
    if len(set(keys)) < len(keys):
        raise UsageError("an instance is named twice")


def _check_email(email: str) -> None:
    if not _EMAIL.fullmatch(email):
        raise UsageError(f"`{email}` is not an e-mail address")


def _check_recipient(recipient: str | None, pipelines: tuple[Pipeline, ...]) -> None:
    """Refuse what is no recipient, and a pipeline without one."""
    from reconciler.manifest.resolve.recipients import is_recipient

    if recipient is not None and not is_recipient(recipient):
        raise UsageError(
            "the value of --age is not a recipient",
            hint="`age-keygen -o key.txt` prints one: age1…; the key itself stays in key.txt",
        )
    if pipelines and recipient is None:
        raise UsageError(
            "a pipeline commits the state, so its secrets must be sealed",
            hint="`age-keygen -o key.txt` makes a key; give its recipient to --age",
        )


def _check_sink(sink: str | None, pipelines: tuple[Pipeline, ...]) -> None:
    if pipelines and sink == "file":
        raise UsageError(
            "a pipeline's files end with its machine, and the secrets in them",
            hint="--sink state keeps them sealed in the state, --sink exec hands them to a command",
        )


def _refuse_overwriting(root: Path, paths: Iterable[str], *, force: bool) -> None:
    there = [path for path in paths if (root / path).exists()]
    if there and not force:
        raise ReconcilerError(
            "nothing was written, as there is already:" + "".join(f"\n  {path}" for path in there),
            hint="--force overwrites them; --dir names another folder",
        )


def _is_written(path: Path, new: NewFile) -> bool:
    """Report whether an earlier run that stopped halfway has written this file already."""
    try:
        return path.read_bytes() == new.text.encode()
    except OSError:
        return False


def _write(path: Path, new: NewFile) -> None:
    _put(path, new.text.encode(), mode=0o755 if new.executable else 0o644)


def _put(path: Path, data: bytes, *, mode: int) -> None:
    """Write a file atomically; a symbolic link stays, and so do the bits of an existing file."""
    from reconciler.system.atomic_files import followed, write_atomically

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        there = followed(path)
        if there.exists():
            mode |= there.stat().st_mode & 0o777
        write_atomically(there, data, mode=mode)
    except OSError as error:
        raise ReconcilerError(
            f"`{path}` cannot be written: {error.strerror}",
            hint="the old file is intact: make room or correct the path, then run init again",
        ) from None


def _ignore(path: Path, lines: tuple[str, ...]) -> None:
    """Add the missing lines in the file's own encoding and line endings; the rest stays."""
    before = path.read_bytes() if path.exists() else b""
    utf16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}.get(before[:2])
    coding = utf16 or "latin-1"  # an ASCII line has the same bytes in every other encoding
    text = before.decode(coding, errors="surrogateescape")
    have = {line.strip() for line in text.removeprefix("\ufeff").splitlines()}
    missing = [each for each in lines if each not in have]
    if not missing:
        return
    end = "\r\n" if "\r\n" in text else "\n"
    gap = end if text and not text.endswith("\n") else ""
    added = (gap + "".join(f"{each}{end}" for each in missing)).encode(coding)
    _put(path, before + added, mode=0o644)
