"""Source lines of a report: cut to the width of a screen, credentials masked, carets placed."""

import re
from bisect import bisect_left
from operator import itemgetter
from typing import Final

from reconciler.manifest.yaml.redaction import Range, Redaction
from reconciler.manifest.yaml.source_map import SourceMap
from reconciler.model.diagnostic import Excerpt
from reconciler.model.strings import printable

_BEFORE: Final = 60
_FOCUS: Final = 80
_AFTER: Final = 60
_WINDOW: Final = 2_000
"""The most characters before and after a position that are examined, however long the line is."""
MASK: Final = "********"

_QUOTED: Final = re.compile(r""""(?:\\.|[^"\\])*"|'(?:''|[^'])*'""", re.DOTALL)
_WORD: Final = re.compile(r"[^\s:,\[\]{}#&*](?:[^\n:,\]}#]|:(?=\S)|(?<=\S)\#)*|[&*!]\S*")


class Excerpts:
    """Makes excerpts of a manifest's lines; `hidden` are positions of values to mask.

    Values that may be credentials are masked too: a line is shown whatever is wrong in it.
    """

    mask: Final = MASK

    def __init__(self, source_map: SourceMap, hidden: frozenset[int]) -> None:
        self._source_map = source_map
        self._hidden = hidden
        self._redactions: dict[int, Redaction] = {}

    def of(self, position: int) -> Excerpt | None:
        """Return the line at a position with a caret; None if the line may not be shown."""
        begin, line, start = self._line(position)
        masks = self._masks(begin, begin + len(line))
        if masks is None:
            return None
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
        """Return if the text at a position, or a part of it, may not be shown."""
        begin, line, start = self._line(position)
        masks = self._masks(begin + start, begin + start + _width(line, start))
        return masks is None or bool(masks)

    def _line(self, position: int) -> tuple[int, str, int]:
        """Return where a line begins, its text, and the offset of the position in it.

        Of a line of megabytes it is only the text near the position.
        """
        begin, line = self._source_map.line(position)
        start = min(position - begin, len(line))
        cut = max(0, start - _WINDOW)
        return begin + cut, line[cut : start + _WINDOW], start - cut

    def _masks(self, low: int, high: int) -> list[Range] | None:
        """Return what is masked between two positions of a line, as offsets from the first.

        The answer is None if nothing of the line may be shown.
        """
        text, offset = self._source_map.text(low)
        base = low - offset
        redaction = self._redactions.get(base)
        if redaction is None:
            hidden = [each - base for each in self._hidden if base <= each <= base + len(text)]
            redaction = self._redactions[base] = Redaction(text, hidden)
        if redaction.withholds(offset, high - base):
            return None
        ranges, masks = redaction.ranges, []
        for begin, end in ranges[bisect_left(ranges, offset, key=itemgetter(1)) :]:
            if begin >= high - base:
                break
            if end > offset:
                masks.append((max(begin - offset, 0), min(end, high - base) - offset))
        return masks


def _focus(line: str, start: int, masks: list[Range]) -> Range:
    """Return the range of the caret: a word, or a whole mask."""
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
    """Return part of a line with its masks, which all have the same length."""
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
    """Return the text of a range, without the middle of a long one."""
    if high - low > 4 * _FOCUS:
        return printable(line[low : low + 2 * _FOCUS]) + printable(line[high - 2 * _FOCUS : high])
    return printable(line[low:high]) if low < high else ""
