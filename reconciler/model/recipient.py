"""Age recipients as text: public keys that secrets are sealed to."""

from collections.abc import Iterable
from typing import Final

_SHOWN: Final = 64


def canonical(recipients: Iterable[str]) -> tuple[str, ...]:
    """Return recipients sorted and without repeats; the comment of an SSH key does not count."""
    return tuple(sorted({" ".join(each.split()[:2]) for each in recipients}))


def shortened(recipient: str) -> str:
    """Return a recipient for a message: an SSH key by its beginning and its end."""
    if len(recipient) <= _SHOWN:
        return recipient
    return f"{recipient[:24]}…{recipient[-16:]}"
