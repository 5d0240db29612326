"""Signs on to every instance and probes every sink, and changes nothing."""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.model.sink import STATE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.apply.check import InstanceCheck, SinkCheck
    from reconciler.model.manifest import Manifest
    from reconciler.operations.adapters import Adapters
    from reconciler.plan.selection import Predicate, Selection


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """What was found out about each instance and each sink."""

    instances: "Sequence[InstanceCheck]"
    sinks: "Sequence[SinkCheck]"

    @property
    def complete(self) -> bool:
        """Return whether an apply would fail at none of them."""
        causes = [each.cause for each in self.instances] + [each.cause for each in self.sinks]
        return not any(causes)


def check(machine: "Adapters", selection: "Selection | None") -> CheckReport:
    """Sign on to the instances of a selection, and probe the sinks of its clients.

    Raises:
        UsageError: the selection matches nothing.
        StateRefused: the state is corrupt or newer; it is read only with a selection.

    """
    from reconciler.operations.workspace import load_state
    from reconciler.plan.selection import predicate

    # Only a selection may name clients that have left the manifest.
    known = load_state(machine.store).known if selection is not None else None
    meant = predicate(selection, machine.desired, known)
    keys = _keys(machine.desired, meant, everything=selection is None)
    return asyncio.run(_check(machine, keys, meant))


def _keys(desired: "Manifest", meant: "Predicate", *, everything: bool) -> "Sequence[str]":
    """Return the instances that are meant; without a selection also those without clients."""
    if everything:
        return [key for key, instance in desired.instances.items() if instance.auth is not None]
    return sorted({address.instance for address in desired.clients if meant(address)})


async def _check(machine: "Adapters", keys: "Sequence[str]", meant: "Predicate") -> CheckReport:
    from reconciler.apply import check

    desired = machine.desired
    targets = [
        target
        for address, client in desired.clients.items()
        if meant(address)
        for target in desired.targets(client)
        if target.sink != STATE
    ]
    with machine.reaper() as keeper:
        async with machine.domo() as domo:
            instances = await check.instances(
                [desired.instances[key] for key in keys],
                domo=domo,
                credentials=machine.credentials(keeper),
                concurrency=machine.concurrency,
                now=machine.clock.now(),
            )
        sinks = await check.sinks(targets, sinks=machine.sinks(keeper))
    return CheckReport(instances=instances, sinks=sinks)
