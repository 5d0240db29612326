"""The events and the report of an apply, as values for the views."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from reconciler.model.address import Address
from reconciler.model.errors import ReconcilerError
from reconciler.model.leftover import Fate
from reconciler.model.strings import printable
from reconciler.plan.action import Action

ROLLOUT: Final = "rollout"
"""The code of the cause with which a rollout's failure budget halts a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why an action was not done. Equal causes have an equal `code` and `message`.

    `request` is the method, host and path of the request that failed. It differs from instance to
    instance, so it does not count when causes are compared.
    """

    code: str
    message: str
    hint: str | None = None
    request: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """The first request is about to be sent."""

    plan_id: str
    instances: int
    actions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceStarted:
    """An instance is being signed on to, or worked on without a sign-on."""

    instance: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionDone:
    """An action of the plan is done and durable.

    `client_id` is that of the client that was created, delivered or revoked. `gone` is true if
    another user had revoked it before.
    """

    action: Action
    client_id: str | None = None
    gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionFailed:
    """An action of the plan failed; its completed steps are recorded.

    `created` is true if its client exists at Domo; the cause then describes what is missing.
    """

    action: Action
    cause: Cause
    created: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """An unfinished step of an earlier run or a lost answer is resolved; `how` describes it."""

    address: Address
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unresolved:
    """The outcome of a create is unknown: no other create is sent there until it is resolved."""

    address: Address
    cause: Cause


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceFailed:
    """The instance could not be processed completely."""

    instance: str
    cause: Cause


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceEnded:
    """The instance is processed, with or without failures."""

    instance: str
    ok: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveStarted:
    """A wave of the rollout begins; `number` counts from 1."""

    number: int
    waves: int
    instances: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnded:
    """No further request is sent, and the state is written or not; the counts are of actions."""

    done: int
    failed: int
    under_way: int
    not_begun: int
    unresolved: int
    complete: bool
    interrupted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Remnant:
    """A secret file that no sink needs any more; `works` if its client is not revoked."""

    path: str
    client_id: str
    fate: Fate
    works: bool


Event = (
    RunStarted
    | WaveStarted
    | InstanceStarted
    | ActionDone
    | ActionFailed
    | Settled
    | Unresolved
    | InstanceFailed
    | InstanceEnded
    | RunEnded
)

Listener = Callable[[Event], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How an apply ended.

    The plan's actions are `done`, `failed`, `under_way` (cut off: the journal knows how far they
    came), or `skipped` (not started: interrupted, or their instance or wave stopped); those at an
    address that is `unresolved` are counted there. `unrecorded` is the reason if the state was not
    written; the journal then contains everything. `serial` is that of the written state. `notes`
    describe how Domo spells new clients differently, each with the client's address. `files` are
    secret files that no sink needs any more.
    """

    done: tuple[Action, ...] = ()
    failed: tuple[ActionFailed, ...] = ()
    under_way: tuple[Action, ...] = ()
    skipped: tuple[Action, ...] = ()
    unresolved: tuple[Unresolved, ...] = ()
    instances_failed: tuple[InstanceFailed, ...] = ()
    stopped: bool = False
    halted: Cause | None = None
    notes: tuple[tuple[str, Address], ...] = ()
    unrecorded: Cause | None = None
    serial: int | None = None
    files: tuple[Remnant, ...] = ()
    seconds: float = field(default=0.0, compare=False)

    @property
    def created(self) -> tuple[Action, ...]:
        """Return the actions that failed after they had created their client."""
        return tuple(each.action for each in self.failed if each.created)

    @property
    def complete(self) -> bool:
        """Return whether every planned action is done and recorded."""
        left = self.under_way or self.skipped or self.unresolved
        broken = self.failed or self.instances_failed or self.halted or self.unrecorded
        return not (left or broken)

    @property
    def event(self) -> RunEnded:
        """Return the last event of the run."""
        return RunEnded(
            done=len(self.done),
            failed=len(self.failed),
            under_way=len(self.under_way),
            not_begun=len(self.skipped),
            unresolved=len(self.unresolved),
            complete=self.complete,
            interrupted=self.stopped,
        )


def cause_of(error: ReconcilerError, instance: str) -> Cause:
    """Return an error as a cause without the instance's name, so that equal causes are equal."""
    message = error.message.removeprefix(f"{instance}: ")
    return Cause(
        code=error.code, message=printable(message), hint=error.hint, request=error.request
    )


def but(cause: Cause | None, done: str) -> Cause | None:
    """Return the cause of a failed action with the part of it that is `done`."""
    return None if cause is None else replace(cause, message=f"{done}: {cause.message}")
