"""Collect the errors of a manifest and turn them into diagnostics."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reconciler.manifest.schema.did_you_mean import Suggestions
from reconciler.manifest.yaml.source_map import SourceMap
from reconciler.model.diagnostic import Diagnostic, Related
from reconciler.model.strings import plural, printable

if TYPE_CHECKING:  # only a wrong manifest needs it
    from reconciler.manifest.source_excerpt import Excerpts

SHOWN: Final = 100
"""The number of errors shown with their lines; the others are counted."""
_KEPT: Final = 20_000
"""The number of errors kept for sorting by position, which bounds the memory."""

Message = str | Callable[[str], str]
"""A sentence, or a function that puts a word into it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestError:
    """One mistake at a position.

    `word` is the user's text at `at`. `message` is then a function of it, because the text may be a
    credential and only the report knows that. `known` are the words to suggest one from. An
    expensive `hint` is a function, because most errors of a broken fleet are only counted. `also`
    are related positions, each with its explanation. `hide` are the positions of values that may
    be credentials; no line of the report shows them.
    """

    code: str
    message: Message
    at: int
    word: str | None = None
    known: Collection[str] = ()
    hint: str | Callable[[], str | None] | None = None
    also: tuple[tuple[int, str], ...] = ()
    hide: tuple[int, ...] = ()


class ErrorCollector:
    """Collects errors; an error that an alias repeats counts once.

    `unfinished` is true if a check stopped because there were too many errors.
    """

    def __init__(self) -> None:
        self._errors: dict[tuple[int, str, str], ManifestError] = {}
        self._more: Counter[str] = Counter()
        self._hidden: set[int] = set()
        self._places: set[int] = set()
        self.unfinished = False

    def add(self, error: ManifestError) -> None:
        """Add one error."""
        self._hidden.update(error.hide)
        self._places.add(error.at)
        if len(self._errors) < _KEPT:
            said = error.message if isinstance(error.message, str) else error.word or ""
            self._errors.setdefault((error.at, error.code, said), error)
        else:
            self._more[error.code] += 1

    def told(self, position: int) -> bool:
        """Return if there is an error at a position already."""
        return position in self._places

    def hide(self, position: int) -> None:
        """Mask the value at `position` in every line."""
        self._hidden.add(position)

    def more(self, code: str, count: int) -> None:
        """Count errors without storing them."""
        self._more[code] += count

    def __bool__(self) -> bool:
        return bool(self._errors) or self._more.total() > 0

    def diagnostics(self, source_map: SourceMap) -> tuple[Diagnostic, ...]:
        """Return the errors by position: the first ones in full, the others as one count."""
        from reconciler.manifest.source_excerpt import Excerpts

        found = sorted(self._errors.values(), key=lambda each: (each.at, each.code))
        page = _DiagnosticBuilder(source_map, Excerpts(source_map, frozenset(self._hidden)))
        shown = [page.diagnostic(each) for each in found[:SHOWN]]
        rest = self._more + Counter(each.code for each in found[SHOWN:])
        return (*shown, *_counted(rest, unfinished=self.unfinished))


class _DiagnosticBuilder:
    """Builds diagnostics: messages, suggestions, hints and source lines."""

    def __init__(self, source_map: SourceMap, excerpts: "Excerpts") -> None:
        self._source_map = source_map
        self._excerpts = excerpts
        self._suggestions = Suggestions()

    def diagnostic(self, error: ManifestError) -> Diagnostic:
        message, hint = self._words(error)
        return Diagnostic(
            code=error.code,
            message=message,
            place=self._source_map.place(error.at),
            excerpt=self._excerpts.of(error.at),
            hint=hint,
            related=tuple(
                Related(
                    place=self._source_map.place(at), message=said, excerpt=self._excerpts.of(at)
                )
                for at, said in error.also
            ),
        )

    def _words(self, error: ManifestError) -> tuple[str, str | None]:
        """Return the message and the hint; neither quotes a word that may be a credential."""
        message, hint, word = error.message, error.hint, error.word
        if not isinstance(message, str) and word is not None:
            if self._excerpts.conceals(error.at):
                return message(f"`{self._excerpts.mask}`"), hint if isinstance(hint, str) else None
            near = self._suggestions.near(word, error.known) if error.known else None
            message = message(quoted(word)) + (f": did you mean {quoted(near)}?" if near else "")
        return str(message), hint if isinstance(hint, str | None) else hint()


def _counted(rest: Counter[str], *, unfinished: bool) -> Iterable[Diagnostic]:
    if not rest:
        return
    least = "at least " if unfinished else ""
    kinds = ", ".join(f"{count:,} {code}" for code, count in rest.most_common(8))
    yield Diagnostic(
        code="more-errors",
        message=f"{least}{plural(rest.total(), 'more error')} not shown: {kinds}",
        hint="correct the errors above and validate again",
        count=rest.total(),
    )


def quoted(text: object, limit: int = 60) -> str:
    """Return the user's text for a message: in backticks, printable and shortened."""
    words = printable(str(text)[: limit + 1])
    return f"`{words[:limit]}…`" if len(words) > limit else f"`{words}`"
