"""A value that cannot be shown by accident."""

import hmac
from typing import Never, final


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
