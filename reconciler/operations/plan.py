"""Plans: compares the manifest with the state, and with the instances if a refresh is asked for."""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model.manifest import Manifest
    from reconciler.operations.adapters import Adapters
    from reconciler.operations.workspace import LoadedState
    from reconciler.plan.action import Plan
    from reconciler.plan.request import PlanRequest
    from reconciler.plan.selection import Selection
    from reconciler.state.model import State


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOptions:
    """What a plan is about.

    `as_of` is a UTC stamp. `targets`, `excludes` and `labels` narrow the fleet. `request` is what a
    command asks of exactly these clients; nothing else is planned then. `refresh` lists the
    instances first; `drift_only` plans nothing and reports what a refresh found. `accept_missing`
    are the instances of which a list without any known client is believed.
    """

    as_of: str
    targets: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    labels: "Mapping[str, str]" = field(default_factory=dict)
    request: "PlanRequest | None" = None
    refresh: bool = False
    drift_only: bool = False
    accept_missing: tuple[str, ...] = ()

    @property
    def selection(self) -> "Selection | None":
        """Return the part of the fleet that is planned, None for all of it."""
        if not (self.targets or self.excludes or self.labels or self.request):
            return None
        from reconciler.plan.selection import Selection

        return Selection(
            targets=self.targets,
            excludes=self.excludes,
            labels=self.labels,
            only=self.request.addresses if self.request else None,
        )


def draw_plan(machine: "Adapters", ground: "LoadedState", options: PlanOptions) -> "Plan":
    """Return what an apply would do. Without a refresh this needs no network and no credential.

    Raises:
        UsageError: the selection or the request names what does not exist.
        StateRefused: a sealed secret is damaged, or was moved from another client.

    """
    from reconciler.plan.planner import make_plan

    desired, request = machine.desired, options.request
    observation = None
    if options.refresh:
        import asyncio

        from reconciler.operations.observe import observe

        observation = asyncio.run(observe(machine, ground.known, options.selection))
    made = make_plan(
        desired,
        ground.known,
        as_of=options.as_of,
        available_secrets=ground.available_secrets,
        selection=options.selection,
        rotations=request.rotations(moved(desired, ground)) if request else frozenset(),
        endings=request.endings() if request else {},
        strays=request.strays() if request else {},
        observation=observation,
        drift_only=options.drift_only,
        attempts=ground.attempts,
        accept_missing=frozenset(options.accept_missing),
    )
    return replace(made, wish=request) if request else made


def moved(desired: "Manifest", ground: "LoadedState") -> "State | None":
    """Return what is known, under the names that `moved:` in the manifest gives it."""
    from reconciler.plan.moves import apply_moves

    return None if ground.known is None else apply_moves(ground.known, desired)[0]
