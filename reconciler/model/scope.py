"""What a client may do in Domo."""

from collections.abc import Iterable
from typing import Final

SCOPES: Final = ("account", "audit", "buzz", "dashboard", "data", "user", "workflow")
"""Every scope that Domo's API knows. Source: Domo's OpenAPI description of `POST /clients`."""


def canonical(scopes: Iterable[str]) -> tuple[str, ...]:
    """Sort and deduplicate without case; a known scope gets Domo's spelling."""
    found: dict[str, str] = {}
    for each in scopes:
        found.setdefault(each.lower(), each.lower() if each.lower() in SCOPES else each)
    return tuple(found[key] for key in sorted(found))


def normalize(scopes: Iterable[str]) -> frozenset[str]:
    """Return the form in which scopes are compared: case and order make no difference."""
    return frozenset(each.lower() for each in scopes)


def is_same(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Return whether two scopes are equal; most pairs of a plan are equal as they are."""
    return one == other or normalize(one) == normalize(other)
