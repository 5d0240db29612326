"""One thing that is wrong in the user's input, as a value."""

from dataclasses import dataclass
from typing import Literal

from reconciler.model.source_location import SourceLocation


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """A source line that may be shown: credentials in it are masked already.

    `start` is the 0-based column of the caret in `text`, `width` how many characters it spans.
    """

    text: str
    start: int
    width: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """A second place that explains the first, such as that of an earlier definition of a name."""

    place: SourceLocation
    message: str
    excerpt: Excerpt | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """What is wrong, where, and what to do.

    `code` is a stable slug such as `unknown-scope`; `hint` begins small and ends in no full stop.
    `count` is more than 1 if one line stands for many mistakes that are not shown.
    """

    code: str
    message: str
    place: SourceLocation | None = None
    severity: Literal["error", "warning"] = "error"
    excerpt: Excerpt | None = None
    hint: str | None = None
    related: tuple[Related, ...] = ()
    count: int = 1
