"""Mistakes as they are found, and the report that they become."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reconciler.manifest.schema.did_you_mean import Suggestions
from reconciler.manifest.yaml.source_map import SourceMap
from reconciler.model.diagnostic import Diagnostic, Related
from reconciler.model.strings import plural, printable

if TYPE_CHECKING:  # what only a wrong manifest needs is imported where it is met
    from reconciler.manifest.source_excerpt import Excerpts

SHOWN: Final = 100
"""So many mistakes are shown with their lines; the others are counted."""
_KEPT: Final = 20_000
"""So many mistakes are kept to be sorted by place."""

Message = str | Callable[[str], str]
"""A sentence, or what makes it around a word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestError:
    """One mistake at a position.

    `word` is what the user wrote at `at`; `message` then makes the sentence around it, since only
    the report knows whether it may be shown. `known` are the words of which one may have been
    meant. A `hint` that costs time is a function: most mistakes of a broken fleet are only counted.
    `also` are other positions, each with what it explains. `hide` are the positions of values that
    may be credentials: no line of the report shows them.
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
    """Collects findings; the same one twice (an alias was used twice) counts once.

    `unfinished` says that somebody stopped looking because there were too many.
    """

    def __init__(self) -> None:
        self._errors: dict[tuple[int, str, str], ManifestError] = {}
        self._more: Counter[str] = Counter()
        self._hidden: set[int] = set()
        self._places: set[int] = set()
        self.unfinished = False

    def add(self, error: ManifestError) -> None:
        """Take in one mistake."""
        self._hidden.update(error.hide)
        self._places.add(error.at)
        if len(self._errors) < _KEPT:
            said = error.message if isinstance(error.message, str) else error.word or ""
            self._errors.setdefault((error.at, error.code, said), error)
        else:
            self._more[error.code] += 1

    def told(self, position: int) -> bool:
        """Say whether something was found at a position already."""
        return position in self._places

    def hide(self, position: int) -> None:
        """Keep the value at `position` out of every line that is shown."""
        self._hidden.add(position)

    def more(self, code: str, count: int) -> None:
        """Count mistakes without looking at each."""
        self._more[code] += count

    def __bool__(self) -> bool:
        return bool(self._errors) or self._more.total() > 0

    def diagnostics(self, source_map: SourceMap) -> tuple[Diagnostic, ...]:
        """Return the mistakes by place: the first ones in full, the rest as one count."""
        from reconciler.manifest.source_excerpt import Excerpts

        found = sorted(self._errors.values(), key=lambda each: (each.at, each.code))
        page = _DiagnosticBuilder(source_map, Excerpts(source_map, frozenset(self._hidden)))
        shown = [page.diagnostic(each) for each in found[:SHOWN]]
        rest = self._more + Counter(each.code for each in found[SHOWN:])
        return (*shown, *_counted(rest, unfinished=self.unfinished))


class _DiagnosticBuilder:
    """Turns findings into what is shown: words, suggestions, hints and lines."""

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
        hint="mend the ones above and validate again",
        count=rest.total(),
    )


def quoted(text: object, limit: int = 60) -> str:
    """Put the user's words into a message: between backticks, made harmless, not too long."""
    words = printable(str(text)[: limit + 1])
    return f"`{words[:limit]}…`" if len(words) > limit else f"`{words}`"
