"""The source lines of a report: cut to what a screen takes, credentials masked, carets placed."""

import re
from typing import Final

from reconciler.manifest.positions import Atlas
from reconciler.model.diagnostic import Excerpt
from reconciler.model.text import printable

_BEFORE: Final = 60
_FOCUS: Final = 80
_AFTER: Final = 60
MASK: Final = "********"

# Bounded, and tried at the beginning of a word only: a line may be one word of five megabytes.
_CREDENTIAL: Final = re.compile(
    r"""(?ix) (?<![\w.-])["']?
    [\w.-]{0,200}(?:pass|pwd|token|secret|dsidv1|cookie|auth|credential)[\w.-]{0,200}["']?
    \s*:(?:\s+|(?=["'])) (?P<value>[^\s{\[].*)"""
)
_CREDENTIAL_ABOVE: Final = re.compile(
    r"""(?i)["']?[\w.-]*(?:pass|pwd|token|secret|dsidv1|cookie)[\w.-]*["']?\s*:\s*[&!|>]?\S*\s*$"""
)
_REFERENCE: Final = re.compile(r"\s*(?:env|file|command)\s*:")
_QUOTED: Final = re.compile(r""""(?:\\.|[^"\\])*"|'(?:''|[^'])*'""", re.DOTALL)
_WORD: Final = re.compile(r"[^\s:,\[\]{}#&*](?:[^\n:,\]}#]|:(?=\S)|(?<=\S)\#)*|[&*!]\S*")

Range = tuple[int, int]


class Excerpts:
    """Makes excerpts of one manifest's lines; `hidden` are positions of values to be masked.

    What looks like a credential by its key is masked, too, wherever it stands: a line is shown for
    whatever else is wrong in it, and the file may be too broken to tell its values apart.
    """

    def __init__(self, atlas: Atlas, hidden: frozenset[int]) -> None:
        self._atlas = atlas
        self._hidden = [self._extent(position) for position in sorted(hidden)]
        self._masks: dict[int, list[Range]] = {}

    def of(self, position: int) -> Excerpt:
        """Return the line that holds a position, with a caret under what stands there."""
        begin, line = self._atlas.line(position)
        start = min(position - begin, len(line))
        end = start + _width(line, start)
        masks = self._masks_of(begin, line)
        for low, high in masks:
            if low <= start < high:
                start, end = low, high
        before = _shown(line, (0, start), masks)
        focus = _shown(line, (start, end), masks)
        after = _shown(line, (end, len(line)), masks)
        before = before if len(before) <= _BEFORE else "…" + before[-_BEFORE:]
        focus = focus if len(focus) <= _FOCUS else focus[:_FOCUS] + "…"
        after = after if len(after) <= _AFTER else after[:_AFTER] + "…"
        text = (before + focus + after).rstrip()
        return Excerpt(text=text, start=len(before), width=max(1, len(focus)))

    def _masks_of(self, begin: int, line: str) -> list[Range]:
        if begin not in self._masks:
            end = begin + len(line)
            ranges = [
                (max(low - begin, 0), min(high - begin, len(line)))
                for low, high in self._hidden
                if low < end and high > begin
            ]
            ranges += [found.span("value") for found in _CREDENTIAL.finditer(line)]
            if self._follows_credential(begin) and not _REFERENCE.match(line):
                ranges.append((len(line) - len(line.lstrip()), len(line)))
            self._masks[begin] = _united(ranges)
        return self._masks[begin]

    def _follows_credential(self, begin: int) -> bool:
        text, offset = self._atlas.text(begin)
        above = text[max(0, offset - 200) : max(0, offset - 1)].rpartition("\n")[2]
        return bool(_CREDENTIAL_ABOVE.search(above))

    def _extent(self, position: int) -> Range:
        """Return from where to where a value is masked: its quotes, or the rest of its line."""
        text, offset = self._atlas.text(position)
        found = _QUOTED.match(text, offset)
        line_end = text.find("\n", offset)
        end = found.end() if found else (line_end if line_end >= 0 else len(text))
        return position, position + end - offset


def _width(line: str, start: int) -> int:
    found = _QUOTED.match(line, start) or _WORD.match(line, start)
    return max(1, len(found.group().rstrip())) if found else 1


def _united(ranges: list[Range]) -> list[Range]:
    united: list[Range] = []
    for low, high in sorted(ranges):
        if united and low <= united[-1][1]:
            united[-1] = (united[-1][0], max(high, united[-1][1]))
        elif low < high:
            united.append((low, high))
    return united


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
