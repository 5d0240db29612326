"""Turn YAML text into plain values, in one pass over the C parser's events.

Only mappings, lists, texts, numbers, true, false and null are constructed. Plain scalars follow
YAML 1.2, so `no`, `on` and `22:30` are texts. PyYAML's own loader is not used because it is five
times slower, needs five times the memory, and reports neither positions nor duplicate keys.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Never

from reconciler.manifest.error_collector import ErrorCollector, ManifestError, Message
from reconciler.manifest.schema.valid_subset import Path
from reconciler.manifest.yaml.source_map import SourceMap
from reconciler.manifest.yaml.syntax_errors import DEPTH, InvalidYaml, invalid_yaml, too_deep

EXPANSION: Final = 1_000_000
"""The number of values that aliases may expand to in total: enough for 100,000 clients."""

_DUPLICATES: Final = 200
"""The number of duplicate keys reported one by one: finding the first one is a linear search."""
_LARGEST: Final = 10**18
_NUMBER: Final = re.compile(
    r"(?P<int>[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)"
    r"|[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
)
_WORDS: Final = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_CORE: Final = "tag:yaml.org,2002:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A file's document; `dropped` are the paths of invalid parts that were removed from it.

    `nameless` are clients that were removed because of their names; their sinks can be checked.
    """

    value: Any
    at: int
    dropped: frozenset[Path] = frozenset()
    nameless: tuple[Mapping[str, Any], ...] = ()


def parse(
    text: str, *, base: int, source_map: SourceMap, report: ErrorCollector
) -> Document | None:
    """Parse one file, whose first character is at `base`; return None if it is not YAML."""
    builder = _Builder(text, base, source_map, report)
    try:
        return builder.document()
    except InvalidYaml as error:
        report.add(error.error)
        return None


class _Plain(dict[str, Any]):
    """The values of plain scalars. Equal texts become one object: a fleet repeats itself."""

    def __missing__(self, text: str) -> Any:
        value = self[text] = _resolved(text)
        return value


def _resolved(text: str) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "0123456789+-." or not (found := _NUMBER.fullmatch(text)):
        return text
    if not found["int"]:
        return max(-float(_LARGEST), min(float(text), float(_LARGEST)))
    base = {"0o": 8, "0x": 16}.get(text[:2], 10)
    if len(text) > 19:
        return -_LARGEST if text[0] == "-" else _LARGEST
    return int(text, base)


class _Open:
    """Placeholder for an anchored value that is not complete yet."""


class _Builder:
    """Builds the document from the parser's events; it may recurse because the depth is bounded."""

    def __init__(self, text: str, base: int, source_map: SourceMap, report: ErrorCollector) -> None:
        import yaml

        self._yaml = yaml
        self._next = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text).get_event
        self._text = text
        self._base = base
        self._spans = source_map.spans
        self._report = report
        self._plain = _Plain()
        self._tools = (self._next, self._plain, yaml.ScalarEvent, base)
        self._anchors: dict[str, Any] = {}
        self._sizes: dict[str, tuple[int, int]] = {}
        self._left = EXPANSION
        self._depth = 0
        self._duplicates = 0
        self._dropped: dict[int, set[str]] = {}

    def document(self) -> Document:
        """Read the whole stream."""
        try:
            return self._stream()
        except self._yaml.YAMLError as error:
            raise invalid_yaml(error, self._text, self._base) from None

    def _stream(self) -> Document:
        self._next()
        if type(self._next()) is self._yaml.StreamEndEvent:
            self._fail("empty-file", "the file is empty", self._base)
        event = self._next()
        if self._is_nothing(event):
            self._fail("empty-file", "the file is empty", self._base)
        value = self._node(event)
        self._next()
        end = self._next()
        if type(end) is not self._yaml.StreamEndEvent:
            self._report.add(_second_document(self._base + end.start_mark.index))
        at = self._base + event.start_mark.index
        return Document(value=value, at=at, dropped=frozenset(_paths(value, self._dropped)))

    def _is_nothing(self, event: Any) -> bool:
        scalar = type(event) is self._yaml.ScalarEvent
        return scalar and not event.value and bool(event.implicit[0])

    def _node(self, event: Any) -> Any:
        kind = type(event)
        if kind is self._yaml.ScalarEvent:
            return self._scalar(event)
        if kind is self._yaml.AliasEvent:
            return self._alias(event)
        return self._container(event, mapping=kind is self._yaml.MappingStartEvent)

    def _scalar(self, event: Any) -> Any:
        if event.tag is not None and event.tag != _CORE + "str":
            self._bad_tag(event)
        value = self._plain[event.value] if event.implicit[0] else event.value
        if event.anchor is not None:
            self._anchors[event.anchor] = value
        return value

    def _container(self, event: Any, *, mapping: bool) -> Any:
        if event.tag not in (None, "!", _CORE + ("map" if mapping else "seq")):
            self._bad_tag(event)
        if self._depth == DEPTH:
            raise too_deep(self._base + event.start_mark.index)
        if event.anchor is not None:
            self._anchors[event.anchor] = _Open
        self._depth += 1
        value: Any = self._mapping() if mapping else self._sequence()
        self._depth -= 1
        if event.anchor is not None:
            self._anchors[event.anchor] = value
            self._sizes.pop(event.anchor, None)
        return value

    # The two loops below handle every event. They read plain scalars, which are nearly all of a
    # fleet's values, without a function call.

    def _sequence(self) -> list[Any]:
        values: list[Any] = []
        spans = self._spans[id(values)] = []
        take, plain, scalar, base = self._tools
        end = self._yaml.SequenceEndEvent
        while (kind := type(event := take())) is not end:
            spans.append(event.start_mark.index + base)
            if kind is scalar and event.implicit[0] and event.anchor is None:
                values.append(plain[event.value])
            else:
                values.append(self._node(event))
        return values

    def _mapping(self) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        spans = self._spans[id(mapping)] = []
        take, plain, scalar, base = self._tools
        end = self._yaml.MappingEndEvent
        while (kind := type(event := take())) is not end:
            key_at = event.start_mark.index + base
            if kind is scalar and event.implicit[0] and event.anchor is None:
                key = plain[event.value]
            else:
                key = self._node(event)
            if type(key) is not str:
                key = self._bad_key(event, key, key_at)
            event = take()
            if type(event) is scalar and event.implicit[0] and event.anchor is None:
                value = plain[event.value]
            else:
                value = self._node(event)
            if key in mapping:
                self._duplicate(mapping, key, key_at)
                continue
            mapping[key] = value
            spans += (key_at, event.start_mark.index + base)
        return mapping

    def _alias(self, event: Any) -> Any:
        name, at = event.anchor, self._base + event.start_mark.index
        if name not in self._anchors:
            self._fail(
                "unknown-alias", lambda word: f"the alias {word} has no anchor", at, "*" + name
            )
        value = self._anchors[name]
        if value is _Open:
            self._fail(
                "recursive-alias",
                lambda word: f"the alias {word} is inside its own anchor",
                at,
                "*" + name,
            )
        if name not in self._sizes:
            self._sizes[name] = self._measure(value)
        size, height = self._sizes[name]
        self._left -= size
        if self._left < 0 or self._depth + height > DEPTH:
            self._fail("alias-bomb", "aliases make the document too large or too deep", at)
        return value

    def _measure(self, value: Any) -> tuple[int, int]:
        """Return the number of values in a value, including itself, and their depth."""
        if not isinstance(value, dict | list):
            return 1, 0
        inner = value.values() if isinstance(value, dict) else value
        sizes = [self._measure(each) for each in inner]
        return 1 + sum(size for size, _ in sizes), 1 + max((high for _, high in sizes), default=0)

    def _duplicate(self, mapping: dict[str, Any], key: str, at: int) -> None:
        self._dropped.setdefault(id(mapping), set()).add(key)
        self._duplicates += 1
        if self._duplicates > _DUPLICATES:
            self._report.more("duplicate-key", 1)
            return
        first = self._spans[id(mapping)][2 * list(mapping).index(key)]
        also = ((first, "first written here"),)
        self._report.add(
            ManifestError(
                code="duplicate-key",
                message=lambda word: f"the key {word} is already in this mapping",
                at=at,
                word=key,
                also=also,
            )
        )

    def _bad_key(self, event: Any, key: Any, at: int) -> str:
        if isinstance(key, dict | list):
            self._fail("key-not-text", "a key is text: a list or mapping cannot be one", at)
        text = str(getattr(event, "value", key))
        self._report.add(
            ManifestError(
                code="key-not-text",
                message=lambda word: f"the key {word} is not text",
                at=at,
                word=text,
                hint=lambda: f'quote it: "{text[:60]}"',
            )
        )
        return text

    def _bad_tag(self, event: Any) -> None:
        self._report.add(
            ManifestError(
                code="unknown-tag",
                message=lambda word: f"the tag {word} is not allowed: tags are never evaluated",
                at=self._base + event.start_mark.index,
                word=event.tag.replace(_CORE, "!!"),
                hint="remove it; quote a value that should be text",
            )
        )

    def _fail(self, code: str, message: Message, at: int, word: str | None = None) -> Never:
        hint = {
            "empty-file": "a manifest contains at least `version: 1`",
            "alias-bomb": "use `client_sets` or `defaults` instead of aliases",
        }.get(code)
        raise InvalidYaml(ManifestError(code=code, message=message, at=at, word=word, hint=hint))


def _second_document(at: int) -> ManifestError:
    return ManifestError(
        code="several-documents",
        message="a second document begins here",
        at=at,
        hint="keep one document in a file: remove the `---` before it",
    )


def _paths(value: Any, dropped: Mapping[int, set[str]], path: Path = ()) -> Iterator[Path]:
    """Yield the paths of duplicate keys, whose second values were dropped."""
    if not dropped or not isinstance(value, dict | list):
        return
    for key in dropped.get(id(value), ()):
        yield (*path, key)
    for step, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield from _paths(inner, dropped, (*path, step))
