"""Which secrets work, as a table and as a document."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from reconciler.apply.verify import Answer, Finding
from reconciler.cli.runtime import Ground
from reconciler.cli.views.console import Console
from reconciler.cli.views.table import columns, folded
from reconciler.model.instant import parse
from reconciler.model.text import plural, printable

if TYPE_CHECKING:
    from reconciler.model.desired import Desired

DAY: Final = 86400
FEW: Final = 20

_SAID: Final = {
    Finding.REFUSED: "refused",
    Finding.STALE: "of another client",
    Finding.UNREADABLE: "unreadable",
    Finding.UNPROVEN: "without an answer",
    Finding.UNKNOWN: "unknown",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An answer with the client's age and the days until its rotation is due, None if never."""

    answer: Answer
    age: int
    due: int | None


def rows(desired: "Desired", ground: Ground, answers: Iterable[Answer]) -> Sequence[Row]:
    """Return the answers with their ages, reckoned now."""
    now = datetime.now(UTC)
    clients = ground.working.clients if ground.working is not None else {}
    found = []
    for each in answers:
        seconds = (now - parse(clients[each.address].created_at)).total_seconds()
        wanted = desired.clients.get(each.address)
        limit = wanted.rotate_after if wanted is not None else None
        due = None if limit is None else int((limit - seconds) // DAY)
        found.append(Row(answer=each, age=int(seconds // DAY), due=due))
    return found


def document(found: Sequence[Row]) -> dict[str, object]:
    """Return the answers as an object for a program."""
    findings = [each.answer.finding for each in found]
    return {
        "format": "reconciler.verify",
        "version": 1,
        "complete": not any(each.fails for each in findings),
        "counts": {each.value: findings.count(each) for each in Finding},
        "secrets": [
            {
                "address": str(each.answer.address),
                "place": each.answer.place or None,
                "finding": each.answer.finding.value,
                "reason": each.answer.reason or None,
                "hint": each.answer.hint,
                "age_days": each.age,
                "rotation_in_days": each.due,
            }
            for each in found
        ],
    }


def show(console: Console, found: Sequence[Row]) -> None:
    """Write the table, what failed first; of many that work, only their number without `-v`."""
    if not found:
        console.note("the state knows no client to verify")
        return
    everything = len(found) <= FEW or console.verbosity > 0
    listed = [
        each for finding in Finding for each in _listed(found, finding, everything=everything)
    ]
    if listed:
        table = columns([_cells(each) for each in listed], console.room)
        console.data("\n".join(table) + "\n")
    console.data(summary(found))
    _causes(console, found)


def _listed(found: Sequence[Row], finding: Finding, *, everything: bool) -> Sequence[Row]:
    chosen = [each for each in found if each.answer.finding is finding]
    if everything:
        return chosen
    return [] if finding is Finding.WORKS else chosen[:FEW]


def _cells(row: Row) -> tuple[str, ...]:
    answer = row.answer
    return (
        answer.finding.value,
        printable(str(answer.address)),
        printable(answer.place) or "-",
        plural(row.age, "day"),
        due_in(row.due),
    )


def due_in(days: int | None) -> str:
    """Say when a rotation is due, "" where nothing asks for one."""
    if days is None:
        return ""
    return f"rotation in {plural(days, 'day')}" if days >= 0 else "rotation is due"


def summary(found: Sequence[Row]) -> str:
    """Say how many secrets work, and how many do not: `Verified: 12 work; 1 refused.`."""
    findings = [each.answer.finding for each in found]
    works = findings.count(Finding.WORKS)
    rest = [f"{findings.count(each):,} {said}" for each, said in _SAID.items() if each in findings]
    return f"Verified: {works:,} work" + (f"; {', '.join(rest)}." if rest else ".")


def _causes(console: Console, found: Sequence[Row]) -> None:
    """Say each reason once, with the clients that it holds for."""
    for finding, reason, hint, names in grouped(found):
        listed = f"{_HEADS[finding]}: {reason}\n  {folded(names)}"
        if finding.fails:
            console.problem(listed, hint=hint, code=f"secret-{finding.value}")
        else:
            console.note(listed, hint=hint)


def grouped(found: Sequence[Row]) -> Iterator[tuple[Finding, str, str | None, Sequence[str]]]:
    """Yield each reason once, the worst first, with its hint and the addresses it holds for."""
    groups: dict[tuple[Finding, str], list[Answer]] = {}
    for each in found:
        if each.answer.reason:
            key = (each.answer.finding, each.answer.reason)
            groups.setdefault(key, []).append(each.answer)
    order = list(Finding)
    for finding, reason in sorted(groups, key=lambda each: (order.index(each[0]), each[1])):
        answers = groups[finding, reason]
        names = sorted({str(each.address) for each in answers})
        yield finding, reason, answers[0].hint, names


_HEADS: Final = {
    Finding.REFUSED: "the secret was refused",
    Finding.STALE: "the secret is stale",
    Finding.UNREADABLE: "the secret is unreadable",
    Finding.UNPROVEN: "the secret could not be tried",
    Finding.UNKNOWN: "the secret is unknown here",
    Finding.WORKS: "the secret works",
}
