"""Suggest the intended word for a misspelled one, quickly even among ten thousand known words."""

from collections.abc import Collection
from heapq import nlargest
from typing import Final

from reconciler.model.strings import nearest

_FEW: Final = 64
"""Up to this number, known words are all compared; of more, only the most similar ones."""
_LIKELY: Final = 16
_BITS: Final = 509
_BUDGET: Final = 2_000_000
"""The number of known words examined for one report; later errors get no suggestion."""
_LONGEST: Final = 100


class Suggestions:
    """Suggests words for one report; each collection of known words is prepared once.

    A word becomes a bit set of its characters and pairs of characters. Counting the bits that two
    words share takes a fraction of the time of an edit distance.
    """

    def __init__(self) -> None:
        self._left = _BUDGET
        self._prepared: dict[int, list[tuple[str, int]]] = {}

    def near(self, word: str, known: Collection[str]) -> str | None:
        """Return the known word that is most similar to `word`, if one is similar enough.

        `known` is cached by identity, so it must outlive this object.
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
