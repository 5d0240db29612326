"""The result of each action on one instance."""

from collections.abc import Sequence

from reconciler.apply.events import (
    ActionDone,
    ActionFailed,
    Cause,
    InstanceEnded,
    InstanceFailed,
    InstanceStarted,
    Unresolved,
)
from reconciler.apply.run_context import Run
from reconciler.model.address import Address
from reconciler.plan.action import Action, Kind


class InstanceResult:
    """The actions on one instance.

    Each is in exactly one of these: done, failed, held (its address is unresolved), under way
    (interrupted after its start) and skipped.
    """

    def __init__(self, run: Run, instance: str, actions: Sequence[Action]) -> None:
        self.instance = instance
        self.actions = tuple(actions)
        self.done: list[Action] = []
        self.failed: list[ActionFailed] = []
        self.held: list[Action] = []
        self.unresolved: list[Unresolved] = []
        self.failure: InstanceFailed | None = None
        self._run = run
        self._begun = False
        self._started: set[int] = set()

    @property
    def skipped(self) -> tuple[Action, ...]:
        """Return the actions that were not started."""
        return tuple(each for each in self._open() if id(each) not in self._started)

    @property
    def under_way(self) -> tuple[Action, ...]:
        """Return the actions that were started and have not ended."""
        return tuple(each for each in self._open() if id(each) in self._started)

    @property
    def undone(self) -> tuple[Action, ...]:
        """Return the actions that failed, are held or have not ended."""
        return (*(each.action for each in self.failed), *self.held, *self._open())

    def _open(self) -> tuple[Action, ...]:
        ended = {id(each) for each in (*self.done, *self.held)}
        ended |= {id(each.action) for each in self.failed}
        return tuple(each for each in self.actions if id(each) not in ended)

    @property
    def ok(self) -> bool:
        """Return whether no action has failed so far."""
        return not (self.failed or self.unresolved or self.failure)

    def begin(self) -> None:
        """Report the start of the instance."""
        self._begun = True
        self._run.emit(InstanceStarted(instance=self.instance))

    def start(self, action: Action) -> None:
        """Record that the first request of an action is about to be sent."""
        self._started.add(id(action))

    def hold(self, action: Action) -> None:
        """Omit an action whose address is unresolved; `Unresolved` reports the address."""
        self.held.append(action)

    def leave(self, address: Address, cause: Cause) -> None:
        """Record a journal entry that the run could not resolve at an address."""
        self.unresolved.append(Unresolved(address=address, cause=cause))
        self._run.emit(self.unresolved[-1])

    def succeed(self, action: Action) -> None:
        """Record that an action is done and durable."""
        self.done.append(action)
        client_id = self._client_id(action)
        gone = action.kind is Kind.REVOKE and client_id in self._run.gone
        self._run.emit(ActionDone(action=action, client_id=client_id, gone=gone))

    def end(self, action: Action, cause: Cause | None, *, created: bool = False) -> None:
        """Record the result of an action; `created`: its client exists despite a failure."""
        if cause is None:
            self.succeed(action)
            return
        event = ActionFailed(action=action, cause=cause, created=created)
        self.failed.append(event)
        self._run.emit(event)

    def fail(self, cause: Cause) -> None:
        """Record that the instance cannot be processed further."""
        self.failure = InstanceFailed(instance=self.instance, cause=cause)
        self._run.emit(self.failure)

    def _client_id(self, action: Action) -> str | None:
        """Return the id of the client that an action created, or else of the one it acted upon."""
        entry = self._run.entry(action.address)
        if entry is not None and (action.kind.makes or action.client_id is None):
            return entry.client_id
        return action.client_id

    def finish(self) -> None:
        """Report the end of the instance."""
        if self._begun:
            self._run.emit(InstanceEnded(instance=self.instance, ok=self.ok and not self._open()))
