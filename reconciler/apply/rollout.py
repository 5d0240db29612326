"""Waves: the division of a fleet's instances, and how many may fail before the run stops."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from reconciler.model.manifest import Rollout


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """Instances that are processed together; `allowed` failures, None for any number."""

    keys: tuple[str, ...]
    allowed: int | None = None


def waves(
    keys: Sequence[str], rollout: Rollout | None, *, order: Sequence[str] = ()
) -> tuple[Wave, ...]:
    """Divide the instances with changes, in the order of their keys, canary first.

    `order` are the instances of the plan at its start: a run that resumes it divides all of them,
    and then processes the rest of each wave.

    The canary allows no failure. The size of a later wave is its share of all instances with
    changes, rounded up. `max_failures` is the allowance for all waves after the canary: the engine
    subtracts the failures of earlier waves.
    """
    left = set(keys)
    ordered = sorted(left.union(order))
    if rollout is None:
        return (Wave(keys=tuple(sorted(left))),) if left else ()
    chosen = rollout.canary
    canary = ordered[:chosen] if isinstance(chosen, int) else [k for k in ordered if k in chosen]
    rest = [key for key in ordered if key not in set(canary)]
    size = max(1, rollout.then.of(len(ordered)))
    first = [Wave(keys=tuple(canary), allowed=0)] if canary else []
    later = (rest[at : at + size] for at in range(0, len(rest), size))
    whole = (*first, *(Wave(keys=tuple(part), allowed=rollout.max_failures) for part in later))
    parts = (replace(each, keys=tuple(k for k in each.keys if k in left)) for each in whole)
    return tuple(each for each in parts if each.keys)
