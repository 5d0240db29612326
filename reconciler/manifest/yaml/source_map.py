"""Record the position of each key and value as one number, converted to a location on demand."""

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import accumulate
from typing import Any, Final, NamedTuple

from reconciler.model.source_location import SourceLocation

_SCALAR: Final = re.compile(r"[\w.+-]+")


class Entry(NamedTuple):
    """One key of a mapping with its value and the positions of both."""

    key: str
    value: Any
    key_at: int
    at: int


class Item(NamedTuple):
    """One item of a list with its position."""

    value: Any
    at: int


class _File:
    """One file's text; `base` is the position of its first character."""

    def __init__(self, name: str, text: str, base: int) -> None:
        self.name = name
        self.text = text
        self.base = base

    @cached_property
    def lines(self) -> "array[int]":
        """Return the offset of each line."""
        lengths = (len(line) + 1 for line in self.text.split("\n"))
        return array("Q", accumulate(lengths, initial=0))


class SourceMap:
    """The positions of a manifest, all its files taken together.

    A position is the offset of a character in the concatenated files. `spans` has, for each
    mapping, the alternating positions of its keys and values, and for each list those of its
    items. Containers are found by identity, so they must outlive the source map.
    """

    def __init__(self) -> None:
        self.spans: dict[int, list[int]] = {}
        self._files: list[_File] = []
        self._bases: list[int] = []
        self._end = 0
        self._ordinals: dict[int, dict[str, int]] = {}

    def add(self, name: str, text: str) -> int:
        """Add a file and return the position of its first character."""
        base = self._end
        self._files.append(_File(name, text, base))
        self._bases.append(base)
        self._end = base + len(text) + 1
        return base

    def entries(self, mapping: Mapping[str, Any]) -> Iterator[Entry]:
        """Yield the keys of a mapping with their values and positions, as written."""
        spans = self.spans[id(mapping)]
        for (key, value), key_at, at in zip(mapping.items(), spans[::2], spans[1::2], strict=True):
            yield Entry(key, value, key_at, at)

    def items(self, values: Sequence[Any]) -> Iterator[Item]:
        """Yield the items of a list with their positions."""
        return map(Item, values, self.spans[id(values)])

    def key(self, mapping: Mapping[str, Any], key: str) -> int:
        """Return the position of a key of a mapping."""
        return self.spans[id(mapping)][2 * self._ordinal(mapping, key)]

    def value(self, container: Mapping[str, Any] | Sequence[Any], key: str | int) -> int:
        """Return the position of a key's value or of a list item."""
        spans = self.spans[id(container)]
        if isinstance(container, Mapping):
            return spans[2 * self._ordinal(container, str(key)) + 1]
        return spans[int(key)]

    def _ordinal(self, mapping: Mapping[str, Any], key: str) -> int:
        ordinals = self._ordinals.get(id(mapping))
        if ordinals is None:
            ordinals = {each: number for number, each in enumerate(mapping)}
            self._ordinals[id(mapping)] = ordinals
        return ordinals[key]

    def place(self, position: int) -> SourceLocation:
        """Return the file, line and column of a position."""
        file = self._file(position)
        lines, offset = file.lines, position - file.base
        number = bisect_right(lines, offset)
        return SourceLocation(file.name, number, offset - lines[number - 1] + 1)

    def _file(self, position: int) -> _File:
        return self._files[bisect_right(self._bases, position) - 1]

    def line(self, position: int) -> tuple[int, str]:
        """Return the line at a position: where it begins, and its text."""
        file = self._file(position)
        number = bisect_right(file.lines, position - file.base)
        start = file.lines[number - 1]
        end = file.lines[number] - 1 if number < len(file.lines) else len(file.text)
        return file.base + start, file.text[start:end].removesuffix("\r")

    def written(self, position: int) -> str | None:
        """Return the first 100 characters of the plain scalar at a position."""
        text, offset = self.text(position)
        found = _SCALAR.match(text, offset, offset + 100)
        return found.group() if found else None

    def text(self, position: int) -> tuple[str, int]:
        """Return the file's whole text and the offset of the position in it."""
        file = self._file(position)
        return file.text, position - file.base
