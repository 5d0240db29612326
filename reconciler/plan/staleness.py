"""What is left of a plan that was not applied to its end."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from reconciler.model.address import Address
from reconciler.model.manifest import Manifest
from reconciler.plan.action import Action, Kind, Plan
from reconciler.plan.plan_id import action_digest, definition_digest
from reconciler.state.model import OpenAction, OpenPlan

_MAKING = frozenset({Kind.CREATE.value, Kind.REPLACE.value, Kind.ROTATE.value})


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
    """Say how a plan differs from the one that was saved, a line for each action that moved."""
    before, after = _by_what(saved), _by_what(now)
    found = [(each, "only in the saved plan") for at, each in before.items() if at not in after]
    found += [(each, "only in the plan now") for at, each in after.items() if at not in before]
    found += [
        (each, _how(each, after[at]))
        for at, each in before.items()
        if at in after and _compared(each) != _compared(after[at])
    ]
    told = {action.address.instance for action, _ in found}
    moved = {key for key in saved.parts if saved.parts[key] != now.parts.get(key)} - told
    lines = [f"{how}: {_describe(action)}" for action, how in found]
    return (*sorted(lines), *(f"what {key} talks to has changed" for key in sorted(moved)))


def _by_what(plan: Plan) -> dict[tuple[Address, Kind, str | None], Action]:
    return {(each.address, each.kind, each.client_id): each for each in plan.actions}


def _how(before: Action, after: Action) -> str:
    if before.scope != after.scope:
        return f"its scope is {' '.join(after.scope)} now"
    return "changed"


def _describe(action: Action) -> str:
    scope = " ".join(action.scope)
    return f"{action.kind.value} {action.address}" + (f" [{scope}]" if scope else "")


def _compared(action: Action) -> tuple[object, ...]:
    return (action.live_name, action.scope, action.description, action.sinks, action.retires)
