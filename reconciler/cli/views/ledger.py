"""The lines that an apply writes into its ledger, and the result of `ledger verify`."""

from collections.abc import Callable, Mapping
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
from reconciler.cli.views.progress import GONE
from reconciler.documents.envelope import envelope
from reconciler.model.address import Address
from reconciler.model.strings import plural
from reconciler.plan.action import Action
from reconciler.system.provenance import Provenance

if TYPE_CHECKING:
    from reconciler.stores.ledger import Ledger, Verification


UNDETECTED: Final = (
    "lines that were removed from the end, and a last line (or an end of several lines) that was"
    " written again with new digests"
)
"""What only a head that is kept elsewhere can detect."""


def recorded(
    ledger: "Ledger", listen: Listener, *, by: Provenance, plan_id: str, now: Callable[[], str]
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


def checked(found: "Verification", *, anchored: bool) -> str:
    """Return the size of a valid ledger, and what was not checked without a head."""
    torn = f", {plural(len(found.torn), 'line')} cut short by a run that was killed"
    lines = plural(found.anchor.count, "line")
    valid = f"valid: {lines}, head {found.anchor.head}" + (torn if found.torn else "")
    if anchored:
        return valid
    return f"{valid}\nnot detected without --head: {UNDETECTED}"


def document(found: "Verification", *, anchored: bool) -> Mapping[str, object]:
    """Return what a check found as an object for a program."""
    return {
        **envelope("ledger-verify"),
        "valid": not found.broken,
        "anchored": anchored,
        "undetected": None if anchored else UNDETECTED,
        "count": found.anchor.count,
        "head": found.anchor.head,
        "torn": list(found.torn),
        "broken": [{"line": each.line or None, "message": each.why} for each in found.broken],
    }
