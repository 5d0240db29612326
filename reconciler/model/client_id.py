"""Client ids: compared by value, and if parts of them are hidden, only in the visible parts.

Domo's client ids are UUIDs. A list may hide parts of them, and no source says in which form: an
empty value, a prefix, asterisks, bullets, or a UUID with zeros.
"""

import re
from typing import Final

_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}")
_GROUPS: Final = ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32))
_DIGITS: Final = re.compile(r"[0-9a-f]+")
_LEAST: Final = 4
"""The fewest visible digits that can point at a client."""


def is_uuid(value: object) -> bool:
    """Return whether a value is a UUID, with or without hyphens."""
    return isinstance(value, str) and _UUID.fullmatch(value) is not None


def is_whole(value: object) -> bool:
    """Return whether a value is a UUID without hidden parts: no group of it is all zeros."""
    if not isinstance(value, str) or not is_uuid(value):
        return False
    digits = _bare(value)
    return all(digits[start:end].strip("0") for start, end in _GROUPS)


def key(client_id: str) -> str:
    """Return the value of a client id: UUIDs that differ only in case or hyphens are equal."""
    return _bare(client_id) if is_uuid(client_id) else client_id


def is_same(one: str | None, other: str | None) -> bool:
    """Return whether two client ids are known and equal by value."""
    return one is not None and other is not None and key(one) == key(other)


def agrees(shown: str, client_id: str) -> bool:
    """Return whether the visible parts of a hidden id are those of `client_id`.

    An id without visible parts, and a `client_id` that is no UUID, contradict nothing.
    """
    if not is_uuid(client_id):
        return True
    digits, pattern = _bare(client_id), _bare(shown)
    if is_uuid(shown):
        return all(each in ("0", digit) for each, digit in zip(pattern, digits, strict=True))
    if len(pattern) == len(digits):
        return all(
            each == digit or each not in "0123456789abcdef"
            for each, digit in zip(pattern, digits, strict=True)
        )
    if _DIGITS.fullmatch(pattern):
        return digits.startswith(pattern) or digits.endswith(pattern)
    return _is_in_order(pattern, digits)


def points_at(shown: str, client_id: str) -> bool:
    """Return whether a hidden id has enough visible digits, and all are those of `client_id`."""
    visible = len(_visible(shown))
    return visible >= _LEAST and is_uuid(client_id) and agrees(shown, client_id)


def _is_in_order(pattern: str, digits: str) -> bool:
    """Match runs of visible digits in order; the outer ones are at the ends of the id."""
    runs = [(each.start(), each.group()) for each in _DIGITS.finditer(pattern)]
    at = 0
    for start, run in runs:
        found = digits.find(run, at)
        if found < 0 or (start == 0 and found != 0):
            return False
        at = found + len(run)
    last = runs[-1] if runs else None
    ends = last is not None and last[0] + len(last[1]) == len(pattern)
    return last is None or not ends or digits.endswith(last[1])


def _visible(shown: str) -> str:
    digits = "".join(_DIGITS.findall(_bare(shown)))
    return digits.replace("0", "") if is_uuid(shown) else digits


def _bare(text: str) -> str:
    return text.strip().lower().replace("-", "")
