"""What a run would trip over, as a table and as a document."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Self

from reconciler.apply.check import InstanceCheck, Sight, SignOn, SinkCheck
from reconciler.apply.events import Cause
from reconciler.cli.views.console import Console
from reconciler.cli.views.table import columns, folded
from reconciler.model.instant import stamp
from reconciler.model.text import plural, printable

SOON: Final = 7
DAY: Final = 86400
HOUR: Final = 3600
FEW_DAYS: Final = 2
"""An end that is nearer than so many days is told in hours."""

_SEES: Final = {Sight.ALL: "all clients", Sight.OWN: "its own, or no others", Sight.NOTHING: "none"}
_HEAD: Final = ("INSTANCE", "CREDENTIAL", "SIGN-ON", "SEES", "ENDS")


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """All that was found out, at the instant `now`."""

    instances: Sequence[InstanceCheck]
    sinks: Sequence[SinkCheck]
    now: datetime

    @classmethod
    def of(cls, instances: Sequence[InstanceCheck], sinks: Sequence[SinkCheck]) -> Self:
        """Return the forecast of this moment."""
        return cls(instances=instances, sinks=sinks, now=datetime.now(UTC))

    @property
    def fails(self) -> bool:
        """Say whether a run would fail somewhere."""
        causes = [each.cause for each in self.instances] + [each.cause for each in self.sinks]
        return any(each is not None for each in causes)

    def days(self, ends: datetime) -> int:
        """Return the whole days until then, below zero where it is past."""
        return int((ends - self.now).total_seconds() // DAY)


def document(found: Forecast) -> dict[str, object]:
    """Return the forecast as an object for a program."""
    return {
        "format": "reconciler.check",
        "version": 1,
        "complete": not found.fails,
        "instances": [
            {
                "instance": each.key,
                "credential": "present" if each.credential else "missing",
                "sign_on": each.sign_on.value,
                "sees": each.sight.value,
                "clients": each.clients,
                "ends_at": stamp(each.ends) if each.ends is not None else None,
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
    console.data("\n".join([*lines, "", _summary(found)]).lstrip("\n"))
    for cause, names in _causes(found):
        console.problem(f"{cause.message}\n  {folded(names)}", hint=cause.hint, code=cause.code)
    _warn_of_ends(console, found)


def _instances(found: Forecast, room: int, *, verbose: bool) -> Iterator[str]:
    groups: dict[tuple[str, ...], list[str]] = {}
    for each in found.instances:
        groups.setdefault(_cells(found, each), []).append(each.key)
    rows = []
    for cells, keys in groups.items():
        named = [[key] for key in keys] if verbose else [keys]
        rows += [(folded(each, 2), *cells) for each in named]
    if rows:
        yield from columns([_HEAD, *rows], room)


def _cells(found: Forecast, each: InstanceCheck) -> tuple[str, ...]:
    works = each.sign_on is SignOn.WORKS
    sees = "refused" if works and each.cause is not None else _SEES[each.sight]
    return (
        "present" if each.credential else "missing",
        "-" if each.sign_on is SignOn.UNTRIED else each.sign_on.value,
        sees if works else "-",
        _ends(found, each.ends),
    )


def _ends(found: Forecast, ends: datetime | None) -> str:
    if ends is None:
        return ""
    seconds = (ends - found.now).total_seconds()
    if seconds < 0:
        return "ended"
    if seconds < FEW_DAYS * DAY:
        hours = int(seconds // HOUR)
        return f"in {plural(hours, 'hour')}" if hours else "within the hour"
    return f"in {plural(found.days(ends), 'day')}"


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
    text = f"Checked: {_counted(ready) or 'nothing is'} ready"
    return text + (f"; {_counted(failing)} not." if _counted(failing) else ".")


def _counted(counts: Sequence[tuple[int, str]]) -> str:
    return " and ".join(plural(count, noun) for count, noun in counts if count)


def _causes(found: Forecast) -> Iterator[tuple[Cause, Sequence[str]]]:
    groups: dict[tuple[str, str], tuple[Cause, list[str]]] = {}
    named = [(each.cause, each.key) for each in found.instances]
    named += [(each.cause, f"sink {each.name}") for each in found.sinks]
    for cause, name in named:
        if cause is not None:
            _, names = groups.setdefault((cause.code, cause.message), (cause, []))
            names.append(name)
    yield from groups.values()


def _warn_of_ends(console: Console, found: Forecast) -> None:
    ending = [
        each.key
        for each in found.instances
        if each.ends is not None and found.days(each.ends) < SOON
    ]
    if ending:
        console.warn(
            f"cookies or tokens end within {SOON} days, or have ended:\n  {folded(ending)}",
            hint="get new ones before a run needs them",
        )
