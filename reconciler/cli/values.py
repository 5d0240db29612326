"""The values that groups of options give to a command."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from reconciler.plan.request import PlanRequest

MANIFEST: Final = "reconciler.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestOptions:
    """The manifest's file or folder and, where it was given, the state file, as the user wrote."""

    file: str
    state: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionOptions:
    """The part of the fleet that was asked for; all of it where nothing was.

    `wish` is what a command asks of exactly these clients, which is then all that is planned.
    """

    targets: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    wish: "PlanRequest | None" = None


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
