"""The result of `reconciler verify` as an HTML page: counts, failures and a fleet table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from reconciler.apply.verify import Finding
from reconciler.cli.views.verify import Row, due_in, grouped, summary
from reconciler.model.address import Address
from reconciler.model.alike import Group
from reconciler.model.strings import join_limited, plural, printable
from reconciler.plan.render.fleet_table import Cell, build_table
from reconciler.plan.render.grouping import FEW
from reconciler.plan.render.html_page import Listing, Sign, Tile, page

MOST: Final = 1_000
"""The most findings that are listed; the page shows the number of the others."""

NEXT: Final = 15
SOON: Final = 7
LATER: Final = 30
"""Days until a rotation; one within `SOON` is marked."""

_SIGNS: Final[Mapping[Finding, Sign]] = {
    Finding.REFUSED: Sign(letter="r", sign="✗", says="refused", name="refused"),
    Finding.STALE: Sign(letter="s", sign="≠", says="another client's secret", name="stale"),
    Finding.UNREADABLE: Sign(letter="u", sign="∅", says="unreadable", name="unreadable"),
    Finding.UNPROVEN: Sign(letter="p", sign="…", says="without an answer", name="unproven"),
    Finding.UNKNOWN: Sign(letter="k", sign="?", says="secret unknown", name="unknown", calm=True),
    Finding.WORKS: Sign(letter="w", sign="✓", says="works", name="works", calm=True),
}
_DUE: Final = Sign(letter="d", sign="↻", says="works, and its rotation is due", name="due")
_NONE: Final = Sign(letter=Cell.ABSENT.value, sign="", says="not managed", name="absent", calm=True)
CELLS: Final = (
    *(sign for finding, sign in _SIGNS.items() if finding is not Finding.WORKS),
    _DUE,
    _SIGNS[Finding.WORKS],
    _NONE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One finding with its clients; `named` is true if the text shows each of them."""

    sign: Sign
    reason: str
    hint: str | None
    addresses: Sequence[str]
    where: str
    named: bool


def render(found: Sequence[Row], *, at: str) -> str:
    """Return the page; `at` is the stamp of the moment at which the secrets were tried."""
    worst = _worst(found)
    entries = [_entry(finding, group) for finding, group in grouped(found)]
    shown = entries[:MOST]
    return page(
        "proof.html",
        package="reconciler.cli.views",
        name="verify",
        title=summary(found).removesuffix("."),
        listing=Listing(
            noun="finding",
            subjects=sorted({each for entry in shown for each in entry.addresses}),
            entries=[entry.addresses for entry in shown],
        ),
        matrix=build_table(
            {address: _sign(row).letter for address, row in worst.items()},
            frozenset(each.letter for each in CELLS if each.calm),
            {address: _remark(row) for address, row in worst.items()},
        ),
        cells=CELLS,
        skip=("findings", "findings"),
        at=at,
        clients=len(worst),
        instances=len({each.instance for each in worst}),
        places=sum(bool(each.answer.place) for each in found),
        tiles=_tiles(found),
        entries=shown,
        left_out=len(entries) - len(shown),
        ages=_ages(list(worst.values())),
        next=_next(worst),
    )


def _worst(found: Sequence[Row]) -> Mapping[Address, Row]:
    """Return each client's row, the worst of several places."""
    order = {finding: rank for rank, finding in enumerate(Finding)}
    worst: dict[Address, Row] = {}
    for row in found:
        known = worst.setdefault(row.answer.address, row)
        if order[row.answer.finding] < order[known.answer.finding]:
            worst[row.answer.address] = row
    return worst


def _sign(row: Row) -> Sign:
    due = row.due is not None and row.due < 0
    return _DUE if due and row.answer.finding is Finding.WORKS else _SIGNS[row.answer.finding]


def _remark(row: Row) -> str:
    due = due_in(row.due)
    return f"{plural(row.age, 'day')} old" + (f", {due}" if due else "")


def _tiles(found: Sequence[Row]) -> Sequence[Tile]:
    tiles = []
    for finding, sign in _SIGNS.items():
        own = [each.answer.address for each in found if each.answer.finding is finding]
        instances = len({each.instance for each in own})
        tiles.append(
            Tile(
                kind=sign.name,
                sign=sign.sign,
                says=finding.value,
                count=len(own),
                instances=instances,
            )
        )
    return tiles


def _entry(finding: Finding, group: Group) -> Entry:
    addresses = group.names
    few = len(addresses) <= FEW
    return Entry(
        sign=_SIGNS[finding],
        reason=group.message,
        hint=group.hint,
        addresses=addresses,
        where=f"at {join_limited(addresses, FEW, printable)}"
        if few
        else f"at {plural(len(addresses), 'client')}",
        named=few,
    )


def _ages(rows: Sequence[Row]) -> str:
    """Return how many rotations are due when, and the age of the oldest client."""
    if not rows:
        return ""
    days = [row.due for row in rows if row.due is not None]
    counts = {
        "due now": sum(each < 0 for each in days),
        f"within {SOON} days": sum(0 <= each < SOON for each in days),
        f"within {LATER} days": sum(SOON <= each < LATER for each in days),
        "later": sum(each >= LATER for each in days),
        "never": len(rows) - len(days),
    }
    said = ", ".join(f"{count:,} {when}" for when, count in counts.items() if count)
    return f"{said}. The oldest client is {plural(max(row.age for row in rows), 'day')} old."


def _next(worst: Mapping[Address, Row]) -> Sequence[tuple[str, str, str]]:
    due = [(row.due, address, row) for address, row in worst.items() if row.due is not None]
    due.sort(key=lambda each: each[:2])
    return [
        (printable(str(address)), plural(row.age, "day"), _when(days))
        for days, address, row in due[:NEXT]
        if days < LATER
    ]


def _when(days: int) -> str:
    if days < 0:
        return f"{plural(-days, 'day')} ago"
    return f"in {plural(days, 'day')}"
