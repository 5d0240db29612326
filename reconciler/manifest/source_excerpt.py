"""The source lines of a report: cut to what a screen takes, credentials masked, carets placed."""

import re
from bisect import bisect_left, bisect_right
from operator import itemgetter
from typing import Final

from reconciler.manifest.redaction import CredentialRedactor, Range, united
from reconciler.manifest.yaml.source_map import SourceMap
from reconciler.model.diagnostic import Excerpt
from reconciler.model.strings import printable

_BEFORE: Final = 60
_FOCUS: Final = 80
_AFTER: Final = 60
_WINDOW: Final = 2_000
"""So many characters before and behind a place are looked at, however long its line."""
MASK: Final = "********"

_QUOTED: Final = re.compile(r""""(?:\\.|[^"\\])*"|'(?:''|[^'])*'""", re.DOTALL)
_WORD: Final = re.compile(r"[^\s:,\[\]{}#&*](?:[^\n:,\]}#]|:(?=\S)|(?<=\S)\#)*|[&*!]\S*")


class Excerpts:
    """Makes excerpts of one manifest's lines; `hidden` are positions of values to be masked.

    What may be a credential by where it stands is masked, too: a line is shown for whatever else
    is wrong in it, and the file may be too broken to tell its values apart.
    """

    mask: Final = MASK

    def __init__(self, atlas: SourceMap, hidden: frozenset[int]) -> None:
        self._atlas = atlas
        self._hidden = sorted(hidden)
        self._veils: dict[int, list[Range]] = {}

    def of(self, position: int) -> Excerpt:
        """Return the line that holds a position, with a caret under what stands there."""
        begin, line, start = self._line(position)
        masks = self._masks(begin, begin + len(line))
        start, end = _focus(line, start, masks)
        before = _shown(line, (0, start), masks)
        focus = _shown(line, (start, end), masks)
        after = _shown(line, (end, len(line)), masks)
        before = before if len(before) <= _BEFORE else "…" + before[-_BEFORE:]
        focus = focus if len(focus) <= _FOCUS else focus[:_FOCUS] + "…"
        after = after if len(after) <= _AFTER else after[:_AFTER] + "…"
        text = (before + focus + after).rstrip()
        return Excerpt(text=text, start=len(before), width=max(1, len(focus)))

    def conceals(self, position: int) -> bool:
        """Say whether a mask covers what stands at a position, or a part of it."""
        begin, line, start = self._line(position)
        return bool(self._masks(begin + start, begin + start + _width(line, start)))

    def _line(self, position: int) -> tuple[int, str, int]:
        """Return a line, or what is near the position in one of megabytes, and both places."""
        begin, line = self._atlas.line(position)
        start = min(position - begin, len(line))
        cut = max(0, start - _WINDOW)
        return begin + cut, line[cut : start + _WINDOW], start - cut

    def _masks(self, low: int, high: int) -> list[Range]:
        """Return what is masked between two positions of one file, counted from the first."""
        ranges = self._ranges(low)
        found = []
        for begin, end in ranges[bisect_left(ranges, low, key=itemgetter(1)) :]:
            if begin >= high:
                break
            if end > low:
                found.append((max(begin, low) - low, min(end, high) - low))
        return found

    def _ranges(self, position: int) -> list[Range]:
        """Return all that is masked in the file of a position."""
        text, offset = self._atlas.text(position)
        base = position - offset
        if base not in self._veils:
            veiled = [(low + base, high + base) for low, high in CredentialRedactor(text).ranges]
            hidden = self._hidden[bisect_left(self._hidden, base) :]
            hidden = hidden[: bisect_right(hidden, base + len(text))]
            ranges = [_extent(text, base, each) for each in hidden if not _within(veiled, each)]
            self._veils[base] = united([*veiled, *ranges])
        return self._veils[base]


def _within(ranges: list[Range], position: int) -> bool:
    number = bisect_right(ranges, position, key=itemgetter(0))
    return number > 0 and position < ranges[number - 1][1]


def _extent(text: str, base: int, position: int) -> Range:
    """Return from where to where a value is masked: its quotes, or the rest of its line."""
    offset = position - base
    found = _QUOTED.match(text, offset)
    line_end = text.find("\n", offset)
    end = found.end() if found else (line_end if line_end >= 0 else len(text))
    return position, base + end


def _focus(line: str, start: int, masks: list[Range]) -> Range:
    """Return what the caret points at: a word, or a mask as a whole."""
    end = start + _width(line, start)
    for low, high in masks:
        if low <= start < high:
            return low, high
        if start < low < end:
            end = low
    return start, end


def _width(line: str, start: int) -> int:
    found = _QUOTED.match(line, start) or _WORD.match(line, start)
    return max(1, len(found.group().rstrip())) if found else 1


def _shown(line: str, part: Range, masks: list[Range]) -> str:
    """Return part of a line as it may be shown; a mask does not tell how long the value is."""
    at, end = part
    pieces = []
    for low, high in masks:
        if high <= at or low >= end:
            continue
        pieces += [_window(line, at, low), MASK if low >= part[0] else ""]
        at = high
    pieces.append(_window(line, at, end))
    return "".join(pieces)


def _window(line: str, low: int, high: int) -> str:
    """Return what is between, without the middle of what no window shows."""
    if high - low > 4 * _FOCUS:
        return printable(line[low : low + 2 * _FOCUS]) + printable(line[high - 2 * _FOCUS : high])
    return printable(line[low:high]) if low < high else ""
