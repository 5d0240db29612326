"""Foreign text in Markdown: whatever a name holds, it is read as that name and as nothing else.

Nothing is escaped with backslashes, since every dialect has its own list of what these undo, and
references such as `@team` and `#12` are found after they are undone. A name stands in a code span,
in which no dialect looks for anything. A sentence keeps its plain words; the others go into spans.
"""

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote

from reconciler.model.source_location import SourceLocation
from reconciler.model.strings import printable

NAME: Final = 120
SENTENCE: Final = 400
"""So many characters of a name and of a sentence are shown; then, how many more there are."""

_LINK: Final = 2_000
QUOTED: Final = re.compile(r"`([^`]+)`")
_PLAIN: Final = re.compile(
    r"""(?!www|\S*[0-9a-f]{7})[(“"]*"""
    r"""(?:[^\W\d_]+(?:[-'’][^\W\d_]+)*|[0-9]{1,3}(?:,[0-9]{3})*(?![.)])|[→±↻])?"""
    r"""[)”",.;:!?…]*""",
    re.IGNORECASE,
)
_OPTION: Final = re.compile(r"([(“]?)(--[a-z][a-z-]*(?:=[^\s()“”,.;:!?…]+)?)([)”,.;:!?…]*)")
"""An option of the command line, and the punctuation of the sentence around it."""


def code(text: str) -> str:
    """Return a code span that shows `text` to the letter, control characters as escapes."""
    shown = clip(printable(text), NAME)
    if not shown:
        return "*(empty)*"
    longest = max((len(run) for run in re.findall("`+", shown)), default=0)
    fence = "`" * (longest + 1)
    ends = shown[0] + shown[-1]
    pad = " " if "`" in ends or (ends == "  " and shown.strip(" ")) else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def prose(text: str) -> str:
    """Return a sentence of the tool's own; foreign names may stand in it, quoted or not."""
    written, spanned = "", False
    for piece, foreign in _pieces(clip(printable(text), SENTENCE)):
        written += " " if spanned and foreign else ""
        written += code(piece) if foreign else piece
        spanned = foreign
    return written.strip()


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the parts of a sentence, each with whether it belongs into a code span."""
    for number, part in enumerate(QUOTED.split(text)):
        if number % 2:
            yield part, True
        else:
            yield from _words(part)


def _words(text: str) -> Iterator[tuple[str, bool]]:
    strange: list[str] = []
    gap = False
    for piece in _split(text):
        if not piece.strip(" "):
            if piece and not strange:
                yield " ", False
            gap = gap or bool(piece)
        elif _PLAIN.fullmatch(piece):
            if strange:
                yield " ".join(strange), True
                if gap:
                    yield " ", False
                strange = []
            yield piece, False
            gap = False
        else:
            strange.append(piece)
            gap = False
    if strange:
        yield " ".join(strange), True
        if text.endswith(" "):
            yield " ", False


def _split(text: str) -> Iterator[str]:
    """Yield words and the spaces between them; an option without what stands around it."""
    for piece in re.split(r"( +)", text):
        option = _OPTION.fullmatch(piece)
        yield from filter(None, option.groups()) if option else (piece,)


def clip(text: str, limit: int) -> str:
    """Return `text`, or its beginning and how many characters are left out."""
    if len(text) <= limit:
        return text
    return f"{text[:limit].rstrip()}… ({len(text) - limit:,} more characters)"


def place_link(place: SourceLocation, links: str | None) -> str:
    """Return `file:line` as a link below `links`, or relative to the page if that is None.

    A file outside the manifest's tree is named without a link.
    """
    label = code(f"{place.file}:{place.line}")
    target = place_url(place, links)
    return f"[{label}]({target})" if target else label


def place_url(place: SourceLocation, links: str | None) -> str | None:
    """Return where a line can be looked at, percent-encoded; None if that cannot be known."""
    path = place.file.removeprefix("./")
    if path.startswith(("/", "../")) or not path:
        return None
    base = "" if links is None else quote(links.rstrip("/"), safe="/:?&=%~@+,;!$'*") + "/"
    url = f"{base}{quote(path, safe='/~', errors='replace')}#L{place.line}"
    return url if len(url) <= _LINK else None
