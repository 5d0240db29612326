"""What an apply says while it runs and when it ends, as values for the views."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from reconciler.model.address import Address
from reconciler.model.errors import ReconcilerError
from reconciler.model.text import printable
from reconciler.plan.action import Action

ROLLOUT: Final = "rollout"
"""The code of the cause with which a rollout's failure budget halts a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why something was not done: `code` and `message` are equal where the causes are."""

    code: str
    message: str
    hint: str | None = None


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

    `client_id` is that of the client that was made, delivered or ended.
    """

    action: Action
    client_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionFailed:
    """An action of the plan is not done; what was done of it is recorded."""

    action: Action
    cause: Cause


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
)

Listener = Callable[[Event], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How an apply ended.

    `done` and `failed` together with `skipped` (never begun: interrupted, or their instance or
    wave stopped) are the plan's actions. `recorded` says that the state was written; else `loss`
    says why, and the journal holds everything.
    """

    done: tuple[Action, ...] = ()
    failed: tuple[ActionFailed, ...] = ()
    skipped: tuple[Action, ...] = ()
    unresolved: tuple[Unresolved, ...] = ()
    instances_failed: tuple[InstanceFailed, ...] = ()
    stopped: bool = False
    halted: Cause | None = None
    unrecorded: Cause | None = None
    serial: int | None = None
    seconds: float = field(default=0.0, compare=False)

    @property
    def complete(self) -> bool:
        """Say whether everything that was planned is done and recorded."""
        broken = self.failed or self.skipped or self.unresolved or self.instances_failed
        return not (broken or self.halted or self.unrecorded)


def cause_of(error: ReconcilerError, instance: str) -> Cause:
    """Make an error into a cause; the instance's name goes, so that equal causes are equal."""
    message = error.message.removeprefix(f"{instance}: ")
    return Cause(code=error.code, message=printable(message), hint=error.hint)
