"""What a misspelt word was probably meant to be, also where ten thousand words are known."""

from collections.abc import Collection
from heapq import nlargest
from typing import Final

from reconciler.model.strings import nearest

_FEW: Final = 64
"""So many words are compared one by one; of more, only the most alike are."""
_LIKELY: Final = 16
_BITS: Final = 509
_BUDGET: Final = 2_000_000
"""So many words are looked at for one report: its last suggestions may be missing, never late."""
_LONGEST: Final = 100


class Suggestions:
    """Suggests words for one report; what is known is prepared once, however often it is asked.

    A word becomes a set of its characters and pairs of characters, as the bits of one number: how
    many two words share is told in a fraction of the time that comparing them takes.
    """

    def __init__(self) -> None:
        self._left = _BUDGET
        self._prepared: dict[int, list[tuple[str, int]]] = {}

    def near(self, word: str, known: Collection[str]) -> str | None:
        """Return the known word that `word` was probably meant to be, if one is near.

        `known` is told apart by identity, and must live as long as this is asked.
        """
        self._left -= len(known)
        if self._left < 0:
            return None
        word = word[:_LONGEST]
        return nearest(word, known if len(known) <= _FEW else self._likely(word, known))

    def _likely(self, word: str, known: Collection[str]) -> list[str]:
        prepared = self._prepared.get(id(known))
        if prepared is None:
            prepared = self._prepared[id(known)] = [(each, _features(each)) for each in known]
        mine = _features(word)

        def likeness(one: tuple[str, int]) -> float:
            return (mine & one[1]).bit_count() / ((mine | one[1]).bit_count() or 1)

        return [each for each, _ in nlargest(_LIKELY, prepared, key=likeness)]


def _features(word: str) -> int:
    found = 0
    before = 0
    for number in map(ord, word[:_LONGEST]):
        found |= 1 << number % _BITS | 1 << (before * 31 + number) % _BITS
        before = number
    return found
