"""Read the age recipients that secrets are encrypted for, and validate each with the library."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from reconciler.manifest.error_collector import ErrorCollector, ManifestError, quoted
from reconciler.manifest.yaml.source_map import SourceMap

Read = Callable[[str], str]


def recipients(
    age: Mapping[str, Any], read: Read, source_map: SourceMap, report: ErrorCollector
) -> tuple[str, ...]:
    """Return the recipients of `encryption.age` without repeats, those of the file last.

    `read` returns the text of a file relative to the manifest's folder; its `OSError` or
    `UnicodeDecodeError` is reported.
    """
    if not age:
        return ()
    found = [*_listed(age, source_map, report), *_from_file(age, read, source_map, report)]
    if not found:
        report.add(_no_recipient(source_map.key(age, next(iter(age)))))
    return tuple(dict.fromkeys(each for each in found if each is not None))


def _listed(
    age: Mapping[str, Any], source_map: SourceMap, report: ErrorCollector
) -> Iterator[str | None]:
    """Yield the recipients of the list, None for each that is reported."""
    listed = age.get("recipients")
    for item in source_map.items(listed) if listed else ():
        recipient = item.value.strip()
        if is_recipient(recipient):
            yield recipient
        else:
            report.add(_bad(recipient, item.at, quoted(recipient, 24)))
            yield None


def _from_file(
    age: Mapping[str, Any], read: Read, source_map: SourceMap, report: ErrorCollector
) -> Iterator[str | None]:
    """Yield the recipients of the file, None for each that is reported."""
    if "recipients_file" not in age:
        return
    path, at = age["recipients_file"], source_map.value(age, "recipients_file")
    try:
        lines = read(path).removeprefix("\ufeff").splitlines()
    except (OSError, ValueError) as error:
        report.add(_unreadable(path, at, error))
        yield None
        return
    for number, line in enumerate(lines, start=1):
        recipient = line.strip()
        if recipient and not recipient.startswith("#"):
            right = is_recipient(recipient)
            if not right:
                report.add(_bad(recipient, at, f"line {number} of {quoted(path)}"))
            yield recipient if right else None


def is_recipient(text: str) -> bool:
    """Return if secrets can be encrypted for `text`: age1…, ssh-ed25519 … or ssh-rsa …."""
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


def _bad(recipient: str, at: int, what: str) -> ManifestError:
    if recipient.upper().startswith("AGE-SECRET-KEY-"):
        return ManifestError(
            code="private-key",
            message="a private key is written in place of the public key",
            at=at,
            hint="write the output of `age-keygen -y`; create a new key, this one is compromised",
            hide=(at,),
        )
    return ManifestError(
        code="invalid-recipient",
        message=f"{what} is not a recipient",
        at=at,
        hint="write the whole key: age1…, ssh-ed25519 … or ssh-rsa …",
    )


def _unreadable(path: str, at: int, error: Exception) -> ManifestError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else "not UTF-8 text"
    return ManifestError(
        code="unreadable-file",
        message=f"the file {quoted(path)} cannot be read: {reason}",
        at=at,
        hint="the path is relative to the manifest's folder",
    )


def _no_recipient(at: int) -> ManifestError:
    return ManifestError(
        code="no-recipient",
        message="there is no recipient, so an encrypted secret could never be decrypted",
        at=at,
        hint="add at least one, or remove `encryption` to store secrets unencrypted",
    )
