"""How an apply ended: what was done in one line, and every failure once, grouped by its cause."""

from collections.abc import Iterable, Iterator
from typing import Final

from reconciler.apply.events import Cause, Report
from reconciler.cli.views.console import Console
from reconciler.model.text import plural, printable
from reconciler.plan.action import Action, Kind

_DONE: Final = {
    Kind.CREATE: "created",
    Kind.REPLACE: "replaced",
    Kind.ROTATE: "rotated",
    Kind.DELIVER: "delivered",
    Kind.REVOKE: "revoked",
    Kind.FORGET: "forgotten",
}
_NAMED: Final = 5


def show(console: Console, report: Report) -> None:
    """Write the summary to standard output and the causes of failures to standard error."""
    console.data(summary(report))
    for message, names in notes(report):
        console.note(f"{message}\n  {_listed(names)}")
    for cause, names in causes(report):
        console.problem(f"{cause.message}\n  {_listed(names)}", hint=cause.hint, code=cause.code)
    for stopped in (report.halted, report.unrecorded):
        if stopped is not None:
            console.problem(stopped.message, hint=stopped.hint, code=stopped.code)
    if report.stopped:
        cut = len(report.under_way)
        found = (
            f"; what became of {plural(cut, 'action')} that was cut off, it finds out"
            if cut
            else ""
        )
        console.note(
            f"interrupted: what was done is recorded, and the next apply does the rest{found}"
        )


def summary(report: Report) -> str:
    """Say what was done and what was not: `Applied: 6 created, 1 revoked; 2 failed.`."""
    done = ", ".join(_counted(report.done)) or "nothing"
    left = [
        (len(report.failed), "failed"),
        (len(report.under_way), "cut off"),
        (len(report.skipped), "not begun"),
        (len(report.unresolved), "unresolved"),
    ]
    rest = ", ".join(f"{count:,} {word}" for count, word in left if count)
    return f"Applied: {done}" + (f"; {rest}." if rest else ".")


def document(report: Report, left_out: Iterable[str] = ()) -> dict[str, object]:
    """Return the report as an object for a program; `left_out` are instances that moved since."""
    left = list(left_out)
    return {
        "format": "reconciler.apply",
        "version": 1,
        "complete": report.complete and not left,
        "interrupted": report.stopped,
        "serial": report.serial,
        "done": _named(report.done),
        "failed": [
            {
                "action": each.action.kind,
                "address": str(each.action.address),
                "code": each.cause.code,
                "message": each.cause.message,
                "hint": each.cause.hint,
            }
            for each in report.failed
        ],
        "under_way": _named(report.under_way),
        "not_begun": _named(report.skipped),
        "left_out": left,
        "unresolved": [str(each.address) for each in report.unresolved],
        "causes": [
            {"code": cause.code, "message": cause.message, "hint": cause.hint, "names": list(names)}
            for cause, names in causes(report)
        ],
        "notes": [{"message": message, "names": list(names)} for message, names in notes(report)],
        "halted": report.halted.message if report.halted else None,
        "unrecorded": report.unrecorded.message if report.unrecorded else None,
    }


def _named(actions: Iterable[Action]) -> list[dict[str, str]]:
    return [{"action": each.kind, "address": str(each.address)} for each in actions]


def causes(report: Report) -> list[tuple[Cause, tuple[str, ...]]]:
    """Group failures: each cause once, with the addresses or instances that it hit."""
    grouped: dict[tuple[str, str], tuple[Cause, list[str]]] = {}
    for cause, name in _failures(report):
        _, names = grouped.setdefault((cause.code, cause.message), (cause, []))
        names.append(name)
    return [(cause, tuple(sorted(set(names)))) for cause, names in grouped.values()]


def notes(report: Report) -> list[tuple[str, tuple[str, ...]]]:
    """Group notes: each message once, with the addresses that it is about."""
    grouped: dict[str, list[str]] = {}
    for message, address in report.notes:
        grouped.setdefault(message, []).append(str(address))
    return [(message, tuple(sorted(names))) for message, names in grouped.items()]


def _failures(report: Report) -> Iterator[tuple[Cause, str]]:
    for instance in report.instances_failed:
        yield instance.cause, instance.instance
    for action in report.failed:
        yield action.cause, str(action.action.address)
    for left in report.unresolved:
        yield left.cause, str(left.address)


def _counted(actions: Iterable[Action]) -> Iterator[str]:
    kinds = [each.kind for each in actions]
    return (f"{kinds.count(kind):,} {word}" for kind, word in _DONE.items() if kind in kinds)


def _listed(names: tuple[str, ...]) -> str:
    shown = ", ".join(printable(name) for name in names[:_NAMED])
    more = len(names) - _NAMED
    return shown + (f" and {more:,} more" if more > 0 else "")
