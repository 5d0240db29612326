"""The order in which a plan is carried out, and in which its lists are read."""

from collections.abc import Iterable

from reconciler.plan.action import Action, Notice, Problem


def sort_actions(actions: Iterable[Action]) -> tuple[Action, ...]:
    """Sort by instance, then by the rank of the kind, then by client.

    Deliveries come first because they need no new client. Actions that create clients precede
    actions that revoke them, so that no consumer is without a client.
    """
    return tuple(sorted(actions, key=_place))


def _place(action: Action) -> tuple[object, ...]:
    return action.address.instance, action.kind.rank, action.address.client, action.live_name


def sort_notices(notices: Iterable[Notice]) -> tuple[Notice, ...]:
    """Sort notices by what they say and where."""
    return tuple(sorted(notices, key=_read))


def _read(each: Notice) -> tuple[object, ...]:
    return each.code, each.address or (), each.instance or "", each.message, each.names


def sort_problems(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Sort problems by what they say and where; those that cannot be overridden come first."""
    return tuple(
        sorted(
            problems,
            key=lambda each: (each.override or "", each.code, each.address or (), each.message),
        )
    )
