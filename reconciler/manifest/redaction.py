"""What in a manifest's text may be a credential, also where the text is not YAML at all.

A report shows lines of files that are wrong, and a file may be wrong just where a password stands.
So this reads the text by itself, with no parser to lean on: it looks for keys of credentials and
for `auth`, follows what belongs to them by brackets and by indentation, and takes for harmless only
what it knows: references of the right form, a method, an e-mail address. All else is veiled.
"""

import re
from collections.abc import Callable
from math import inf
from typing import Final

from reconciler.manifest.credential_patterns import (
    COMMENT,
    PAIR,
    PARTS,
    REFERENCE,
    KeyClassifier,
    is_credential,
    is_harmless,
    is_open,
)

Range = tuple[int, int]
Judge = Callable[[list[Range]], bool]

_KEY: Final = re.compile(r"""(?<![\w.-])["']?(?P<key>[\w.-]{2,80})["']?[ \t]{0,20}:""")
_LEAD: Final = re.compile(r"(?P<indent>[ \t]*)(?:[-?][ \t]+)*")
_SIGN: Final = re.compile(r"""[{}\[\],\n]|(?<![^\s{\[,:])["']|(?<=\s)\#""")
_QUOTED: Final = re.compile(r""""(?:\\.|[^"\\])*"|'(?:''|[^'])*'""", re.DOTALL)
_GAP: Final = re.compile(r"(?:\s|\#[^\n]*(?=\n|\Z))*+")
_REMARK: Final = re.compile(r"\#[^\n]*")
_ANCHOR: Final = re.compile(r"[ \t]*&[\w.-]+(?=\s)")
_WORD: Final = r"""(?:\w[\w.-]*|"[^"\n]*"|'[^'\n]*')[ \t]*:(?=\s|\Z)"""
_KEY_LIKE: Final = re.compile(_WORD)
_GOES_ON: Final = re.compile(rf"[ \t}}\]]*(?:(?=\n|\Z)|,[ \t]*(?=\n|\Z|{_WORD}))")
_BLANK: Final = r"[ \t}\],]*(?=\n|\Z)"
_NAME: Final = r"""[^\s:,{}\[\]\#?"'&*!|>%@`-][^\n:,{}\[\]"']*:(?=\s|\Z)"""
_ELSEWHERE: Final = rf"{_WORD}|{_NAME}|-[ \t]+\{{?{_WORD}|\#|---|\.\.\."
_OTHER: Final = re.compile(_ELSEWHERE)
_STRAY: Final = re.compile(rf"\n\s*+(?!{_BLANK}|{_ELSEWHERE})[^\n]+")
_OPENING: Final = re.compile(r"""[:,{\[][ \t]*["']""")
_LINE: Final = re.compile(r"(?P<indent>[ \t]*)(?P<said>[^\n]*)")


class CredentialRedactor:
    """Finds the ranges of one file's text that no report may show, in order and apart."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._found: list[Range] = []
        self._scan()
        self.ranges = united(self._found)

    def _scan(self) -> None:
        """Visit every key that may belong to a credential; what a visit covered is not visited."""
        text, kinds = self._text, KeyClassifier()
        at = last = begin = 0
        while found := _KEY.search(text, at):
            key_at, at = found.start(), found.end()
            if (kind := kinds[found["key"]]) is not None:
                begin = text.rfind("\n", last, key_at) + 1 or begin
                last = key_at
                at = max(at, self._visit(kind, begin, key_at, at))

    def _visit(self, kind: str, begin: int, key_at: int, after: int) -> int:
        """Judge what stands under a key; return where to go on."""
        lead = _LEAD.match(self._text, begin, key_at)
        indent = len(lead["indent"]) if lead else 0
        if lead is None or lead.end() < key_at:
            if "#" in self._text[max(begin, key_at - 200) : key_at]:
                return self._hide(after, self._line_end(after))
            return self._inline(kind, after, indent)
        return self._block(kind, after, key_at - begin)

    def _inline(self, kind: str, after: int, indent: int) -> int:
        """Judge the value of a key that stands inside of a flow mapping, or so it seems."""
        start = self._start(after, anchored=kind == "auth")
        if self._text[start : start + 1] in ("{", "["):
            return self._bracket(kind, start, after, indent)
        return self._walled(start, indent) if start < len(self._text) else start

    def _block(self, kind: str, after: int, column: int) -> int:
        """Judge the value of a key that begins its line."""
        text = self._text
        start = self._start(after, anchored=kind == "auth")
        below = "\n" in text[after:start]
        nested = below and _KEY_LIKE.match(text, start) is not None
        if kind == "like" and (nested or text[start : start + 1] in ("{", "[", "-")):
            return after
        end = self._block_end(after, column)
        if start >= end:
            return after
        if text[start] in "{[":
            return self._bracket(kind, start, after, column)
        if not nested:
            return self._scalar(start, end)
        judge = self._judge_auth if kind == "auth" else self._judge_reference
        judge(self._lines(after, end))
        return end

    def _bracket(self, kind: str, start: int, after: int, column: int) -> int:
        if kind == "like":
            return after
        if self._text[start] == "[":
            end, closed, _ = self._walk(start, column, 0)
            return self._tail(self._hide(start, end), closed=closed)
        end, closed, segments = self._walk(start, column, 0)
        (self._judge_auth if kind == "auth" else self._judge_reference)(segments)
        return self._tail(end, closed=closed)

    def _walled(self, start: int, column: int) -> int:
        """Hide a plain value inside of brackets, up to the one that closes them."""
        quoted = _QUOTED.match(self._text, start)
        from_ = quoted.end() if quoted else start
        end, closed, _ = self._walk(from_, column, 1)
        self._hide(start, max(start, end - 1) if closed else end)
        return self._tail(end, closed=closed)

    def _scalar(self, start: int, end: int) -> int:
        """Hide a value up to `end`, and where its quotes end later the whole line of that place."""
        quoted = _QUOTED.match(self._text, start)
        if quoted and quoted.end() > end:
            end = self._line_end(quoted.end())
        return self._hide(start, end)

    def _tail(self, end: int, *, closed: bool) -> int:
        """Hide what follows a bracket on its line, unless the manifest goes on there."""
        if not closed:
            return end
        goes_on = _GOES_ON.match(self._text, end)
        if goes_on and self._text[goes_on.end() : goes_on.end() + 1] not in ("\n", ""):
            return end
        line = self._line_end(end)
        if not goes_on:
            self._hide(end, line)
        while (stray := _STRAY.match(self._text, line)) is not None:  # below no key of its own
            line = self._hide(*stray.span())
        return line

    # Judges say whether all is harmless, and hide what is not.

    def _judge_auth(self, segments: list[Range]) -> bool:
        clean, strange = True, []
        for low, high in segments:
            pair = PAIR.fullmatch(self._text, self._start(low), high)
            if pair is None:
                clean &= self._empty(low, high)
                continue
            key, value = pair["key"], pair.span("value")
            if is_open(key) and is_harmless(self._text[slice(*value)]):
                self._hide_comment(*value)
            elif key in PARTS:
                clean &= self._reference(low, high)
            elif is_open(key) or is_credential(key):
                clean &= self._value(*value)
            elif self._start(value[0]) >= high:  # no value: not a key, most likely
                clean = self._empty(low, high)
            else:
                self._value(*value)
                strange.append(pair.span("key"))
        clean &= len(strange) < len(segments)  # an auth has at least one key that is known
        if not clean:
            for span in strange:
                self._hide(*span)
        return clean

    def _value(self, low: int, high: int) -> bool:
        """Judge a credential's value: a reference, or something to hide."""
        start = self._start(low)
        if start >= high:
            return False
        if self._text[start] == "{":
            end, closed, segments = self._walk(start, -1, 0, high)
            right = self._judge_reference(segments)
            return self._empty(end, high) and right and closed
        if "\n" in self._text[low:start]:
            return self._judge_reference(self._lines(low, high))
        return self._empty(start, high)

    def _judge_reference(self, segments: list[Range]) -> bool:
        right = [self._reference(low, high) for low, high in segments]
        return all(right)

    def _reference(self, low: int, high: int) -> bool:
        if not REFERENCE.fullmatch(self._text, low, high):
            return self._empty(low, high)
        self._hide_comment(low, high)
        return True

    def _empty(self, low: int, high: int) -> bool:
        start = self._start(low)
        if start < high:
            self._hide(start, high)
        return start >= high

    # How far things go.

    def _start(self, after: int, *, anchored: bool = False) -> int:
        """Return where a value begins, behind space and comments, and behind an anchor of an auth.

        All of these are hidden: an old credential is easily left in a comment.
        """
        anchor = _ANCHOR.match(self._text, after) if anchored else None
        low = self._hide(*anchor.span()) if anchor else after
        gap = _GAP.match(self._text, low)
        end = gap.end() if gap else low
        for comment in _REMARK.finditer(self._text, low, end):
            self._hide(*comment.span())
        return end

    def _walk(
        self, start: int, column: int, depth: int, stop: int | None = None
    ) -> tuple[int, bool, list[Range]]:
        """Follow brackets from `start` to where `depth` is 0 again, or to a line that steps back.

        Returns the end, whether it was a closing bracket, and the ranges between the commas.
        """
        text, stop = self._text, len(self._text) if stop is None else stop
        segments: list[Range] = []
        at, low = start, start + 1 - depth
        while found := _SIGN.search(text, at, stop):
            sign, at = found.group(), found.end()
            if sign in "{[":
                depth += 1
            elif sign in "}]":
                depth -= 1
                if depth == 0:
                    return at, True, [*segments, (low, at - 1)]
            elif sign == "," and depth == 1:
                segments.append((low, at - 1))
                low = at
            elif sign == "\n" and self._steps_back(at, column):
                return at - 1, False, [*segments, (low, at - 1)]
            elif sign == "#":
                at = self._hide(at - 1, min(self._line_end(at), stop))
            elif sign in "\"'" and (quoted := _QUOTED.match(text, at - 1, stop)):
                at = quoted.end()
        return stop, False, [*segments, (min(low, stop), stop)]

    def _steps_back(self, at: int, column: int) -> bool:
        line = _LINE.match(self._text, at)
        said = line["said"] if line else ""
        return _depth(line) <= column and _KEY_LIKE.match(said) is not None

    def _block_end(self, after: int, column: int) -> int:
        """Return where the lines end that belong to a key in `column`."""
        text, end = self._text, self._quote_end(after, self._line_end(after))
        while end < len(text):
            line = _LINE.match(text, end + 1)
            if line is None:  # never: the pattern takes anything
                break
            indent, said = _depth(line), line["said"]
            dash = indent == column and said.startswith("- ")
            if indent <= column and not dash and _OTHER.match(said):
                break
            end = self._quote_end(end + 1, line.end())
        return end

    def _quote_end(self, low: int, high: int) -> int:
        """Return the end of a line, or of the one in which the last quoted text of it ends."""
        last = high
        for opening in _OPENING.finditer(self._text, low, high):
            quoted = _QUOTED.match(self._text, opening.end() - 1)
            if quoted and quoted.end() > last:
                last = self._line_end(quoted.end())
        return last

    def _lines(self, low: int, high: int) -> list[Range]:
        """Divide lines into those of one key each, by their indentation."""
        segments: list[Range] = []
        child: float | None = None
        at = self._line_end(low) + 1
        while at < high:
            line = _LINE.match(self._text, at, high)
            if line is None:  # never: the pattern takes anything
                break
            said, indent = line["said"], _depth(line)
            if said.startswith("#"):
                self._hide(line.start("said"), line.end())
            elif said and (child is None or (indent <= child and not said.startswith("- "))):
                child = indent if child is None else child
                segments.append((at, line.end()))
            elif said:
                segments[-1] = (segments[-1][0], line.end())
            at = line.end() + 1
        return segments

    def _line_end(self, at: int) -> int:
        end = self._text.find("\n", at)
        return end if end >= 0 else len(self._text)

    def _hide_comment(self, low: int, high: int) -> None:
        for comment in COMMENT.finditer(self._text, low, high):
            self._hide(*comment.span())

    def _hide(self, low: int, high: int) -> int:
        """Veil a range, less the space around it; return where it ends."""
        said = self._text[low:high]
        first = low + len(said) - len(said.lstrip())
        last = high - (len(said) - len(said.rstrip()))
        if first < last:
            self._found.append((first, last))
        return high


def _depth(line: re.Match[str] | None) -> float:
    """Return how far a line is indented: by a tab, as far as any, for no YAML is."""
    indent = line["indent"] if line else ""
    return inf if "\t" in indent else len(indent)


def united(ranges: list[Range]) -> list[Range]:
    """Return ranges in order, those that touch or overlap as one, empty ones left out."""
    found: list[Range] = []
    for low, high in sorted(ranges):
        if found and low <= found[-1][1]:
            found[-1] = (found[-1][0], max(high, found[-1][1]))
        elif low < high:
            found.append((low, high))
    return found
