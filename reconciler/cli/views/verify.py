"""The result of `reconciler verify`, as a table and as a document."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from reconciler.apply.verify import Finding, SecretCheckResult
from reconciler.cli.views import causes
from reconciler.cli.views.console import Console
from reconciler.cli.views.table import columns
from reconciler.documents.envelope import envelope
from reconciler.model.alike import Failure, Group
from reconciler.model.alike import grouped as alike
from reconciler.model.instance import Instance
from reconciler.model.strings import plural, printable
from reconciler.model.timestamps import parse
from reconciler.operations.workspace import LoadedState

if TYPE_CHECKING:
    from reconciler.model.manifest import Manifest

DAY: Final = 86400
FEW: Final = 20
"""Up to this many answers are all listed; of more, only the first that fail."""
SHOWN: Final = 8

_SAID: Final = {
    Finding.REFUSED: "refused",
    Finding.STALE: "of another client",
    Finding.UNREADABLE: "unreadable",
    Finding.UNPROVEN: "without an answer",
    Finding.UNKNOWN: "unknown",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An answer with the client's age and the days until its rotation is due, None if never.

    `instance` is the manifest's, None if it has left the manifest.
    """

    answer: SecretCheckResult
    age: int
    due: int | None
    instance: Instance | None = None


def rows(
    desired: "Manifest", ground: LoadedState, answers: Iterable[SecretCheckResult], now: datetime
) -> Sequence[Row]:
    """Return the answers with the ages of their clients at the instant `now`."""
    clients = ground.working.clients if ground.working is not None else {}
    found = []
    for each in answers:
        seconds = (now - parse(clients[each.address].created_at)).total_seconds()
        wanted = desired.clients.get(each.address)
        limit = wanted.rotate_after if wanted is not None else None
        due = None if limit is None else int((limit - seconds) // DAY)
        instance = desired.instances.get(each.address.instance)
        found.append(Row(answer=each, age=int(seconds // DAY), due=due, instance=instance))
    return found


def document(found: Sequence[Row]) -> dict[str, object]:
    """Return the answers as an object for a program."""
    findings = [each.answer.finding for each in found]
    return {
        **envelope("verify"),
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
    """Write the table, failures first. Without `-v` a long table shows failures alone."""
    if not found:
        console.note("the state knows no client to verify")
        return
    listed = [each for finding in Finding for each in found if each.answer.finding is finding]
    left = 0
    if len(found) > FEW and not console.verbosity:
        failing = [each for each in listed if each.answer.finding.fails]
        listed, left = failing[:SHOWN], len(failing[SHOWN:])
    if listed:
        table = [*columns([_cells(each) for each in listed], console.room)]
        table += [f"and {left:,} more: -v lists them"] * bool(left)
        console.report("\n".join(table) + "\n")
    console.report(summary(found))
    _causes(console, found)


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
    """Return when a rotation is due, "" if none is configured."""
    if days is None:
        return ""
    return f"rotation in {plural(days, 'day')}" if days >= 0 else "rotation is due"


def summary(found: Sequence[Row]) -> str:
    """Return how many secrets work and how many do not: `Verified: 12 work; 1 refused.`."""
    findings = [each.answer.finding for each in found]
    works = findings.count(Finding.WORKS)
    rest = [f"{findings.count(each):,} {said}" for each, said in _SAID.items() if each in findings]
    return f"Verified: {works:,} work" + (f"; {', '.join(rest)}." if rest else ".")


def _causes(console: Console, found: Sequence[Row]) -> None:
    """Write each reason once, with the clients that it applies to."""
    for finding, group in grouped(found):
        listed = causes.message(group, verbose=console.verbosity > 0)
        text = f"{_HEADS[finding]}: {listed}"
        if finding.fails:
            console.problem(text, hint=group.hint, code=group.code)
        else:
            console.note(text, hint=group.hint)


def grouped(found: Sequence[Row]) -> Iterator[tuple[Finding, Group]]:
    """Yield each reason once, the worst first, with its hint and its addresses."""
    for finding in Finding:
        rows = [each for each in found if each.answer.finding is finding and each.answer.reason]
        failures = [
            Failure(
                code=f"secret-{finding.value}",
                message=each.answer.reason,
                hint=each.answer.hint,
                name=str(each.answer.address),
                noun="client",
                instance=each.instance,
            )
            for each in rows
        ]
        for group in sorted(alike(failures), key=lambda each: each.message):
            yield finding, group


_HEADS: Final = {
    Finding.REFUSED: "the secret was refused",
    Finding.STALE: "the secret is stale",
    Finding.UNREADABLE: "the secret is unreadable",
    Finding.UNPROVEN: "the secret could not be tried",
    Finding.UNKNOWN: "the secret is unknown here",
    Finding.WORKS: "the secret works",
}
