"""Records in a ledger what a run does."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, assert_never

from reconciler.apply.events import (
    ActionDone,
    ActionFailed,
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
from reconciler.model.address import Address
from reconciler.model.timestamps import format_utc
from reconciler.plan.action import Action

if TYPE_CHECKING:
    from reconciler.operations.adapters import Adapters
    from reconciler.stores.ledger import Anchor, Ledger
    from reconciler.system.provenance import Provenance

GONE: Final = "was gone already"


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerReport:
    """How far a ledger reaches after a run; `failure` is why it lacks lines, if it does."""

    path: str
    anchor: "Anchor"
    failure: str | None


@dataclass(slots=True, kw_only=True)
class Recording:
    """Wraps the listener of a run; `report` is set at the end if there is a ledger."""

    listener: "Callable[[Listener], Listener]"
    report: LedgerReport | None = None


@contextmanager
def recording(machine: "Adapters", path: str | None, *, plan_id: str) -> Iterator[Recording]:
    """Record in the ledger at `path` what a run does; without a path, record nothing.

    Raises:
        LockHeld: another run writes that ledger.
        ReconcilerError: it cannot be written, or is not a ledger; nothing was done.

    """
    if path is None:
        yield Recording(listener=lambda listen: listen)
        return
    by = machine.provenance()
    with machine.ledger(Path(path)) as ledger:

        def listener(listen: Listener) -> Listener:
            return recorded(ledger, listen, by=by, plan_id=plan_id, now=now)

        def now() -> str:
            return format_utc(machine.clock.now())

        record = Recording(listener=listener)
        yield record
    # The last lines are written when the ledger is closed.
    record.report = LedgerReport(path=path, anchor=ledger.anchor, failure=ledger.failure)


def recorded(
    ledger: "Ledger", listen: Listener, *, by: "Provenance", plan_id: str, now: Callable[[], str]
) -> Listener:
    """Return a listener that writes each event into a ledger and then calls `listen`."""

    def record(event: Event) -> None:
        said = entry(event)
        if said is not None:
            about = {"who": by.who, "commit": by.commit, "plan_id": plan_id}
            ledger.append({"at": now(), **about, **said})
        listen(event)

    return record


def entry(event: Event) -> Mapping[str, object] | None:
    """Return the fields of a ledger line, None if the event is about no action."""
    match event:
        case ActionDone(action=action, client_id=client_id, gone=gone):
            old = f"the old client, {action.reason}" if action.retires else None
            message = GONE if gone else old
            return _line(action.address, "done", message, action=action, client_id=client_id)
        case ActionFailed(action=action, cause=cause):
            return _line(action.address, "failed", cause.message, action=action)
        case Settled(address=address, how=how):
            return _line(address, "settled", how)
        case Unresolved(address=address, cause=cause):
            return _line(address, "unresolved", cause.message)
        case InstanceFailed(instance=instance, cause=cause):
            return {**_line(None, "failed", cause.message), "instance": instance}
        case RunStarted() | WaveStarted() | InstanceStarted() | InstanceEnded() | RunEnded():
            return None
        case _:
            assert_never(event)


def _line(
    address: Address | None,
    result: str,
    message: str | None = None,
    *,
    action: Action | None = None,
    client_id: str | None = None,
) -> Mapping[str, object]:
    return {
        "action": action.kind.value if action else None,
        "instance": address.instance if address else None,
        "address": str(address) if address else None,
        "client_id": client_id or (action.client_id if action else None),
        "sinks": list(action.sinks) if action else [],
        "result": result,
        "message": message,
    }
