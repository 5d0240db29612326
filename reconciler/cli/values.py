"""The values that groups of options give to a command."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reconciler.operations.plan import PlanOptions

if TYPE_CHECKING:
    from reconciler.plan.selection import Selection

MANIFEST: Final = "reconciler.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionOptions:
    """The part of the fleet that was selected; all of it by default."""

    targets: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionOptions:
    """Whether instances are asked, and how hard: `rate` is in requests a second for each host.

    `drift_only` asks what they have, and for no plan. `accept_missing` are the instances of which
    a list without any of the known clients is believed.
    """

    refresh: bool = False
    accept_missing: tuple[str, ...] = ()
    drift_only: bool = False
    concurrency: int = 16
    rate: float | None = None


def selection(chosen: SelectionOptions) -> "Selection | None":
    """Return the part of the fleet that the options name, None for all of it."""
    return plan_options(chosen, ConnectionOptions(), "").selection


def plan_options(chosen: SelectionOptions, reach: ConnectionOptions, as_of: str) -> PlanOptions:
    """Return what a plan is about, from the options of a command."""
    return PlanOptions(
        as_of=as_of,
        targets=chosen.targets,
        excludes=chosen.excludes,
        labels=dict(chosen.labels),
        refresh=reach.refresh,
        drift_only=reach.drift_only,
        accept_missing=reach.accept_missing,
    )
