"""Secrets: values that cannot be printed, compared or stored by accident."""

import hmac
from collections.abc import Iterator
from hashlib import sha256
from typing import Final, Never, final

_PART: Final = 16
"""A text with this many consecutive characters of a secret must not be shown."""


@final
class Secret:
    """A password, cookie, token or client secret. Only `reveal()` returns the text."""

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        self.__value = value

    def reveal(self) -> str:
        """Return the plain text. Search for this name to find every place that uses a secret."""
        return self.__value

    def same_as(self, other: "Secret") -> bool:
        """Compare in constant time. `==` raises, so that no container compares by accident."""
        return hmac.compare_digest(self.reveal().encode(), other.reveal().encode())

    def is_in(self, output: bytes) -> bool:
        """Return whether an output contains the value, or 16 consecutive characters of it.

        Plain, hexadecimal, URL-encoded, JSON-escaped, and base64, also as a part of a longer text
        that was encoded. Neither white space nor letter case hides it: `base64` breaks its lines.
        """
        from reconciler.model.secret_scan import folded, readings

        value = folded(self.__value.encode(errors="replace").decode())
        length = min(len(value), _PART)
        parts = set(_windows(value, length))
        return bool(value) and any(
            not parts.isdisjoint(_windows(each, length)) for each in readings(output)
        )

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


def fingerprint(client_id: str, secret: Secret) -> str:
    """Return a digest of a client's id and secret, by which a copy of the pair is recognised."""
    return sha256(f"{client_id}\n{secret.reveal()}".encode()).hexdigest()


def _windows(text: str, length: int) -> Iterator[str]:
    return (text[at : at + length] for at in range(len(text) - length + 1))
