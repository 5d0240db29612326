"""A value that cannot be shown by accident."""

import hmac
from collections.abc import Iterator
from typing import Final, Never, final

_PART: Final = 16
"""How many characters in a row of a secret must not be shown."""

_MARK: Final = 9
"""How many characters of a secret are looked up at once; a shorter secret is, as a whole."""


@final
class Secret:
    """A password, cookie, token or client secret; `reveal()` is the only way out."""

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        self.__value = value

    def reveal(self) -> str:
        """Return the plain text. A search for this name is the audit of where secrets go."""
        return self.__value

    def same_as(self, other: "Secret") -> bool:
        """Compare in constant time; `==` is refused, so that no container compares by accident."""
        return hmac.compare_digest(self.reveal().encode(), other.reveal().encode())

    def is_in(self, output: bytes) -> bool:
        """Say whether a program's output shows the value, or 16 characters in a row of it.

        Plain, hexadecimal, URL-encoded, JSON-escaped, and base64, also as a part of a longer text
        that was encoded. Neither white space nor letter case hides it: `base64` breaks its lines.
        """
        met = Met(marks=len(self.__value))
        met.add(self)
        return met.is_in(output)

    def __repr__(self) -> str:
        return "Secret(…)"

    def __str__(self) -> str:
        return "(secret)"

    def __format__(self, spec: str) -> str:
        return format("(secret)", spec)

    def __eq__(self, other: object) -> Never:
        raise TypeError("a Secret is compared with same_as()")

    def __hash__(self) -> Never:
        raise TypeError("a Secret cannot be hashed")

    def __reduce__(self) -> Never:
        raise TypeError("a Secret cannot be pickled or copied")


@final
class Met:
    """Every secret that a run has met, for whoever is about to show what a program said.

    It looks for each in the spellings of `Secret.is_in`, whole; and for a part of 16 characters of
    what has up to 72, as a client's secret does, or of an eighth and 8 more of what is longer. Of
    each secret it keeps short marks, `marks` at most and so far apart that any such part holds one:
    an output is searched once for all of them, however many secrets there are.
    """

    __slots__ = ("__all", "__marks", "__most", "__short")

    def __init__(self, *, marks: int = 8) -> None:
        self.__most = max(marks, 1)
        self.__all: set[str] = set()
        self.__marks: set[str] = set()
        self.__short: dict[int, set[str]] = {}

    def add(self, *secrets: Secret) -> None:
        """Take note of secrets; one that is known already costs nothing."""
        from reconciler.model.decoded import folded

        for secret in secrets:
            value = folded(secret.reveal().encode(errors="replace").decode())
            if not value or value in self.__all:
                continue
            self.__all.add(value)
            if len(value) < _MARK:
                self.__short.setdefault(len(value), set()).add(value)
            apart = max(_PART - _MARK + 1, -(-len(value) // self.__most))
            self.__marks.update(
                value[at : at + _MARK] for at in range(0, len(value) - _MARK + 1, apart)
            )

    def is_in(self, output: bytes) -> bool:
        """Say whether a program's output shows any of them."""
        from reconciler.model.decoded import readings

        return bool(self.__all) and any(self.__is_read_in(each) for each in readings(output))

    def __is_read_in(self, text: str) -> bool:
        for length, values in self.__short.items():
            if not values.isdisjoint(_windows(text, length)):
                return True
        return any(
            self.__holds(text, mark) for mark in self.__marks.intersection(_windows(text, _MARK))
        )

    def __holds(self, text: str, mark: str) -> bool:
        """Say whether a text that shows a mark shows more than that.

        What surrounds the mark is compared once, however many secrets have it in common: all tokens
        of one kind begin alike.
        """
        reach = _PART - _MARK
        near = {
            value[max(0, at - reach) : at + _PART]
            for value in self.__all
            for at in _places(value, mark)
        }
        if any(len(each) < _PART and each in text for each in near):
            return True
        shown = (text[max(0, at - reach) : at + _PART] for at in _places(text, mark))
        hidden = {part for each in near for part in _windows(each, _PART)}
        return not hidden.isdisjoint(part for each in shown for part in _windows(each, _PART))

    def __repr__(self) -> str:
        return "Met(…)"

    def __reduce__(self) -> Never:
        raise TypeError("secrets cannot be pickled or copied")


def _windows(text: str, length: int) -> Iterator[str]:
    return (text[at : at + length] for at in range(len(text) - length + 1))


def _places(text: str, mark: str) -> Iterator[int]:
    at = text.find(mark)
    while at >= 0:
        yield at
        at = text.find(mark, at + 1)
