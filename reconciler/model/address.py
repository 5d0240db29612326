"""The name of one client in one instance."""

import re
from typing import Final, NamedTuple, Self

_INSTANCE_KEY: Final = re.compile(r"[a-z0-9][a-z0-9-]*")


def is_instance_key(text: str) -> bool:
    """Return if a text has the form of a key under `instances`."""
    return _INSTANCE_KEY.fullmatch(text) is not None


class Address(NamedTuple):
    """`instance/Client Name`.

    A named tuple and not a dataclass: fifty thousand of them are dictionary keys in every plan,
    and a tuple hashes, compares and sorts in C.
    """

    instance: str
    client: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Divide `text` at its first `/`; the client's name may hold more of them.

        Raises:
            ValueError: if there is no `/`, or nothing on one side of it.

        """
        instance, slash, client = text.partition("/")
        if not (instance and slash and client):
            raise ValueError(f"`{text}` is not an address: write INSTANCE/CLIENT")
        return cls(instance, client)

    def __str__(self) -> str:
        return f"{self.instance}/{self.client}"
