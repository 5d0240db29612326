"""The result of `reconciler check`, as a table and as a document."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from reconciler.apply.check import InstanceCheck, Sight, SignOn, SinkCheck
from reconciler.apply.events import Cause
from reconciler.cli.views import causes
from reconciler.cli.views.console import Console
from reconciler.cli.views.table import columns, fold
from reconciler.documents.envelope import envelope
from reconciler.model.alike import Failure
from reconciler.model.instance import Instance
from reconciler.model.strings import join_limited, plural, printable
from reconciler.model.timestamps import format_utc

SOON: Final = 7
DAY: Final = 86400
HOUR: Final = 3600
FEW_DAYS: Final = 2
"""An end within so many days is shown in hours."""

_SEES: Final = {Sight.ALL: "all clients", Sight.OWN: "its own, or no others", Sight.NOTHING: "none"}
_HEAD: Final = ("INSTANCE", "METHOD", "CREDENTIAL", "SIGN-ON", "SEES", "ENDS")
_ENDED: Final = "ended"
_UNKNOWN: Final = "unknown"
_CREATE: Final = "SEES does not show whether a user may create clients: only a create does."


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """The checks, made at the instant `now`. `manifest` has its instances by key."""

    instances: Sequence[InstanceCheck]
    sinks: Sequence[SinkCheck]
    now: datetime
    manifest: Mapping[str, Instance] = field(default_factory=dict)

    @property
    def fails(self) -> bool:
        """Return whether an apply would fail at an instance or a sink."""
        causes = [each.cause for each in self.instances] + [each.cause for each in self.sinks]
        return any(each is not None for each in causes)

    def days(self, ends: datetime) -> int:
        """Return the whole days until then, negative if it is past."""
        return int((ends - self.now).total_seconds() // DAY)


def document(found: Forecast) -> dict[str, object]:
    """Return the checks as an object for a program."""
    return {
        **envelope("check"),
        "complete": not found.fails,
        "instances": [
            {
                "instance": each.key,
                "method": each.method or None,
                "credential": "present" if each.credential else "missing",
                "sign_on": each.sign_on.value,
                "sees": each.sight.value,
                "clients": each.clients,
                "ends_at": format_utc(each.ends) if each.ends is not None else None,
                "problem": _problem(each.cause),
            }
            for each in found.instances
        ],
        "sinks": [
            {"sink": each.name, "targets": each.targets, "problem": _problem(each.cause)}
            for each in found.sinks
        ],
    }


def _problem(cause: Cause | None) -> dict[str, object] | None:
    if cause is None:
        return None
    return {"code": cause.code, "message": cause.message, "hint": cause.hint}


def show(console: Console, found: Forecast) -> None:
    """Write the table, equal instances as one row, and each cause once."""
    lines = list(_instances(found, console.room, verbose=console.verbosity > 0))
    if found.sinks:
        sinks = [("SINK", "TARGETS", "PROBE"), *map(_sink, found.sinks)]
        lines += ["", *columns(sinks, console.room)]
    lines += [""] if lines else []
    if any(each.sign_on is SignOn.WORKS for each in found.instances):
        lines += fold(_CREATE, console.room, "")
    console.report("\n".join([*lines, _summary(found)]).lstrip("\n"))
    causes.show(console, _failures(found))
    _warn_of_ends(console, found)


def _instances(found: Forecast, room: int, *, verbose: bool) -> Iterator[str]:
    groups: dict[tuple[str, ...], list[InstanceCheck]] = {}
    for each in found.instances:
        ends = _ends(found, each)
        known = ends if ends in ("-", _ENDED, _UNKNOWN) else "known"
        groups.setdefault((*_cells(each), known), []).append(each)
    rows = []
    for (*cells, _), checks in groups.items():
        for alike in [[each] for each in checks] if verbose else [checks]:
            names = join_limited([each.key for each in alike], 2, printable)
            rows.append((names, *cells, _span(found, alike)))
    # A column without any end would only make the rows longer.
    width = len(_HEAD) - all(row[-1] == "-" for row in rows)
    if rows:
        yield from columns([row[:width] for row in (_HEAD, *rows)], room)


def _cells(each: InstanceCheck) -> tuple[str, ...]:
    works = each.sign_on is SignOn.WORKS
    sees = "refused" if works and each.cause is not None else _SEES[each.sight]
    return (
        each.method or "-",
        "present" if each.credential else "missing",
        "-" if each.sign_on is SignOn.UNTRIED else each.sign_on.value,
        sees if works else "-",
    )


def _span(found: Forecast, alike: Sequence[InstanceCheck]) -> str:
    """Return when the credentials end, from the first to the last of them."""
    order = sorted(alike, key=lambda each: (each.ends is not None, each.ends))
    first, last = _ends(found, order[0]), _ends(found, order[-1])
    return first if first == last else f"{first} to {last.removeprefix('in ')}"


def _ends(found: Forecast, each: InstanceCheck) -> str:
    if each.ends is None:
        # No program can see when a password ends, and a missing credential has no end.
        return _UNKNOWN if each.credential and each.method in ("cookie", "token") else "-"
    seconds = (each.ends - found.now).total_seconds()
    if seconds < 0:
        return _ENDED
    if seconds < FEW_DAYS * DAY:
        hours = int(seconds // HOUR)
        return f"in {plural(hours, 'hour')}" if hours else "within the hour"
    return f"in {plural(found.days(each.ends), 'day')}"


def _sink(each: SinkCheck) -> tuple[str, ...]:
    said = "takes secrets" if each.cause is None else "fails"
    return (printable(each.name), f"{each.targets:,}", said)


def _summary(found: Forecast) -> str:
    failing = [
        (sum(each.cause is not None for each in found.instances), "instance"),
        (sum(each.cause is not None for each in found.sinks), "sink"),
    ]
    ready = [
        (len(found.instances) - failing[0][0], "instance"),
        (len(found.sinks) - failing[1][0], "sink"),
    ]
    passed, failed = _counted(ready), _counted(failing)
    said = [f"{passed} passed"] * bool(passed) + [f"{failed} failed"] * bool(failed)
    return f"Checked: {'; '.join(said) or 'nothing'}."


def _counted(counts: Sequence[tuple[int, str]]) -> str:
    return " and ".join(plural(count, noun) for count, noun in counts if count)


def _failures(found: Forecast) -> Iterator[Failure]:
    for each in found.instances:
        if each.cause is not None:
            yield causes.failure(each.cause, each.key, "instance", found.manifest.get(each.key))
    for sink in found.sinks:
        if sink.cause is not None:
            yield causes.failure(sink.cause, f"sink {sink.name}", "sink", None)


def _warn_of_ends(console: Console, found: Forecast) -> None:
    ending = [
        each.key
        for each in found.instances
        if each.ends is not None and found.days(each.ends) < SOON
    ]
    if ending:
        console.warn(
            f"cookies or tokens end within {SOON} days, or have ended:"
            f"\n  {causes.some(ending, verbose=console.verbosity > 0)}",
            hint="get new ones before a run needs them",
        )
