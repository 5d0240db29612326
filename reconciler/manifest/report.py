"""Mistakes as they are found, and the report that they become."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from reconciler.manifest.excerpt import Excerpts
from reconciler.manifest.positions import Atlas
from reconciler.model.diagnostic import Diagnostic, Related
from reconciler.model.text import plural, printable

SHOWN: Final = 100
"""So many mistakes are shown with their lines; the others are counted."""
_KEPT: Final = 20_000
"""So many mistakes are kept to be sorted by place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One mistake at a position.

    `also` are other positions, each with what it explains. `hide` are the positions of values that
    may be credentials: no line of the report shows them.
    """

    code: str
    message: str
    at: int
    hint: str | None = None
    also: tuple[tuple[int, str], ...] = ()
    hide: tuple[int, ...] = ()


class Report:
    """Collects findings; the same one twice (an alias was used twice) counts once.

    `unfinished` says that somebody stopped looking because there were too many.
    """

    def __init__(self) -> None:
        self._findings: dict[tuple[int, str, str], Finding] = {}
        self._more: Counter[str] = Counter()
        self._hidden: set[int] = set()
        self.unfinished = False

    def add(self, finding: Finding) -> None:
        """Take in one mistake."""
        self._hidden.update(finding.hide)
        if len(self._findings) < _KEPT:
            self._findings.setdefault((finding.at, finding.code, finding.message), finding)
        else:
            self._more[finding.code] += 1

    def hide(self, position: int) -> None:
        """Keep the value at `position` out of every line that is shown."""
        self._hidden.add(position)

    def more(self, code: str, count: int) -> None:
        """Count mistakes without looking at each."""
        self._more[code] += count

    def __bool__(self) -> bool:
        return bool(self._findings) or self._more.total() > 0

    def diagnostics(self, atlas: Atlas) -> tuple[Diagnostic, ...]:
        """Return the mistakes by place: the first ones in full, the rest as one count."""
        found = sorted(self._findings.values(), key=lambda each: (each.at, each.code))
        excerpts = Excerpts(atlas, frozenset(self._hidden))
        shown = [_diagnostic(each, atlas, excerpts) for each in found[:SHOWN]]
        rest = self._more + Counter(each.code for each in found[SHOWN:])
        return (*shown, *_counted(rest, unfinished=self.unfinished))


def _diagnostic(finding: Finding, atlas: Atlas, excerpts: Excerpts) -> Diagnostic:
    return Diagnostic(
        code=finding.code,
        message=finding.message,
        place=atlas.place(finding.at),
        excerpt=excerpts.of(finding.at),
        hint=finding.hint,
        related=tuple(
            Related(place=atlas.place(at), message=message, excerpt=excerpts.of(at))
            for at, message in finding.also
        ),
    )


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
