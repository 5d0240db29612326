"""Small, total functions on the texts that users write and read."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

_UNSAFE: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u2028\u2029\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
_UNSAFE_IN_JSON: Final = re.compile(rf"(?![\n\r\t]){_UNSAFE.pattern}")
_ASCII: Final = {
    "±": "-/+", "↻": "~", "→": "->", "“": '"', "”": '"', "•": "*", "…": "...", "−": "-",
}  # fmt: skip
_DURATION: Final = re.compile(r"(?:0|[1-9][0-9]{0,8})(ms|s|m|h|d|w)|0")
_SECONDS: Final = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_NOT_SLUG: Final = re.compile(r"(?:-|[^\w\x80-\U0010ffff]|_)+")
_ACCENTED: Final = re.compile(r"([a-z])[\u0300-\u036f]+")


def printable(text: str) -> str:
    r"""Show control, bidirectional and zero-width characters as `\x1b`-style escapes.

    Everything that came from a server, a state file or a name goes through here on its way to
    a terminal: an answer cannot move the cursor or forge a line.
    """
    return _UNSAFE.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    number = ord(found.group())
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"


def ascii_signs(text: str) -> str:
    """Write the signs of plans and messages with what every terminal shows: `->` for an arrow."""
    for sign, plain in _ASCII.items():
        text = text.replace(sign, plain)
    return text


def ascii_json(document: str) -> str:
    r"""Write what is not ASCII as JSON escapes, `\u00e9`; no value changes."""
    import json

    return re.sub(r"[^\x00-\x7f]", lambda found: json.dumps(found.group())[1:-1], document)


def printable_json(document: str) -> str:
    r"""Write the characters that `printable` escapes as JSON does, `\u202e`; no value changes.

    A writer of JSON need not escape the eight-bit controls and the marks of direction, and a
    terminal that shows the document would act on them.
    """
    return _UNSAFE_IN_JSON.sub(lambda found: f"\\u{ord(found.group()):04x}", document)


def is_one_line(text: str) -> bool:
    """Say whether `text` is printable on one line and not only spaces."""
    return bool(text.strip()) and not _UNSAFE.search(text)


def seconds(duration: str) -> float:
    """Return the length in seconds of `90d`, `24h`, `30m`, `15s`, `250ms`, `2w` or `0`.

    Raises:
        ValueError: if it is not a whole number with one of these units.

    """
    found = _DURATION.fullmatch(duration)
    if not found:
        raise ValueError(
            f"`{duration}` is not a duration: write a number and a unit, as in 90d, 24h, 30m, 15s"
        )
    unit = found.group(1)
    return int(duration.removesuffix(unit)) * _SECONDS[unit] if unit else 0.0


def format_duration(length: float) -> str:
    """Say a length in seconds with its largest whole unit: `90d`, `24h`, `1.5s`."""
    for unit in ("d", "h", "m"):
        if length >= _SECONDS[unit] and length % _SECONDS[unit] == 0:
            return f"{length / _SECONDS[unit]:.0f}{unit}"
    return f"{length:g}s"


def slug(text: str) -> str:
    """Make `Automation Client` into `automation-client`; without a letter or digit, `client`.

    Accents are left out, and letters of every script stay: `Über 世界` is `uber-世界`.
    """
    lowered = text.lower()
    if not lowered.isascii():
        lowered = _unaccented(lowered)
    return _NOT_SLUG.sub("-", lowered).strip("-") or "client"


def _unaccented(text: str) -> str:
    """Return letters without the accents that Latin ones may have, all else but marks as `-`."""
    from unicodedata import category, normalize

    plain = _ACCENTED.sub(r"\1", normalize("NFKD", text).lower())
    kept = (each if each.isalnum() or category(each)[0] == "M" else "-" for each in plain)
    return normalize("NFC", "".join(kept))


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that `word` was probably meant to be, if one is near.

    A word that differs only in upper and lower case is the nearest of all.
    """
    from difflib import get_close_matches

    words, lowered = list(known), word.casefold()
    folded = {each: each.casefold() for each in words}
    same = [each for each in words if folded[each] == lowered]
    found = get_close_matches(word, same, n=1, cutoff=0) or get_close_matches(word, words, n=1)
    if not found:
        near = get_close_matches(lowered, folded.values(), n=1)
        found = [each for each in words if folded[each] in near][:1]
    return found[0] if found else None


def plural(count: int, noun: str) -> str:
    """Say `1 client`, `2,000 clients`."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def join_limited(names: Sequence[str], limit: int = 5, show: Callable[[str], str] = str) -> str:
    """Return `a, b and 3 more`: the first `limit` names, each as `show` writes it."""
    more = f" and {len(names) - limit:,} more" if len(names) > limit else ""
    return ", ".join(map(show, names[:limit])) + more


def lines_limited(lines: Sequence[str], limit: int = 5) -> str:
    """Return the first `limit` lines, each on an indented line of its own, and a count of the rest.

    The text begins with a line feed, so that it follows a message that ends in a colon.
    """
    more = [f"and {len(lines) - limit:,} more"] * (len(lines) > limit)
    return "".join(f"\n  {each}" for each in [*lines[:limit], *more])
