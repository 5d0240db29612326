"""The order in which a plan is carried out, and in which its lists are read."""

from collections.abc import Iterable

from reconciler.plan.action import Action, Kind, Notice, Problem


def sort_actions(actions: Iterable[Action]) -> tuple[Action, ...]:
    """Sort by instance; there: deliver, make, revoke, forget, each of them by client.

    What makes clients comes before what ends them, so that no job is left without one.
    """
    ranks = {
        Kind.DELIVER: 0,
        Kind.CREATE: 1,
        Kind.REPLACE: 1,
        Kind.ROTATE: 1,
        Kind.REVOKE: 2,
        Kind.FORGET: 3,
    }
    return tuple(
        sorted(
            actions,
            key=lambda each: (
                each.address.instance,
                ranks[each.kind],
                each.address.client,
                each.live_name,
            ),
        )
    )


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
