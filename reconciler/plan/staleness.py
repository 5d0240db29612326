"""What is left of a plan that was not applied to its end."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

from reconciler.model.address import Address
from reconciler.model.manifest import Manifest
from reconciler.model.strings import join_limited, plural, printable
from reconciler.plan.action import Action, Kind, Plan
from reconciler.plan.plan_id import action_digest, definition_digest
from reconciler.state.model import OpenAction, OpenPlan

_Key = tuple[Address, Kind, str]
_EXPLAINED: Final = 100
"""For so many different changes the fields are shown: DeepDiff takes about 0.4 ms for each."""
_MAKING: Final = frozenset(kind.value for kind in Kind if kind.makes)


def to_open_plan(
    desired: Manifest, plan: Plan, asked: frozenset[Address] = frozenset()
) -> OpenPlan | None:
    """Return a plan as the state keeps it until it is done; None if it has no actions.

    `asked` are the addresses whose rotation a command asked for.
    """
    if not plan.actions:
        return None
    order = tuple(sorted(plan.parts))
    return OpenPlan(
        plan_id=plan.id,
        order=order,
        definitions={key: definition_digest(desired, key) for key in order},
        actions=tuple(
            OpenAction(
                address=each.address,
                kind=each.kind.value,
                digest=action_digest(desired, each),
                asked=each.client_id
                if each.kind is Kind.ROTATE and each.address in asked
                else None,
            )
            for each in plan.actions
        ),
    )


def put_off(saved: Plan) -> OpenPlan:
    """Return a saved plan as the state keeps it before any part of it is begun.

    A part that is not begun has no definition, and its actions have the digest of the whole part.
    """
    return OpenPlan(
        plan_id=saved.id,
        order=tuple(sorted(saved.parts)),
        definitions={},
        actions=tuple(
            OpenAction(
                address=each.address,
                kind=each.kind.value,
                digest=saved.parts[each.address.instance],
            )
            for each in saved.actions
        ),
    )


def resumed(
    desired: Manifest, plan: Plan, earlier: OpenPlan, asked: frozenset[Address] = frozenset()
) -> OpenPlan:
    """Return the open plan `earlier` with the parts that `plan` begins; its id and order stay."""
    begun = to_open_plan(desired, plan, asked)
    if begun is None:
        return earlier
    new = plan.parts.keys() - earlier.definitions.keys()
    return replace(
        earlier,
        definitions={**earlier.definitions, **{key: begun.definitions[key] for key in new}},
        actions=(
            *(each for each in earlier.actions if each.address.instance not in new),
            *(each for each in begun.actions if each.address.instance in new),
        ),
    )


def is_remainder_of(desired: Manifest, plan: Plan, earlier: OpenPlan) -> bool:
    """Return whether `plan` contains nothing but open actions of an earlier one."""
    return bool(plan.actions) and parts_left(desired, plan, earlier) == plan.parts.keys()


def parts_left(desired: Manifest, plan: Plan, earlier: OpenPlan) -> frozenset[str]:
    """Return the instances on which `plan` contains nothing but open actions of an earlier one.

    A part that was not begun must be the same as a whole. An action that was begun may be left in
    another form: the delivery of a client that is created, or the revoke of the predecessor of a
    successor that is delivered.
    """
    known: dict[Address, list[OpenAction]] = {}
    for open_action in earlier.actions:
        known.setdefault(open_action.address, []).append(open_action)
    whole = {each.address.instance: each.digest for each in earlier.actions}
    found = []
    for key, actions in groupby(plan.actions, key=lambda each: each.address.instance):
        if key in earlier.definitions:
            same = earlier.definitions[key] == definition_digest(desired, key)
            left = same and all(_is_left(desired, each, known) for each in actions)
        else:
            left = whole.get(key) == plan.parts[key]
        found += [key] * left
    return frozenset(found)


def _is_left(desired: Manifest, action: Action, known: Mapping[Address, list[OpenAction]]) -> bool:
    earlier = known.get(action.address, [])
    if any(each.digest == action_digest(desired, action) for each in earlier):
        return True
    begun = any(each.kind in _MAKING for each in earlier)
    return begun and (
        action.kind is Kind.DELIVER or (action.kind is Kind.REVOKE and action.retires)
    )


def remaining_plan(
    earlier: OpenPlan, *, undone: Iterable[Address], untouched: Iterable[Address]
) -> OpenPlan | None:
    """Return what is open after a run: what it did not do, and what it was not about."""
    kept = {*undone, *untouched}
    actions = tuple(each for each in earlier.actions if each.address in kept)
    if not actions:
        return None
    return OpenPlan(
        plan_id=earlier.plan_id,
        order=earlier.order,
        definitions=earlier.definitions,
        actions=actions,
    )


def cancel_rotations(earlier: OpenPlan, rotations: Collection[Address]) -> OpenPlan | None:
    """Return what is open once the rotations that a command asked for are called off."""
    actions = tuple(
        each for each in earlier.actions if each.asked is None or each.address not in rotations
    )
    return replace(earlier, actions=actions) if actions else None


def describe_difference(
    saved: Plan, now: Plan, within: Collection[str] | None = None
) -> tuple[str, ...]:
    """Describe how a plan differs from the saved one, one line for each difference.

    A difference that instances have in common is one line. With `within`, only the differences on
    these instances are described.
    """
    before, after = _records(saved, within), _records(now, within)
    both = {
        key: (before[key], after[key])
        for key in before
        if key in after and before[key] != after[key]
    }
    explain = _Explainer()
    found = [
        *(_named("only in the saved plan", key, before[key]) for key in before if key not in after),
        *(_named("only in the plan now", key, after[key]) for key in after if key not in before),
        *(_named("changed", key, old, explain(old, new)) for key, (old, new) in both.items()),
    ]
    instances = {each.instance for each in found}
    keys = saved.parts.keys() if within is None else saved.parts.keys() & within
    changed = {key for key in keys if saved.parts[key] != now.parts.get(key)}
    return (*_lines(found), *_elsewhere(changed - instances), *_options(saved, now))


def describe_open_difference(
    earlier: OpenPlan, now: Plan, within: Collection[str]
) -> tuple[str, ...]:
    """Describe how a plan differs on these instances from an open one, which has no fields."""
    before = {(each.address, each.kind) for each in earlier.actions}
    after = _records(now, within)
    known = {(address, kind.value) for address, kind, _ in after}
    found = [
        _named("changed" if key[:2] in before else "only in the plan now", key, after[key])
        for key in after
    ]
    found += [
        _Named(
            how="only in the reviewed plan",
            instance=address.instance,
            client=address.client,
            kind=kind,
        )
        for address, kind in before - known
        if address.instance in within
    ]
    return _lines(found)


def describe_actions(plan: Plan) -> tuple[str, ...]:
    """Describe the actions of a plan, one line for those that instances have in common."""
    return _lines([_named("", key, record) for key, record in _records(plan, None).items()])


def _records(plan: Plan, within: Collection[str] | None) -> dict[_Key, dict[str, str]]:
    """Return what a reader compares of each action, by what identifies the action."""
    return {
        (each.address, each.kind, each.client_id or ""): {
            "name": each.live_name,
            "scope": " ".join(each.scope),
            "description": each.description,
            "sinks": ", ".join(each.sinks),
            "retires": str(each.retires).lower(),
        }
        for each in plan.actions
        if within is None or each.address.instance in within
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    """One difference: `how`, what it is about, and the fields that differ, or an empty text."""

    how: str
    instance: str
    client: str
    kind: str
    scope: str = ""
    fields: str = ""


def _named(how: str, key: _Key, record: Mapping[str, str], fields: str = "") -> _Named:
    address, kind, _ = key
    return _Named(
        how=how,
        instance=address.instance,
        client=address.client,
        kind=kind.value,
        scope=record["scope"],
        fields=fields,
    )


class _Explainer:
    """Describes the fields that differ; a change that instances have in common is compared once."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, ...], str] = {}

    def __call__(self, before: Mapping[str, str], after: Mapping[str, str]) -> str:
        """Return for example `: scope data → data user`, or nothing after too many changes."""
        pair = (*before.values(), *after.values())
        if pair not in self._known:
            if len(self._known) == _EXPLAINED:
                return ""
            self._known[pair] = _changes(before, after)
        return self._known[pair]


def _changes(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    from deepdiff import DeepDiff

    changes = DeepDiff(before, after, view="tree")["values_changed"]
    fields = (
        f"{each.path(output_format='list')[0]} {printable(each.t1)} → {printable(each.t2)}"
        for each in changes
    )
    return f": {', '.join(sorted(fields))}"


def _lines(differences: Iterable[_Named]) -> tuple[str, ...]:
    """Return the differences as lines; those that differ only in their instance are one line."""
    found: dict[_Named, list[str]] = {}
    for each in differences:
        found.setdefault(replace(each, instance=""), []).append(each.instance)
    return tuple(sorted(_line(each, sorted(keys)) for each, keys in found.items()))


def _line(each: _Named, instances: Sequence[str]) -> str:
    how = f"{each.how}: " if each.how else ""
    scope = f" [{each.scope}]" if each.scope else ""
    if len(instances) == 1:
        return f"{how}{each.kind} {printable(f'{instances[0]}/{each.client}')}{scope}{each.fields}"
    place = f"on {plural(len(instances), 'instance')} ({join_limited(instances)})"
    return f"{how}{each.kind} {printable(each.client)}{scope} {place}{each.fields}"


def _elsewhere(keys: Collection[str]) -> tuple[str, ...]:
    """Return the line for instances whose actions are the same, but not what they contact."""
    named = join_limited(sorted(keys))
    match len(keys):
        case 0:
            return ()
        case 1:
            return (f"what {named} talks to has changed",)
        case number:
            return (f"what {number:,} instances talk to has changed: {named}",)


def _options(saved: Plan, now: Plan) -> tuple[str, ...]:
    """Return a line for each option with which only one of the plans was made."""
    lines = []
    if saved.refreshed != now.refreshed:
        lines.append(f"only the {'saved plan' if saved.refreshed else 'plan now'} has --refresh")
    if (saved.timed or now.timed) and saved.as_of != now.as_of:
        lines.append(f"the saved plan has --as-of {saved.as_of}, the plan now {now.as_of}")
    selections = [(each.targets, each.excludes, each.labels) for each in (saved, now)]
    if selections[0] != selections[1]:
        lines.append("the plans have different --target, --exclude or --label")
    return tuple(lines)
