"""What an apply shows while it runs: a bar on a terminal, else lines, or JSON lines."""

import json
from collections.abc import Iterator
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
from reconciler.model.text import plural, printable
from reconciler.plan.action import Action, Kind

GONE: Final = "was gone already"
_PLAIN: Final = {
    RunStarted: "run-started",
    WaveStarted: "wave-started",
    InstanceStarted: "instance-started",
    InstanceEnded: "instance-ended",
    RunEnded: "run-ended",
}
"""The names of events that say no more than their fields."""

_DOING: Final = {
    Kind.CREATE: "created",
    Kind.REPLACE: "replaced",
    Kind.ROTATE: "rotated",
    Kind.DELIVER: "delivered",
    Kind.REVOKE: "revoked",
    Kind.FORGET: "forgotten",
}


ROOMY: Final = 80


@contextmanager
def shown(console: Console, actions: int) -> Iterator[Listener]:
    """Yield the listener that fits where standard error goes."""
    if console.log_format == "json":
        yield lambda event: _json_line(console, event)
    elif console.quiet:
        yield _silent
    elif console.stderr.isatty() and actions:
        narrow = console.width < ROOMY  # there the bar takes what the rest of its line leaves
        with click.progressbar(
            length=actions, label="Applying", file=console.stderr, show_pos=True, show_eta=True,
            width=0 if narrow else 36,
        ) as bar:  # fmt: skip
            yield lambda event: _advance(bar, event)
    else:
        yield lambda event: _text_line(console, event)


def _silent(event: Event) -> None:
    del event


def _advance(bar: "click._termui_impl.ProgressBar[int]", event: Event) -> None:
    if isinstance(event, ActionDone | ActionFailed):
        bar.update(1)


def _text_line(console: Console, event: Event) -> None:
    line = _line(event)
    if line:
        console.stderr.write(printable(line) + "\n")
        console.stderr.flush()


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
            return f"{action.address}: {GONE if gone else _done(action)}"
        case ActionFailed(action=action, cause=cause):
            return f"{action.address}: {action.kind} failed: {cause.message}"
        case Settled(address=address, how=how):
            return f"{address}: {how}"
        case Unresolved(address=address, cause=cause):
            return f"{address}: unresolved: {cause.message}"
        case InstanceFailed(instance=instance, cause=cause):
            return f"{instance}: failed: {cause.message}"
        case InstanceStarted() | InstanceEnded() | RunEnded():
            return None
        case _:
            assert_never(event)


def _done(action: Action) -> str:
    sinks = f" ({', '.join(action.sinks)})" if action.sinks else ""
    return _DOING[action.kind] + sinks


def _json_line(console: Console, event: Event) -> None:
    said = {"format": "reconciler.event", "version": 1, **_record(event)}
    console.stderr.write(json.dumps(said) + "\n")
    console.stderr.flush()


def _record(event: Event) -> dict[str, object]:
    match event:
        case RunStarted() | WaveStarted() | InstanceStarted() | InstanceEnded() | RunEnded():
            return {"event": _PLAIN[type(event)], **asdict(event)}
        case InstanceFailed(instance=instance, cause=cause):
            return {"event": "instance-failed", "instance": instance, **_cause(cause)}
        case ActionDone(action=action, client_id=client_id):
            said = {**_action(action), "client_id": client_id, "gone": event.gone}
            return {"event": "action-done", **said}
        case ActionFailed(action=action, cause=cause):
            return {"event": "action-failed", **_action(action), **_cause(cause)}
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
    }


def _cause(cause: Cause) -> dict[str, object]:
    return {"code": cause.code, "message": cause.message, "hint": cause.hint}
