"""What a text says once the usual encodings are undone.

A secret is looked for by decoding the text rather than by encoding the secret: then ten thousand
secrets cost no more than one, and parts of an encoded text show what they hold. White space and
letter case are no hiding place, so that both are taken away. If the start of an encoded piece
is unknown, each possible one is read; a wrong one reads as noise.
"""

import base64
import re
from collections.abc import Iterator
from typing import Final

_PERCENT: Final = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_ESCAPE: Final = re.compile(r"(\\+)(u[0-9A-Fa-f]{4}|[\"/bfnrt])?")
_SHORT: Final = {'"': '"', "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_HEX: Final = re.compile("[0-9A-Fa-f]{2,}")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]{2,}")
_STANDARD: Final = str.maketrans("-_", "+/")
_BREAK: Final = "\0"
"""What stands between two decoded pieces, so that they do not read as one."""


def folded(text: str) -> str:
    """Return the text without white space and letter case."""
    return _squeezed(text).casefold()


def readings(output: bytes) -> set[str]:
    """Return what a program's output says, folded: as it is, and with each encoding undone.

    JSON's and URLs' escapes, hexadecimal and base64 are undone, the latter two also inside of the
    former, and JSON's escapes inside of all.
    """
    text = _squeezed(output.decode(errors="replace"))
    plain = {each for read in _unescaped(text) for each in _unquoted(read)}
    packed = {each for read in plain for each in _unpacked(read)}
    inner = {each for read in packed for each in _unescaped(read)}
    return {folded(each) for each in plain | inner}


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _unescaped(text: str) -> Iterator[str]:
    """Undo JSON's escapes; a backslash that stands before one may belong to it, or not."""
    yield text
    if "\\" in text:
        yield _paired(_ESCAPE.sub(_from_json, text))
        yield _paired(_ESCAPE.sub(_from_json_after_stray, text))


def _from_json(found: re.Match[str]) -> str:
    slashes, rest = len(found[1]), found[2]
    if rest is None:
        return "\\" * -(-slashes // 2)
    return "\\" * (slashes // 2) + (_meant(rest) if slashes % 2 else rest)


def _from_json_after_stray(found: re.Match[str]) -> str:
    slashes, rest = len(found[1]), found[2]
    return _from_json(found) if rest is None else "\\" * (slashes // 2) + _meant(rest)


def _meant(escape: str) -> str:
    return _SHORT.get(escape) or chr(int(escape[1:], 16))


def _paired(text: str) -> str:
    """Join the halves of what JSON writes as two escapes."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", errors="replace")


def _unquoted(text: str) -> Iterator[str]:
    """Undo a URL's escapes; a plus may be one, or a space."""
    for each in {text, text.replace("+", "")}:
        yield each
        if "%" in each:
            yield _PERCENT.sub(_from_percent, each)


def _from_percent(found: re.Match[str]) -> str:
    return bytes.fromhex(found.group().replace("%", "")).decode(errors="replace")


def _unpacked(text: str) -> Iterator[str]:
    """Undo hexadecimal and base64 from each place where a byte may begin."""
    runs = _HEX.findall(text)
    for start in range(2):
        yield _BREAK.join(_from_hex(run[start:]) for run in runs)
    runs = [run.translate(_STANDARD) for run in _BASE64.findall(text)]
    for start in range(4):
        yield _BREAK.join(_from_base64(run[start:]) for run in runs)


def _from_hex(run: str) -> str:
    return bytes.fromhex(run[: len(run) & ~1]).decode(errors="replace")


def _from_base64(run: str) -> str:
    return base64.b64decode(run + "A" * (-len(run) % 4)).decode(errors="replace")
