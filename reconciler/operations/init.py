"""Writes a new project folder, or adds a pipeline to an existing one."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from reconciler.model.address import is_instance_key
from reconciler.model.errors import ReconcilerError, UsageError
from reconciler.operations.scaffold import (
    MANIFEST,
    SEALED_IGNORED,
    Answers,
    NewFile,
    Pipeline,
    files,
    ignored,
    manifest,
    pipeline_files,
    settings_files,
)

if TYPE_CHECKING:
    from reconciler.model.manifest import Manifest

_EMAIL: Final = re.compile(r"[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """What `extend` did: the files that it wrote, and the files that differ from this version's.

    `variables` are the environment variables with credentials that the manifest names.
    """

    written: Sequence[str]
    kept: Sequence[str]
    variables: Sequence[str]


def create(root: Path, answers: Answers, *, force: bool) -> Sequence[str]:
    """Write the files of a new project, and return their paths in the folder.

    A file with exactly the new content is left alone, so that a run that stopped can be repeated.

    Raises:
        ReconcilerError: a file exists and `force` is not set, or one cannot be written.

    """
    new = [each for each in files(answers) if not is_written(root / each.path, each)]
    refuse_overwriting(root, (each.path for each in new), force=force)
    for each in new:
        _write(root / each.path, each)
    _ignore(root / ".gitignore", ignored(answers))
    return sorted([".gitignore", *(each.path for each in new)])


def extend(root: Path, desired: "Manifest", pipelines: Sequence[Pipeline]) -> Extension:
    """Add the files of pipelines to a project; a file that exists is not changed.

    Raises:
        UsageError: the state of the project is not encrypted.
        ReconcilerError: a file cannot be written.

    """
    if not desired.recipients:
        raise UsageError(
            f"a pipeline commits the state, and `{root / MANIFEST}` does not encrypt it",
            hint="`reconciler keygen` creates a key: add its recipient to"
            " state.encryption.age.recipients in the manifest",
        )
    names = sorted(desired.environment_names())
    wanted = (*settings_files(), *pipeline_files(pipelines, names))
    new = [each for each in wanted if not (root / each.path).exists()]
    for each in new:
        _write(root / each.path, each)
    _ignore(root / ".gitignore", SEALED_IGNORED)
    kept = [
        each.path for each in wanted if each not in new and not is_written(root / each.path, each)
    ]
    return Extension(written=sorted(each.path for each in new), kept=kept, variables=names)


def refuse_other_answers(root: Path, answers: Answers) -> None:
    """Check that an existing manifest is the one that these answers produce.

    Raises:
        UsageError: it is not, so that the answers would have no effect.

    """
    if not is_written(root / MANIFEST, NewFile(path=MANIFEST, text=manifest(answers))):
        raise UsageError(
            f"there is already a manifest, `{root / MANIFEST}`: nothing was written",
            hint="leave out what the manifest decides to add a pipeline to it; --force overwrites",
        )


def refuse_overwriting(root: Path, paths: Iterable[str], *, force: bool) -> None:
    """Check that no file exists at these paths, unless `force` is set.

    Raises:
        ReconcilerError: with each file that exists.

    """
    there = [path for path in paths if (root / path).exists()]
    if there and not force:
        raise ReconcilerError(
            "nothing was written, as there is already:" + "".join(f"\n  {path}" for path in there),
            hint="--force overwrites them; --dir names another folder",
        )


def check_instances(keys: Sequence[str]) -> None:
    """Check the keys of instances.

    Raises:
        UsageError: no key is given, one is invalid, or one is given twice.

    """
    if not keys:
        raise UsageError("no instance is named", hint="--instance KEY names one: KEY.domo.com")
    for key in keys:
        if not is_instance_key(key):
            raise UsageError(
                f"`{key}` is not an instance's key",
                hint="the name before .domo.com: lower-case letters, digits and hyphens",
            )
    if len(set(keys)) < len(keys):
        raise UsageError("an instance is named twice")


def check_email(email: str) -> None:
    """Check an e-mail address.

    Raises:
        UsageError: it is not one.

    """
    if not _EMAIL.fullmatch(email):
        raise UsageError(f"`{email}` is not an e-mail address")


def check_recipient(recipient: str | None, pipelines: tuple[Pipeline, ...]) -> None:
    """Check an age recipient, which pipelines require.

    Raises:
        UsageError: it is not one, or it is missing and there is a pipeline.

    """
    from reconciler.manifest.resolve.recipients import is_recipient

    if recipient is not None and not is_recipient(recipient):
        raise UsageError(
            "the value of --age is not a recipient",
            hint="`age-keygen -o key.txt` prints one: age1…; the key itself stays in key.txt",
        )
    if pipelines and recipient is None:
        raise UsageError(
            "a pipeline commits the state, so its secrets must be sealed",
            hint="`age-keygen -o key.txt` creates a key; give its recipient to --age",
        )


def check_sink(sink: str | None, pipelines: tuple[Pipeline, ...]) -> None:
    """Check that the sink keeps secrets longer than the runner of a pipeline.

    Raises:
        UsageError: it does not.

    """
    if pipelines and sink == "file":
        raise UsageError(
            "files written by a CI job are lost when its runner is discarded",
            hint="--sink state keeps them in the encrypted state,"
            " --sink exec passes them to a command",
        )


def is_written(path: Path, new: NewFile) -> bool:
    """Return whether a file has exactly this content already."""
    try:
        return path.read_bytes() == new.text.encode()
    except OSError:
        return False


def _write(path: Path, new: NewFile) -> None:
    _put(path, new.text.encode(), mode=0o755 if new.executable else 0o644)


def _put(path: Path, data: bytes, *, mode: int) -> None:
    """Write a file atomically. A symbolic link and the mode of an existing file are kept."""
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
    """Append the missing lines in the encoding and with the line endings of the file."""
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
