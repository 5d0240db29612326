"""Checks the value of a reference, from any source."""

from typing import Final

from reconciler.model.errors import CredentialUnavailable
from reconciler.model.reference import CredentialRef
from reconciler.model.secret import Secret

_MARKS: Final = {b"\xef\xbb\xbf": "UTF-8", b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


def secret_from(data: bytes, reference: CredentialRef) -> Secret:
    r"""Return the value, less one trailing newline (`\n` or `\r\n`).

    Raises:
        CredentialUnavailable: it is empty, or not one line of UTF-8 text.

    """
    value = without_newline(data)
    wrong = _wrong(value)
    if wrong is not None:
        raise CredentialUnavailable(
            f"{reference} {wrong}", hint="a credential is one line of UTF-8 text and nothing else"
        )
    return Secret(value.decode())


def without_newline(data: bytes) -> bytes:
    """Remove one newline from the end, if there is one."""
    if data.endswith(b"\r\n"):
        return data[:-2]
    return data.removesuffix(b"\n")


def _wrong(value: bytes) -> str | None:
    if not value:
        return "is empty"
    for mark, encoding in _MARKS.items():
        if value.startswith(mark):
            return f"begins with a byte order mark ({encoding})"
    if b"\0" in value:
        return "contains a NUL character"
    if b"\n" in value or b"\r" in value:
        return "contains more than one line"
    try:
        value.decode()
    except UnicodeDecodeError as error:
        return f"is not UTF-8 (byte {error.start + 1})"
    return None
