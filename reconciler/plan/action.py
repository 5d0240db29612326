"""The nouns of a plan: actions, notices, problems, and the plan itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, Self

from reconciler.model.address import Address
from reconciler.model.source_location import SourceLocation
from reconciler.plan.request import PlanRequest


class Kind(StrEnum):
    """What an action does, in the order in which a reader meets them.

    `symbol` precedes the action in each format. `future` and `past` continue a sentence about the
    client, and `effect` is a sentence for a reader who does not know the kinds. `colour` is an
    ANSI code. `rank` is the place of the kind in the order of execution on one instance.
    """

    symbol: str
    future: str
    past: str
    effect: str
    colour: int
    rank: int

    def __new__(  # noqa: PLR0913, PLR0917 (an enum passes the values of a member by position)
        cls, value: str, symbol: str, future: str, past: str, effect: str, colour: int, rank: int
    ) -> Self:
        """Create a member whose value is the word on disk and whose facts are attributes."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.symbol, member.future, member.past = symbol, future, past
        member.effect, member.colour, member.rank = effect, colour, rank
        return member

    REVOKE = (
        "revoke", "-", "will be destroyed", "revoked",
        "the client is revoked: its secret stops working", 31, 2,
    )  # fmt: skip
    REPLACE = (
        "replace", "±", "must be replaced", "replaced",
        "a new client with a new secret, then the old one is revoked", 33, 1,
    )  # fmt: skip
    ROTATE = (
        "rotate", "↻", "will be rotated", "rotated",
        "a new client with a new secret, then the old one is revoked", 33, 1,
    )  # fmt: skip
    CREATE = (
        "create", "+", "will be created", "created",
        "a new client with a new secret", 32, 1,
    )  # fmt: skip
    DELIVER = (
        "deliver", "→", "will be delivered", "delivered",
        "a known secret goes to its sink", 36, 0,
    )  # fmt: skip
    FORGET = (
        "forget", "!", "will be forgotten", "forgotten",
        "the state forgets it; nothing is done at Domo", 31, 3,
    )  # fmt: skip

    @property
    def makes(self) -> bool:
        """Say whether a client is created."""
        return self in (Kind.CREATE, Kind.REPLACE, Kind.ROTATE)


GONE = "gone from the instance"
"""How the reason of an action begins that follows from a client's absence."""


class Cause(NamedTuple):
    """A setting of a wider level that an action follows from: a default's `rotate_after`."""

    setting: str
    place: SourceLocation


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What in the manifest caused an action; None if its instance left the manifest.

    `place` is the client's, or its instance's if the client left the manifest. `client_set` is
    the set's name, None for the instance's own entry. `cause` is None if the client's own entry
    alone explains the action.
    """

    place: SourceLocation
    client_set: str | None = None
    cause: Cause | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing to do.

    `live_name` is Domo's name of the client that is made (create, replace, rotate) or acted upon.
    `client_id` is the id that it acts on: the predecessor for a replace or rotate, None for a
    create. `sinks` are those that are to get the secret. `reason` is a phrase for the reader, such
    as `scope data → data user`. `retires` says that the client is a rotated or replaced one whose
    overlap is over (a revoke), so that no consumer is left without a client. `timed` is true if the
    plan's as-of decided on the action: it does not follow from the manifest and the state alone.
    """

    kind: Kind
    address: Address
    live_name: str
    scope: tuple[str, ...] = ()
    description: str = ""
    client_id: str | None = None
    sinks: tuple[str, ...] = ()
    reason: str = ""
    origin: Origin | None = None
    retires: bool = False
    timed: bool = False

    @property
    def subject(self) -> str:
        """Return what the action is about: an address, or the old client of an address."""
        return f"the old client of {self.address}" if self.retires else str(self.address)

    @property
    def is_for_absence(self) -> bool:
        """Return whether the action follows from a client that a refresh found gone."""
        return self.reason.startswith(GONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something worth knowing from which no action follows, such as a client that is kept.

    It is about an address, an `instance` as a whole, or neither. If it has `names`, which are
    those of clients at Domo, the message says what they have in common. `general` is the message
    with placeholders for the instance's own values: notices with the same one are read as one.
    `hint` is what to do.
    """

    code: str
    address: Address | None
    message: str
    place: SourceLocation | None = None
    instance: str | None = None
    names: tuple[str, ...] = ()
    general: str = ""
    hint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A reason why this plan must not be applied.

    `override` names the option that allows it all the same, None if nothing does.
    """

    code: str
    message: str
    address: Address | None = None
    place: SourceLocation | None = None
    hint: str | None = None
    override: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What an apply would do.

    `as_of` is a UTC stamp. `actions` are sorted by instance, then in the order in which they are
    carried out there. `parts` are the digests of the instances that have actions, by key, and `id`
    is the digest over them all. `unchanged` counts clients with nothing to do. `endpoints` are base
    URLs that are not Domo's, with the instances behind them. `targets`, `excludes` and `labels`
    are the selection that it was made with, `wish` what a command asked for. `fleet` has the
    instances with clients under "", and those of each client set under the set's name, also if
    the plan was narrowed: what "all" and "except" of a rendered plan refer to. `drift` is None but
    for a plan that only looks: it has no actions, and the notices with these codes are what was
    found. `moves` counts the clients that get another address or domain, for which nothing is done
    at Domo. `accept_missing` are the instances whose list was believed without a known client.
    """

    id: str
    as_of: str
    refreshed: bool = False
    actions: tuple[Action, ...] = ()
    notices: tuple[Notice, ...] = ()
    problems: tuple[Problem, ...] = ()
    parts: Mapping[str, str] = field(default_factory=dict)
    unchanged: int = 0
    instances: int = 0
    managed: int = 0
    endpoints: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    encrypted: bool = False
    targets: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    wish: PlanRequest | None = None
    fleet: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    drift: Mapping[str, int] | None = None
    moves: int = 0
    accept_missing: tuple[str, ...] = ()

    @property
    def timed(self) -> bool:
        """Say whether an action depends on the as-of; only then the id covers it."""
        return any(each.timed for each in self.actions)

    @property
    def needs_rotation(self) -> int:
        """Return how many clients lack their secret in a sink, and only a rotation can help."""
        return sum(each.code == "sink" for each in self.notices)

    @property
    def needs_rekey(self) -> int:
        """Return how many secrets are sealed to other recipients than the manifest lists."""
        return sum(each.code == "recipients" for each in self.notices)

    @property
    def summary(self) -> str:
        """Return one line with the counts, such as `Plan: 3 to create.`."""
        from reconciler.plan.render.text import summary

        return summary(self)

    @property
    def unseen(self) -> Mapping[str, Notice]:
        """Return the instances that the refresh could not list, with the notice that says why."""
        found = [each for each in self.notices if each.code == "unreachable"]
        return {each.instance: each for each in found if each.instance is not None}

    def of(self, instance: str) -> tuple[Action, ...]:
        """Return the actions on one instance, in the order in which they are carried out."""
        return tuple(each for each in self.actions if each.address.instance == instance)

    def count(self, kind: Kind) -> int:
        """Return how many actions of a kind there are."""
        return sum(1 for each in self.actions if each.kind is kind)
