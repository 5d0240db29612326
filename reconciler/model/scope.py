"""What a client may do in Domo."""

from collections.abc import Iterable
from typing import Final

SCOPES: Final = ("account", "audit", "buzz", "dashboard", "data", "user", "workflow")
"""Every scope that Domo's API knows. Source: Domo's OpenAPI description of `POST /clients`."""


def canonical(scopes: Iterable[str]) -> tuple[str, ...]:
    """Sort and deduplicate: two scopes are equal when their canonical forms are."""
    return tuple(sorted(set(scopes)))
