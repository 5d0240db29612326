"""Find the parts of a manifest's text that may be credentials, so that no report shows them.

A report shows lines of wrong manifests, and a manifest may be wrong exactly where a literal
password is. In a file that parses, every value has a position: values of keys that name a
credential are masked unless they are well-formed references. In a file that does not parse, no
value has a reliable position, so a line is not shown at all if a word before it in the same
top-level section names a credential.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable
from typing import Any, Final

from reconciler.manifest.credential_patterns import (
    KeyKind,
    assigns_credential,
    classify,
    credential_words,
    is_auth_setting,
    is_variable_like,
)
from reconciler.manifest.yaml.syntax_errors import DEPTH

Range = tuple[int, int]

_COMMENT: Final = re.compile(r"(?<!\S)#[^\n]*")
_PROPERTIES: Final = re.compile(r"(?:[&!]\S*+\s*+)++")
_PLAIN_KEY: Final = re.compile(r"[\w.-]+")
_SECTION: Final = re.compile(r"^[A-Za-z][\w-]*:(?=\s|\Z)", re.MULTILINE)
_REFERENCE: Final = ("env", "file", "command")


class Redaction:
    """The parts of one file that may not be shown; `hidden` are offsets of values to mask too."""

    def __init__(self, text: str, hidden: Collection[int] = ()) -> None:
        self.ranges: list[Range] = []
        self._sections: list[int] = []
        self._words: list[int] = []
        scanner = _Scanner(text, frozenset(hidden))
        if scanner.scan():
            self.ranges = united([*scanner.ranges, *scanner.comments()])
        else:
            self._sections = [0, *(found.start() for found in _SECTION.finditer(text))]
            self._words = sorted((*credential_words(text), *hidden))

    def withholds(self, offset: int, line_end: int) -> bool:
        """Return if the line with `offset`, which ends at `line_end`, may not be shown at all."""
        if not self._words:
            return False
        section = self._sections[bisect_right(self._sections, offset) - 1]
        return bisect_left(self._words, section) < bisect_left(self._words, line_end)


class _Scanner:
    """Collects the ranges of literal credentials in a text that is YAML."""

    def __init__(self, text: str, hidden: frozenset[int]) -> None:
        self.ranges: list[Range] = []
        self._text = text
        self._hidden = hidden
        self._private: list[Range] = []
        self._texts: list[Range] = []
        self._seen: set[tuple[int, KeyKind | None]] = set()

    def scan(self) -> bool:
        """Scan the whole text; return False if it is not YAML."""
        import yaml

        loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
        try:
            documents = list(yaml.compose_all(self._text, loader))
            for each in documents:
                self._value(each, None, 0)
        except (yaml.YAMLError, RecursionError):
            return False
        return True

    def comments(self) -> Iterable[Range]:
        """Return the comments inside of an `auth` or about a credential: it may be an old one."""
        private, texts = united(self._private), united(self._texts)
        for found in _COMMENT.finditer(self._text):
            if not _covers(texts, found.start()) and (
                _covers(private, found.start()) or any(credential_words(found.group()))
            ):
                yield found.span()

    def _value(self, node: Any, kind: KeyKind | None, depth: int) -> None:
        """Mask what may be a credential in the value of a key of this kind."""
        if node.id == "scalar":
            self._scalar(node, kind)
            return
        if depth > DEPTH:
            raise RecursionError
        if (id(node), kind) in self._seen:  # an alias, or a value inside of itself
            return
        self._seen.add((id(node), kind))
        if node.id == "mapping":
            self._mapping(node, kind, depth)
        elif kind in ("auth", "credential") or node.start_mark.index in self._hidden:
            self._enter(node)
            self._mask(*_span(node))
        else:
            for each in node.value:
                self._value(each, None, depth + 1)

    def _scalar(self, node: Any, kind: KeyKind | None) -> None:
        if kind in ("auth", "credential"):
            self._enter(node)
        if kind or node.start_mark.index in self._hidden or assigns_credential(node.value):
            self._mask(*_span(node))
        elif "#" in node.value:
            self._texts.append(_span(node))

    def _mapping(self, node: Any, kind: KeyKind | None, depth: int) -> None:
        if kind == "auth":
            self._auth(node)
            return
        if kind == "credential":
            self._credential(node)
            return
        for key, value in node.value:
            self._value(key, None, depth + 1)
            self._value(value, classify(_word(key)), depth + 1)

    def _auth(self, node: Any) -> None:
        """Mask everything in an `auth` except settings and references.

        An unknown key is shown, so that a misspelled one can be recognized, unless it may be a
        credential itself: in an `auth` without any known key, or beside a literal credential.
        """
        self._enter(node)
        unknown, known, clean = [], 0, True
        for key, value in node.value:
            word = _word(key)
            if is_auth_setting(word) and self._is_one_line(value):
                known += 1
            elif is_auth_setting(word) or classify(word) == "credential":
                known += 1
                clean = self._credential(value) and clean
            else:
                unknown.append(key)
                self._credential(value)
                clean = clean and bool(value.value) and _PLAIN_KEY.fullmatch(word) is not None
        if not known:
            self._mask(*_span(node))
        elif not clean:
            for key in unknown:
                self._mask(*_span(key))

    def _credential(self, node: Any) -> bool:
        """Mask a value that is not a reference; return if nothing was masked."""
        self._enter(node)
        if node.id != "mapping":
            self._mask(*_span(node))
            return False
        wrong = [pair for pair in node.value if not self._is_reference(_word(pair[0]), pair[1])]
        for key, value in wrong:
            self._mask(_span(key)[0], _span(value)[1])
        return not wrong

    def _is_reference(self, word: str, node: Any) -> bool:
        if word == "command" and node.id == "sequence":
            return all(map(self._is_one_line, node.value))
        if word not in _REFERENCE or not self._is_one_line(node):
            return False
        return word == "file" or is_variable_like(node.value)

    def _is_one_line(self, node: Any) -> bool:
        """Return if a value is a text on one line, without an anchor or a tag."""
        start, end = _span(node)
        text = self._text[start:end]
        single = node.id == "scalar" and start not in self._hidden and text[:1] not in (*"&!|>", "")
        return single and "\n" not in text and not assigns_credential(text)

    def _enter(self, node: Any) -> None:
        """Mask the anchor and the tag of a value, and the comments in it and behind it."""
        start, end = _span(node)
        line_end = self._text.find("\n", end)
        self._private.append((start, line_end if line_end >= 0 else len(self._text)))
        if properties := _PROPERTIES.match(self._text, start):
            self._mask(start, properties.end())

    def _mask(self, start: int, end: int) -> None:
        self.ranges.append((start, start + len(self._text[start:end].rstrip())))


def _span(node: Any) -> Range:
    return node.start_mark.index, node.end_mark.index


def _word(key: Any) -> str:
    return str(key.value) if key.id == "scalar" else ""


def _covers(ranges: list[Range], offset: int) -> bool:
    number = bisect_right(ranges, offset, key=lambda each: each[0])
    return number > 0 and offset < ranges[number - 1][1]


def united(ranges: Iterable[Range]) -> list[Range]:
    """Return ranges in order, with touching and overlapping ones merged and empty ones removed."""
    found: list[Range] = []
    for low, high in sorted(ranges):
        if found and low <= found[-1][1]:
            found[-1] = (found[-1][0], max(high, found[-1][1]))
        elif low < high:
            found.append((low, high))
    return found
