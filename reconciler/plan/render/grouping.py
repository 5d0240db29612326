"""Equal changes on many instances, made into one entry: a fleet reads as a fleet."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from reconciler.model.source_location import SourceLocation
from reconciler.model.strings import join_limited, plural, printable
from reconciler.plan.action import Action, Kind, Notice, Plan, Problem

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


def group_actions(actions: Iterable[Action]) -> list[Group]:
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
        return printable(group.first.subject)
    name = old_client_of(group) + printable(group.first.address.client)
    return f"{name} on {describe_instances(group, plan.fleet)}"


def old_client_of(group: Group) -> str:
    """Return what precedes the name of a client if the change is about its predecessor."""
    if not group.first.retires:
        return ""
    return "the old client of " if len(group.instances) == 1 else "the old clients of "


def describe_instances(
    group: Group, fleet: Mapping[str, Sequence[str]], named: Callable[[str], str] = printable
) -> str:
    """Say on which instances: all, all but a few, a few by name, or how many.

    All are those that the client set is on, or the fleet if it is the instances' own entry.
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
    if whole and of_set:
        return f"{len(here):,} of the {len(whole):,} instances{of_set}"
    return count


def describe_selection(plan: Plan) -> str:
    """Say what the plan was narrowed to, "" if it is about everything."""
    parts = [f"--target {each}" for each in plan.targets]
    parts += [f"--exclude {each}" for each in plan.excludes]
    parts += [f"--label {name}={value}" for name, value in plan.labels.items()]
    if not parts:
        return ""
    return f"narrowed with {join_limited(parts, FEW, printable)}: nothing else was looked at"


def group_problems(problems: Iterable[Problem]) -> list[Problem]:
    """Return the problems, those that many addresses have in common as one."""
    found: dict[tuple[object, ...], list[Problem]] = {}
    for each in problems:
        own = f"{each.address} "
        shared = each.address is not None and each.message.startswith(own)
        rest = each.message.removeprefix(own) if shared else each.message
        key = (each.code, rest, shared, each.hint, each.override)
        found.setdefault(key, []).append(each)
    return [
        alike[0] if len(alike) == 1 or not shared else _group_problem(alike, str(rest))
        for (_, rest, shared, _, _), alike in found.items()
    ]


def _group_problem(alike: Sequence[Problem], rest: str) -> Problem:
    names = join_limited([str(each.address) for each in alike], FEW)
    message = f"each of {plural(len(alike), 'client')} {rest}: {names}"
    return replace(alike[0], address=None, message=message)


SUMMARY = (Kind.CREATE, Kind.REPLACE, Kind.ROTATE, Kind.DELIVER, Kind.REVOKE, Kind.FORGET)
"""The order in which each format and each report counts."""


def count_changes(plan: Plan) -> list[str]:
    """Return what a plan counts: its actions, moves, rotations and secrets to rekey."""
    old = sum(each.retires for each in plan.actions)
    counts = {kind: plan.count(kind) for kind in SUMMARY}
    counts[Kind.REVOKE] -= old
    parts = [f"{count:,} to {kind.value}" for kind, count in counts.items() if count]
    if old:
        parts.append(f"{plural(old, 'old client')} to revoke")
    return parts + _unplanned(plan)


def _unplanned(plan: Plan) -> list[str]:
    parts = [f"{plan.moves:,} to move"] if plan.moves and plan.drift is None else []
    if count := plan.needs_rotation:
        parts.append(f"{count:,} {'needs' if count == 1 else 'need'} rotation")
    if count := plan.needs_rekey:
        parts.append(f"{plural(count, 'secret')} to rekey")
    return parts


def describe_drift(counts: Mapping[str, int]) -> str:
    """Say how much of each kind of drift there is, "" for no drift."""
    words = {
        "gone": "gone",
        "changed": "changed",
        "conflict": "of a wanted name made elsewhere",
        "orphan": "with this state's mark unknown to it",
    }
    found = [(counts[code], how) for code, how in words.items() if counts[code]]
    return ", ".join(
        f"{plural(count, 'client') if number == 0 else f'{count:,}'} {how}"
        for number, (count, how) in enumerate(found)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeGroup:
    """One notice for every subject that it is about.

    `subjects` are addresses, or instances if `noun` is that; empty if it is about neither.
    `names` are the clients at Domo, for each subject, or empty. `place` is the line of the
    manifest, if it is one. `hint` is what to do.
    """

    message: str
    hint: str | None = None
    place: SourceLocation | None = None
    subjects: tuple[str, ...] = ()
    noun: str = "client"
    names: tuple[tuple[str, ...], ...] = ()

    def before(self, named: Callable[[str], str] = printable, most: int = FEW) -> str:
        """Return what stands before the message: whom it is about, the first `most` by name."""
        count = sum(map(len, self.names))
        if not self.subjects:
            return ""
        if len(self.subjects) == 1 and count:
            return f"{named(self.subjects[0])}: {plural(count, 'client')} "
        if count:
            return f"{plural(count, 'client')} on {plural(len(self.subjects), self.noun)} "
        first = ", ".join(named(each) for each in self.subjects[:most])
        if len(self.subjects) <= FEW:
            return f"{first}: "
        return f"{plural(len(self.subjects), self.noun)} ({first}{self._more(most)}): "

    def after(
        self,
        named: Callable[[str], str] = printable,
        quoted: Callable[[str], str] = printable,
        most: int = FEW,
    ) -> str:
        """Return what stands behind the message: the names, `quoted`, `most` of each subject."""
        if not self.names:
            return ""
        listed = [join_limited(each, most, quoted) for each in self.names[:most]]
        if len(self.subjects) > 1:
            pairs = zip(self.subjects, listed, strict=False)
            listed = [f"{named(subject)} ({each})" for subject, each in pairs]
        return f": {', '.join(listed)}{self._more(most)}"

    def _more(self, most: int) -> str:
        left = len(self.subjects) - most
        if left <= 0:
            return ""
        return f" and {left:,} more" if not self.names else f" and {plural(left, 'more instance')}"


def group_notices(notices: Iterable[Notice]) -> list[NoticeGroup]:
    """Return the notices, those that say the same as one, in their order."""
    found: dict[tuple[object, ...], list[Notice]] = {}
    for each in notices:
        message = each.general or each.message
        key = (each.code, message, each.address is None, each.instance is None)
        found.setdefault(key, []).append(each)
    return [_describe(each) for each in found.values()]


def _describe(alike: Sequence[Notice]) -> NoticeGroup:
    first = alike[0]
    subjects = (each.instance if each.address is None else str(each.address) for each in alike)
    return NoticeGroup(
        message=(first.general if len(alike) > 1 else "") or first.message,
        hint=first.hint,
        subjects=tuple(each for each in subjects if each is not None),
        place=first.place if len({each.place for each in alike}) == 1 else None,
        noun="client" if first.address is not None else "instance",
        names=tuple(each.names for each in alike) if first.names else (),
    )
