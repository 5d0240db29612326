"""What an apply says while it runs and when it ends, as values for the views."""

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
    """Why something was not done: `code` and `message` are equal where the causes are.

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

    `client_id` is that of the client that was made, delivered or ended. `gone` says that it had
    ended before, by somebody else's hand.
    """

    action: Action
    client_id: str | None = None
    gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionFailed:
    """An action of the plan is not done; what was done of it is recorded.

    `created` says that its client exists at Domo all the same; the cause then says what is missing.
    """

    action: Action
    cause: Cause
    created: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What an earlier run, or an answer that was lost, left open is found out: `how` says what."""

    address: Address
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unresolved:
    """Nobody can say yet what became of a create: nothing is posted until it is known."""

    address: Address
    cause: Cause


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceFailed:
    """The instance could not be worked on, or not to the end."""

    instance: str
    cause: Cause


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceEnded:
    """The instance is through, with or without failures."""

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
    """Nothing more is sent, and the state is written or has failed to be: so many actions each."""

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
    came), or `skipped` (never begun: interrupted, or their instance or wave stopped); those at an
    address that is `unresolved` are counted there. `unrecorded` says why the state was not written,
    and then the journal holds everything; `serial` is that of the state that was. `notes` say how
    Domo spells new clients differently, each with the client's address. `files` are secret files
    that no sink needs any more.
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
        """Say whether everything that was planned is done and recorded."""
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
    """Make an error into a cause; the instance's name goes, so that equal causes are equal."""
    message = error.message.removeprefix(f"{instance}: ")
    return Cause(
        code=error.code, message=printable(message), hint=error.hint, request=error.request
    )


def but(cause: Cause | None, done: str) -> Cause | None:
    """Return why an action failed, with what of it is `done` all the same."""
    return None if cause is None else replace(cause, message=f"{done}: {cause.message}")
