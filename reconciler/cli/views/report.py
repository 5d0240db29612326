"""How an apply ended: what was done in one line, and every failure once, grouped by its cause."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

from reconciler.apply.events import Cause, Report
from reconciler.cli.views import causes
from reconciler.cli.views.console import Console
from reconciler.documents.envelope import envelope
from reconciler.model.alike import Failure, grouped
from reconciler.model.instance import Instance
from reconciler.model.leftover import Fate
from reconciler.model.strings import join_limited, plural, printable
from reconciler.plan.action import Action, Kind
from reconciler.plan.render.grouping import SUMMARY

FEW: Final = 5


def show(
    console: Console,
    report: Report,
    instances: Mapping[str, Instance],
    *,
    told: Collection[str] = (),
) -> None:
    """Write the summary to standard output and the causes of failures to standard error.

    `instances` are the manifest's. `told` are failed instances that the plan reports already.
    """
    console.report(summary(report))
    for message, names in notes(report):
        console.note(f"{message}\n  {causes.some(names, verbose=console.verbosity > 0)}")
    causes.show(console, _failures(report, instances, told))
    for stopped in (report.halted, report.unrecorded):
        if stopped is not None:
            console.problem(stopped.message, hint=stopped.hint, code=stopped.code)
    if report.stopped:
        cut = len(report.under_way)
        found = (
            f"; it also checks {plural(cut, 'action')} that {'was' if cut == 1 else 'were'}"
            " interrupted"
            if cut
            else ""
        )
        console.note(
            f"interrupted: what was done is recorded, and the next apply does the rest{found}"
        )


def show_files(console: Console, report: Report) -> None:
    """Write which secret files of earlier deliveries remain, and how many were removed."""
    removed = sum(each.fate is Fate.REMOVED for each in report.files)
    if removed:
        console.note(f"removed {plural(removed, 'secret file')} of revoked clients")
    left = [each for each in report.files if each.fate is not Fate.REMOVED]
    of_revoked = [each.path for each in left if each.fate is Fate.LEFT and not each.works]
    unproven = [each.path for each in left if each.fate is Fate.UNPROVEN and not each.works]
    of_working = [each.path for each in left if each.works]
    for paths, what, hint in (
        (of_revoked, "of revoked clients", "--prune-sinks removes them"),
        (
            unproven,
            "of revoked clients with a content that proves nothing",
            "remove them by hand",
        ),
        (
            of_working,
            "without a sink, with a secret that works",
            "remove them once no consumer reads them",
        ),
    ):
        if paths:
            named = join_limited(sorted(paths), FEW, printable)
            console.note(f"{plural(len(paths), 'secret file')} {what}: {named}", hint=hint)


def summary(report: Report) -> str:
    """Return the counts: `Applied: 6 created, 1 revoked; 2 failed.`."""
    done = ", ".join(_counted(report)) or "nothing"
    unfinished = len(report.created)
    left = [
        (unfinished, "of them not finished"),
        (len(report.failed) - unfinished, "failed"),
        (len(report.under_way), "cut off"),
        (len(report.skipped), "not begun"),
        (len(report.unresolved), "unresolved"),
    ]
    rest = ", ".join(f"{count:,} {word}" for count, word in left if count)
    return f"Applied: {done}" + (f"; {rest}." if rest else ".")


def document(
    report: Report, instances: Mapping[str, Instance], left_out: Iterable[str] = ()
) -> dict[str, object]:
    """Return the report as an object for a program; `left_out` are instances that moved since."""
    left = list(left_out)
    return {
        **envelope("apply"),
        "complete": report.complete and not left,
        "interrupted": report.stopped,
        "serial": report.serial,
        "done": _named(report.done),
        "failed": [
            {
                "action": each.action.kind,
                "address": str(each.action.address),
                **_problem(each.cause),
                "created": each.created,
                "retires": each.action.retires,
            }
            for each in report.failed
        ],
        "under_way": _named(report.under_way),
        "not_begun": _named(report.skipped),
        "left_out": left,
        "unresolved": [str(each.address) for each in report.unresolved],
        "causes": [
            {"code": e.code, "message": e.message, "hint": e.hint, "names": list(e.names)}
            for e in grouped(_failures(report, instances))
        ],
        "instances_failed": [
            {"instance": each.instance, **_problem(each.cause)} for each in report.instances_failed
        ],
        "notes": [{"message": message, "names": list(names)} for message, names in notes(report)],
        "files": [
            {
                "path": each.path,
                "client_id": each.client_id,
                "fate": each.fate,
                "revoked": not each.works,
            }
            for each in report.files
        ],
        "halted": report.halted.message if report.halted else None,
        "unrecorded": report.unrecorded.message if report.unrecorded else None,
    }


def _named(actions: Iterable[Action]) -> list[dict[str, str | bool]]:
    return [
        {"action": each.kind, "address": str(each.address), "retires": each.retires}
        for each in actions
    ]


def _problem(cause: Cause) -> dict[str, object]:
    return {"code": cause.code, "message": cause.message, "hint": cause.hint}


def notes(report: Report) -> list[tuple[str, tuple[str, ...]]]:
    """Group notes: each message once, with the addresses that it is about."""
    found: dict[str, list[str]] = {}
    for message, address in report.notes:
        found.setdefault(message, []).append(str(address))
    return [(message, tuple(sorted(names))) for message, names in found.items()]


def _failures(
    report: Report, instances: Mapping[str, Instance], told: Collection[str] = ()
) -> Iterator[Failure]:
    for each in report.instances_failed:
        if each.instance not in told:
            instance = instances.get(each.instance)
            yield causes.failure(each.cause, each.instance, "instance", instance)
    addresses = [(each.cause, each.action.address) for each in report.failed]
    addresses += [(each.cause, each.address) for each in report.unresolved]
    for cause, address in addresses:
        yield causes.failure(cause, str(address), "client", instances.get(address.instance))


def _counted(report: Report) -> Iterator[str]:
    """Yield the counts of what was done, with the clients that failed after their creation."""
    counts = Counter(each.kind for each in report.done if not each.retires)
    counts[Kind.CREATE] += len(report.created)
    for kind in SUMMARY:
        if counts[kind]:
            yield f"{counts[kind]:,} {kind.past}"
    if old := sum(each.retires for each in report.done):
        yield f"{plural(old, 'old client')} revoked"
