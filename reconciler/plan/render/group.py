"""Equal changes on many instances, made into one entry: a fleet reads as a fleet."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from reconciler.model.text import printable
from reconciler.plan.action import Action, Kind, Notice, Plan

FEW = 5
"""So many instances are listed by name in a headline; of more, only how many there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Actions that differ only in their instance, and in where the manifest says so.

    `first` stands for them all. `instances` are sorted, each once.
    """

    first: Action
    instances: tuple[str, ...]
    places: int

    @property
    def client_set(self) -> str | None:
        """Return the client set that caused the change, None for the instances' own entries."""
        return self.first.origin.client_set if self.first.origin else None


def grouped(actions: Iterable[Action]) -> list[Group]:
    """Return the changes as a reader meets them: what ends or is replaced comes first."""
    members: dict[tuple[object, ...], list[Action]] = {}
    for each in actions:
        key = (
            each.kind._value_,
            each.address.client,
            each.live_name,
            each.scope,
            each.description,
            each.sinks,
            each.reason,
            each.retires,
            (each.origin.client_set, each.origin.cause) if each.origin else None,
        )
        members.setdefault(key, []).append(each)
    ranks = {kind: rank for rank, kind in enumerate(Kind)}
    groups = [_group(each) for each in members.values()]
    return sorted(
        groups,
        key=lambda each: (
            ranks[each.first.kind],
            each.first.address,
            each.first.live_name,
            each.first.reason,
        ),
    )


def _group(actions: Sequence[Action]) -> Group:
    if len(actions) == 1:
        return Group(first=actions[0], instances=(actions[0].address.instance,), places=1)
    return Group(
        first=min(actions, key=lambda each: each.address),
        instances=tuple(sorted({each.address.instance for each in actions})),
        places=len({each.origin.place for each in actions if each.origin}),
    )


def subject(group: Group, plan: Plan) -> str:
    """Say what a change is about: an address, or a client's name and on how many instances."""
    if len(group.instances) == 1:
        return printable(str(group.first.address))
    return f"{printable(group.first.address.client)} on {whereabouts(group, plan.fleet)}"


def whereabouts(
    group: Group, fleet: Mapping[str, Sequence[str]], named: Callable[[str], str] = printable
) -> str:
    """Say on which instances: all, all but a few, a few by name, or how many.

    All are those that the client set is on, or the fleet where it is the instances' own entry.
    `named` writes a name as the format needs it.
    """
    count = f"{len(group.instances):,} instances"
    whole = fleet.get(group.client_set or "", ())
    of_set = f" of client set {named(group.client_set)}" if group.client_set else ""
    here = set(group.instances)
    others = [each for each in whole if each not in here]
    if len(whole) - len(others) != len(here):
        others, whole = list(group.instances), ()
    if whole and not others:
        return f"all {count}{of_set}"
    if len(here) <= FEW:
        return ", ".join(named(each) for each in group.instances)
    if whole and len(others) <= FEW:
        return f"{count}{of_set}, except {', '.join(named(each) for each in others)},"
    return count


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One notice for all the addresses that it holds for; none where it is about no address."""

    message: str
    addresses: tuple[str, ...]


def said(notices: Iterable[Notice]) -> list[Said]:
    """Return the notices, those that say the same as one, in their order."""
    found: dict[tuple[str, str], list[str]] = {}
    for each in notices:
        addresses = found.setdefault((each.code, each.message), [])
        if each.address is not None:
            addresses.append(printable(str(each.address)))
    return [
        Said(message=printable(message), addresses=tuple(addresses))
        for (_, message), addresses in found.items()
    ]
