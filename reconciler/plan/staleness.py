"""What is left of a plan that was not applied to its end."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Final

from reconciler.model.address import Address
from reconciler.model.manifest import Manifest
from reconciler.model.strings import printable
from reconciler.plan.action import Action, Kind, Plan
from reconciler.plan.plan_id import action_digest, definition_digest
from reconciler.state.model import OpenAction, OpenPlan

_Key = tuple[Address, Kind, str]
_EXPLAINED: Final = 100
"""For so many actions the changed fields are shown: DeepDiff takes about 0.4 ms for each action."""
_MAKING: Final = frozenset(kind.value for kind in Kind if kind.makes)


def to_open_plan(
    desired: Manifest, plan: Plan, asked: frozenset[Address] = frozenset()
) -> OpenPlan | None:
    """Return a plan as the state keeps it until it is done; None where it has no actions.

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


def is_remainder_of(desired: Manifest, plan: Plan, earlier: OpenPlan) -> bool:
    """Say whether `plan` does nothing but what is open of an earlier one.

    An action that was begun may be left in another form: of a client that is made, the delivery;
    of a successor that is delivered, the end of its predecessor.
    """
    if not plan.actions:
        return False
    keys = {each.address.instance for each in plan.actions}
    if any(earlier.definitions.get(key) != definition_digest(desired, key) for key in keys):
        return False
    known: dict[Address, list[OpenAction]] = {}
    for open_action in earlier.actions:
        known.setdefault(open_action.address, []).append(open_action)
    return all(_is_left(desired, each, known) for each in plan.actions)


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


def unchanged_parts(saved: Plan, now: Plan) -> frozenset[str]:
    """Return the instances whose part is the same in both plans."""
    return frozenset(key for key, digest in saved.parts.items() if now.parts.get(key) == digest)


def describe_difference(saved: Plan, now: Plan) -> tuple[str, ...]:
    """Describe how a plan differs from the saved one, one line for each difference."""
    before, after = _records(saved), _records(now)
    removed, added = before.keys() - after.keys(), after.keys() - before.keys()
    both = sorted(key for key in before.keys() & after.keys() if before[key] != after[key])
    lines = [f"only in the saved plan: {_name(key, before[key])}" for key in removed]
    lines += [f"only in the plan now: {_name(key, after[key])}" for key in added]
    lines += [
        f"changed: {_name(key, before[key])}{_changes(before[key], after[key])}"
        for key in both[:_EXPLAINED]
    ]
    lines += [f"changed: {_name(key, before[key])}" for key in both[_EXPLAINED:]]
    instances = {address.instance for address, *_ in (*removed, *added, *both)}
    parts = {key for key in saved.parts if saved.parts[key] != now.parts.get(key)} - instances
    return (*sorted(lines), *(f"what {key} talks to has changed" for key in sorted(parts)))


def _records(plan: Plan) -> dict[_Key, dict[str, str]]:
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
    }


def _changes(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """Describe the fields that differ, such as `: scope data → data user`."""
    from deepdiff import DeepDiff

    changes = DeepDiff(before, after, view="tree")["values_changed"]
    fields = (
        f"{each.path(output_format='list')[0]} {printable(each.t1)} → {printable(each.t2)}"
        for each in changes
    )
    return f": {', '.join(sorted(fields))}"


def _name(key: _Key, record: Mapping[str, str]) -> str:
    address, kind, _ = key
    scope = record["scope"]
    return f"{kind.value} {address}" + (f" [{scope}]" if scope else "")
