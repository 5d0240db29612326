"""Translate the YAML parser's errors into messages that state what to do."""

from typing import Any, Final

from reconciler.manifest.error_collector import ManifestError, Message

DEPTH: Final = 64
"""The maximum nesting depth; the manifest's schema needs nine."""

_CLOSE: Final = ("add the `,` or the `]`", "add the `,` or the `}`")
_INDENTATION: Final = "check the indentation of this line and of those above it"

# libyaml's message → its meaning and the hint. Source: libyaml's scanner.c and parser.c.
_MEANING: Final = {
    "mapping values are not allowed": (
        "a `:` is not allowed here",
        "quote a text that contains `: `, and check the indentation",
    ),
    "could not find expected ':'": ("a key without its `:`", "write `key: value`"),
    "did not find expected key": ("this does not belong to the mapping above it", _INDENTATION),
    "did not find expected '-' indicator": ("this does not belong to the list above", _INDENTATION),
    "found unexpected end of stream": (
        "the file ends in the middle of this",
        "close the quote or the bracket",
    ),
    "did not find expected ',' or ']'": ("a list in [ ] is not closed", _CLOSE[0]),
    "did not find expected ',' or '}'": (
        "a mapping in { } is not closed",
        _CLOSE[1],
    ),
    "block sequence entries are not allowed": ("a `-` cannot begin an item here", _INDENTATION),
    "found undefined tag handle": ("this tag is not known", "leave it out"),
    "did not find expected <document start>": (
        "this cannot follow what is above it",
        _INDENTATION,
    ),
    "found duplicate anchor": ("this anchor is already taken", "give it another name"),
}
_TAB: Final = "a tab cannot indent or separate here"


class InvalidYaml(Exception):  # noqa: N818 (it ends parsing and never leaves this package)
    """A file cannot be parsed further; `error` is the reason."""

    def __init__(self, error: ManifestError) -> None:
        super().__init__(error.message)
        self.error = error


def invalid_yaml(error: Any, text: str, base: int) -> InvalidYaml:
    """Translate the parser's error about `text`, whose first character is at `base`."""
    problem = str(getattr(error, "problem", None) or "")
    context: Any = getattr(error, "context_mark", None)
    mark: Any = getattr(error, "problem_mark", None) or context
    offset = min(mark.index if mark else 0, len(text))
    if "maximum nesting depth" in problem:  # libyaml 0.2.6 looks further ahead than it has told
        return too_deep(base + offset)
    unclosed = "end of stream" in problem and context is not None
    character = text[offset : offset + 1]
    message, hint = _meaning(problem, character)
    at = context.index if unclosed or ("':'" in problem and context) else offset
    also: tuple[tuple[int, str], ...] = ()
    if context is not None and hint in _CLOSE:
        also = ((base + context.index, "it begins here"),)
    word = None if isinstance(message, str) else character
    error = ManifestError(
        code="syntax", message=message, at=base + at, word=word, hint=hint, also=also
    )
    return InvalidYaml(error)


def too_deep(at: int) -> InvalidYaml:
    """Return the exception for values that are nested too deeply."""
    message = f"values are nested more than {DEPTH} deep here"
    return InvalidYaml(ManifestError(code="too-deep", message=message, at=at))


def _meaning(problem: str, character: str) -> tuple[Message, str | None]:
    if character == "\t":
        return _TAB, "indent with spaces"
    if "cannot start any token" in problem:
        return (lambda word: f"a value cannot begin with {word}"), "quote the text"
    for said, meaning in _MEANING.items():
        if problem.startswith(said):
            return meaning
    return f"this is not YAML: {problem or 'it cannot be read'}", None
