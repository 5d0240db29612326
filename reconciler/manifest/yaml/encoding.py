"""Decode bytes to text: UTF-8, without characters that YAML forbids."""

import re
from itertools import islice
from typing import Final

from reconciler.manifest.error_collector import ErrorCollector, ManifestError

_FORBIDDEN: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]"
)
_UTF8_BOM: Final = b"\xef\xbb\xbf"
_OTHER_BOMS: Final = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
_SHOWN: Final = 100


def readable(data: bytes) -> str:
    r"""Return the text, without a byte-order mark; a bad byte reads as `\xff`."""
    return data.removeprefix(_UTF8_BOM).decode(errors="backslashreplace")


def check(data: bytes, text: str, *, base: int, report: ErrorCollector) -> bool:
    """Return if a file can be parsed; report each forbidden character."""
    return _is_utf8(data, base, report) and _is_printable(text, base, report)


def _is_utf8(data: bytes, base: int, report: ErrorCollector) -> bool:
    body = data.removeprefix(_UTF8_BOM)
    try:
        body.decode()
    except UnicodeDecodeError as error:
        at = base + len(body[: error.start].decode())
        report.add(_bad_byte(body, error.start, at))
        return False
    return True


def _bad_byte(body: bytes, number: int, at: int) -> ManifestError:
    utf16 = body.startswith(_OTHER_BOMS)
    return ManifestError(
        code="not-utf-8",
        message=f"the file is not UTF-8: the byte 0x{body[number]:02x} is not valid here",
        at=at,
        hint="it looks like UTF-16 or UTF-32: save it as UTF-8"
        if utf16
        else "save the file as UTF-8",
    )


def _is_printable(text: str, base: int, report: ErrorCollector) -> bool:
    if text.count("\0") * 4 > len(text):
        report.add(
            ManifestError(
                code="control-character",
                message="a NUL is not allowed in a manifest",
                at=base + text.index("\0"),
                hint="the file looks like UTF-16 or UTF-32: save it as UTF-8",
            )
        )
        return False
    found = _FORBIDDEN.finditer(text)
    first = list(islice(found, _SHOWN))
    for each in first:
        report.add(_bad_character(each, base))
    if rest := sum(1 for _ in found):
        report.more("control-character", rest)
    return not first


def _bad_character(found: re.Match[str], base: int) -> ManifestError:
    number = ord(found.group())
    name = "a NUL" if number == 0 else f"the character U+{number:04X}"
    return ManifestError(
        code="control-character",
        message=f"{name} is not allowed in a manifest",
        at=base + found.start(),
        hint="remove it" if number else "remove it; if the file is UTF-16, save it as UTF-8",
    )
