"""Shows the progress of an apply: a bar on a terminal, else lines, or JSON lines.

The lines do not contain the reason of a failure: the report at the end shows each reason once.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Final, assert_never

import click

from reconciler.apply.events import (
    ActionDone,
    ActionFailed,
    Cause,
    Event,
    InstanceEnded,
    InstanceFailed,
    InstanceStarted,
    Listener,
    RunEnded,
    RunStarted,
    Settled,
    Unresolved,
    WaveStarted,
)
from reconciler.cli.views.console import Console
from reconciler.model.strings import plural, printable
from reconciler.operations.ledger import GONE
from reconciler.plan.action import Action

_PLAIN: Final = {
    RunStarted: "run-started",
    WaveStarted: "wave-started",
    InstanceStarted: "instance-started",
    InstanceEnded: "instance-ended",
    RunEnded: "run-ended",
}
"""The names of events that are written with their fields alone."""

ROOMY: Final = 80
MANY: Final = 20
"""Of more actions than this, only counts are shown, unless `-v` asks for each of them."""
STEPS: Final = 4
"""A line with counts is shown at each of these parts of a run but the last: that is the report."""


@contextmanager
def shown(console: Console, actions: Sequence[Action]) -> Iterator[Listener]:
    """Yield the listener for the kind of standard error: terminal, file or JSON lines."""
    if console.log_format == "json":
        yield lambda event: console.event(_record(event))
    elif console.quiet:
        yield _silent
    elif console.stderr.isatty() and actions and not console.verbosity:
        narrow = console.width < ROOMY  # the bar takes the space that the rest of the line leaves
        with click.progressbar(
            length=len(actions), label="Applying", file=console.stderr, show_pos=True,
            show_eta=True, width=0 if narrow else 36,
        ) as bar:  # fmt: skip
            left = _Left(actions)
            yield lambda event: bar.update(left.ended_by(event))
    elif len(actions) > MANY and not console.verbosity:
        counts = _Counts(console, actions)
        yield counts.take
    else:
        yield lambda event: _with_request(console, event)


def _silent(event: Event) -> None:
    del event


class _Left:
    """Counts the actions of each instance that have not ended."""

    def __init__(self, actions: Sequence[Action]) -> None:
        self._left = Counter(each.address.instance for each in actions)

    def ended_by(self, event: Event) -> int:
        """Return how many actions an event ends. The end of an instance ends its remaining ones."""
        match event:
            case ActionDone(action=action) | ActionFailed(action=action):
                self._left[action.address.instance] -= 1
                return 1
            case InstanceEnded(instance=instance):
                return self._left.pop(instance, 0)
            case _:
                return 0


def _text_line(console: Console, line: str | None) -> None:
    if line:
        console.stderr.write(printable(line) + "\n")
        console.stderr.flush()


def _with_request(console: Console, event: Event) -> None:
    _text_line(console, _line(event))
    if isinstance(event, ActionFailed | InstanceFailed | Unresolved) and event.cause.request:
        console.detail(f"the request of this failure: {event.cause.request}")


class _Counts:
    """Shows how far a large run is, a few times, and equal settlements once."""

    def __init__(self, console: Console, actions: Sequence[Action]) -> None:
        self._console = console
        self._total = len(actions)
        self._left = _Left(actions)
        self._done = self._ended = 0
        self._step = 1
        self._settled: Counter[str] = Counter()

    def take(self, event: Event) -> None:
        """Count an event, and write a line if the run has reached the next step."""
        self._ended += self._left.ended_by(event)
        match event:
            case ActionDone():
                self._done += 1
            case Settled(how=how):
                self._settled[how] += 1
                if self._settled[how] == 1:
                    _text_line(self._console, _line(event))
            case RunEnded():
                self._tell_more()
            case RunStarted() | WaveStarted():
                _text_line(self._console, _line(event))
            case _:
                pass
        self._tell()

    def _tell(self) -> None:
        ended = self._ended
        if ended == self._total or ended * STEPS < self._step * self._total:
            return
        self._step = ended * STEPS // self._total + 1
        failed = f", {ended - self._done:,} not done" if ended > self._done else ""
        line = f"{ended:,} of {plural(self._total, 'action')}: {self._done:,} done{failed}"
        _text_line(self._console, line)

    def _tell_more(self) -> None:
        for how, count in self._settled.items():
            if count > 1:
                _text_line(self._console, f"{plural(count - 1, 'more client')}: {how}")


def _line(event: Event) -> str | None:
    match event:
        case RunStarted():
            actions, instances = (
                plural(event.actions, "action"),
                plural(event.instances, "instance"),
            )
            return f"applying {actions} on {instances}" if event.actions else None
        case WaveStarted():
            instances = plural(event.instances, "instance")
            return f"wave {event.number} of {event.waves}: {instances}"
        case ActionDone(action=action, gone=gone):
            return f"{action.subject}: {GONE if gone else _done(action)}"
        case ActionFailed(action=action, created=True):
            return f"{action.subject}: created, but not finished"
        case ActionFailed(action=action):
            return f"{action.subject}: {action.kind} failed"
        case Settled(address=address, how=how):
            return f"{address}: {how}"
        case Unresolved(address=address):
            return f"{address}: unresolved"
        case InstanceFailed(instance=instance):
            return f"{instance}: failed"
        case InstanceStarted() | InstanceEnded() | RunEnded():
            return None
        case _:
            assert_never(event)


def _done(action: Action) -> str:
    sinks = f" ({', '.join(action.sinks)})" if action.sinks else ""
    why = f", {action.reason}" if action.retires else ""
    return action.kind.past + sinks + why


def _record(event: Event) -> dict[str, object]:
    match event:
        case RunStarted() | WaveStarted() | InstanceStarted() | InstanceEnded() | RunEnded():
            return {"event": _PLAIN[type(event)], **asdict(event)}
        case InstanceFailed(instance=instance, cause=cause):
            return {"event": "instance-failed", "instance": instance, **_cause(cause)}
        case ActionDone(action=action, client_id=client_id):
            said = {**_action(action), "client_id": client_id, "gone": event.gone}
            return {"event": "action-done", **said}
        case ActionFailed(action=action, cause=cause, created=created):
            said = {**_action(action), "created": created}
            return {"event": "action-failed", **said, **_cause(cause)}
        case Settled(address=address, how=how):
            return {"event": "settled", "address": str(address), "message": how}
        case Unresolved(address=address, cause=cause):
            return {"event": "unresolved", "address": str(address), **_cause(cause)}
        case _:
            assert_never(event)


def _action(action: Action) -> dict[str, object]:
    return {
        "action": action.kind.value,
        "address": str(action.address),
        "sinks": list(action.sinks),
        "retires": action.retires,
    }


def _cause(cause: Cause) -> dict[str, object]:
    request = {"request": cause.request} if cause.request else {}
    return {"code": cause.code, "message": cause.message, "hint": cause.hint, **request}
