"""Whom secrets are sealed to: age recipients, each checked for real."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from reconciler.manifest.positions import Atlas
from reconciler.manifest.report import Finding, Report, quoted
from reconciler.model.text import plural

Read = Callable[[str], str]


def recipients(age: Mapping[str, Any], read: Read, atlas: Atlas, report: Report) -> tuple[str, ...]:
    """Return the recipients of `encryption.age` without repeats, those of the file last.

    `read` returns the text of a file relative to the manifest's folder; its `OSError` or
    `UnicodeDecodeError` becomes a finding.
    """
    if not age:
        return ()
    found = [*_listed(age, atlas, report), *_from_file(age, read, atlas, report)]
    if not found and not report:
        at = atlas.key(age, next(iter(age)))
        report.add(_nobody(at))
    return tuple(dict.fromkeys(found))


def _listed(age: Mapping[str, Any], atlas: Atlas, report: Report) -> Iterator[str]:
    listed = age.get("recipients")
    for item in atlas.items(listed) if listed else ():
        recipient = item.value.strip()
        if is_recipient(recipient):
            yield recipient
        else:
            report.add(_bad(recipient, item.at, ""))


def _from_file(age: Mapping[str, Any], read: Read, atlas: Atlas, report: Report) -> Iterator[str]:
    if "recipients_file" not in age:
        return
    path, at = age["recipients_file"], atlas.value(age, "recipients_file")
    try:
        lines = read(path).splitlines()
    except (OSError, ValueError) as error:
        report.add(_unreadable(path, at, error))
        return
    for number, line in enumerate(lines, start=1):
        recipient = line.strip()
        if not recipient or recipient.startswith("#"):
            continue
        if is_recipient(recipient):
            yield recipient
        else:
            report.add(_bad(recipient, at, f" (line {number} of {quoted(path)})"))


def is_recipient(text: str) -> bool:
    """Say whether secrets can be sealed to `text`: age1…, ssh-ed25519 … or ssh-rsa …."""
    from pyrage import (  # type: ignore[import-untyped]  # it ships no types
        RecipientError,
        ssh,
        x25519,
    )

    reader = ssh.Recipient if text.startswith("ssh-") else x25519.Recipient
    try:
        reader.from_str(text)
    except RecipientError:
        return False
    return True


def _bad(recipient: str, at: int, where: str) -> Finding:
    if recipient.upper().startswith("AGE-SECRET-KEY-"):
        return Finding(
            code="private-key",
            message=f"this is a private key{where}: a recipient is the public one",
            at=at,
            hint="Write what `age-keygen -y` prints for it, and make a new key: this one is shown.",
            hide=(at,),
        )
    return Finding(
        code="invalid-recipient",
        message=f"{quoted(recipient, 24)} is not a recipient{where}",
        at=at,
        hint="It is age1…, ssh-ed25519 … or ssh-rsa …, whole.",
    )


def _unreadable(path: str, at: int, error: Exception) -> Finding:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else "not UTF-8 text"
    return Finding(
        code="unreadable-file",
        message=f"the file {quoted(path)} cannot be read: {reason}",
        at=at,
        hint="The path is relative to the manifest's folder.",
    )


def _nobody(at: int) -> Finding:
    return Finding(
        code="no-recipient",
        message=f"there is {plural(0, 'recipient')}: nobody could open what is sealed",
        at=at,
        hint="Name at least one, or remove `encryption` to keep secrets in plain.",
    )
