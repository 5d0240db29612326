"""Indexed planner inputs and the lookups that the diff rules share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache

from reconciler.model.address import Address
from reconciler.model.client import DesiredClient
from reconciler.model.manifest import Manifest
from reconciler.model.scope import canonical, is_same
from reconciler.model.sink import STATE
from reconciler.model.timestamps import format_utc, later, parse
from reconciler.plan.action import Action, Cause, Notice, Origin, Problem
from reconciler.plan.live_names import Names
from reconciler.plan.observation import NotVisible, Presence, Present, View
from reconciler.plan.request import Ending
from reconciler.state.model import Entry, Retiring

Finding = Action | Notice | Problem
ScopeAndDescription = tuple[tuple[str, ...], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanContext:
    """The inputs of one plan. `phrase` says how a client and its successor differ.

    `in_files` are the client ids whose secret a leftover file may still have.
    `rotations` and `endings` are what commands ask for whatever the manifest says, `strays` the
    client ids of clients to be revoked that have this state's mark, unknown to the state.
    """

    desired: Manifest
    clients: Mapping[Address, Entry]
    as_of: datetime
    available_secrets: frozenset[str]
    in_files: frozenset[str]
    rotations: frozenset[Address]
    endings: Mapping[Address, Ending]
    views: Mapping[str, View]
    names: Names
    phrase: Callable[[ScopeAndDescription, ScopeAndDescription], str]
    strays: Mapping[Address, str] = field(default_factory=dict)

    def locate(self, address: Address, known: Entry | Retiring) -> Presence:
        """Return what a refresh showed of a client that the state knows."""
        view = self.views.get(address.instance)
        return view.locate(known) if view else NotVisible()

    def is_past(self, moment: str, seconds: float) -> bool:
        """Say whether `seconds` have passed since the stamp `moment`, at the as-of."""
        return (self.as_of - parse(moment)).total_seconds() >= seconds

    def is_due(self, client: DesiredClient, entry: Entry) -> bool:
        """Say whether a client is older than the manifest allows."""
        age = client.rotate_after
        return age is not None and self.is_past(entry.created_at, age)

    def is_ahead(self, entry: Entry) -> bool:
        """Return whether a recorded time is so late that the clock was wrong then, or is now."""
        limit = _limit(self.as_of)
        return entry.created_at > limit or any(e.at > limit for e in entry.delivered.values())

    def may_read_back(self, entry: Entry) -> bool:
        """Say whether a file that the secret was delivered to may return it."""
        return bool(entry.files) or entry.client_id in self.in_files

    def missing(self, client: DesiredClient, entry: Entry) -> tuple[str, ...]:
        """Return the sinks that do not have the secret, or have it at another place, in order.

        The state is not among them if it holds the secret, whether it can be opened or not.
        """
        delivered = entry.delivered
        if client.sinks == (STATE,):
            return () if STATE in delivered or entry.secret is not None else client.sinks
        return tuple(
            sink
            for sink, target in zip(client.sinks, self._targets(client), strict=True)
            if not (sink in delivered and delivered[sink].target == target)
            and not (sink == STATE and entry.secret is not None)
        )

    def _targets(self, client: DesiredClient) -> tuple[str, ...]:
        return tuple(str(each) for each in self.desired.targets(client))


@cache
def _limit(as_of: datetime) -> str:
    """Return the latest believable stamp; an as-of is often the day's beginning."""
    return later(format_utc(as_of), 86_400)


def origin(client: DesiredClient, setting: str | None = None) -> Origin:
    """Return what in the manifest wants a client, and where the `setting` that decided stands."""
    cause = None
    if setting is not None and setting in client.inherited:
        cause = Cause(setting, client.inherited[setting])
    return Origin(place=client.place, client_set=client.client_set, cause=cause)


def listed_scope(presence: Presence) -> tuple[str, ...]:
    """Return the scope that a list shows of a client, () if it shows none."""
    return canonical(presence.listed.scope) if isinstance(presence, Present) else ()


def scope_drift(entry: Entry, presence: Presence) -> str:
    """Return how the listed scope differs from the recorded one, "" if it does not."""
    seen, kept = listed_scope(presence), canonical(entry.scope)
    if not seen or is_same(seen, kept):
        return ""
    return f"its scope is {' '.join(seen)} at Domo, not {' '.join(kept)}"
