"""Recognises what other tools do to a file: its bytes explain why it cannot be read."""

import re
from typing import Final

_CONFLICT: Final = re.compile(rb"^<<<<<<< .*?^>>>>>>> ", re.DOTALL | re.MULTILINE)
BOMS: Final = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def damage(data: bytes, *, line_endings: bool = False) -> tuple[str, str] | None:
    """Return what is wrong with a file and what to do, or None if nothing known is.

    `line_endings` also reports CRLF, for files whose every byte counts.
    """
    if data.startswith(b"version https://git-lfs.github.com/"):
        return (
            "is a Git LFS pointer, not the file itself",
            "`git lfs pull` fetches the file",
        )
    if data.startswith(b"\0GITCRYPT\0"):
        return "is encrypted by git-crypt", "`git-crypt unlock` decrypts it"
    if b"<<<<<<< " in data and _CONFLICT.search(data):
        return (
            "has git conflict markers (<<<<<<<)",
            "resolve the merge: keep one of the two versions, never parts of both",
        )
    if data.startswith(BOMS):
        return "begins with a byte-order mark", "save it as UTF-8 without a byte-order mark"
    if line_endings and b"\r\n" in data:
        return (
            "has Windows line endings (CRLF)",
            "convert it with `dos2unix`, and let `.gitattributes` have `-text` for it",
        )
    return None
