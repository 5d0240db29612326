"""Sink targets that cannot take a secret."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from reconciler.model.strings import join_limited

NAMED: Final = 3
"""So many targets are named in a line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """Why a target takes no secret, as the text before and after its name `what`."""

    before: str
    what: str
    why: str


def lines(found: Iterable[Misfit]) -> list[str]:
    """Return one line for each reason, with the first targets that it holds for."""
    groups: dict[tuple[str, str], list[str]] = {}
    for each in found:
        groups.setdefault((each.before, each.why), []).append(each.what)
    return [f"{before}{join_limited(names, NAMED)}{why}" for (before, why), names in groups.items()]
