"""Lists what instances really have."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.operations.adapters import Adapters
    from reconciler.plan.observation import Observation
    from reconciler.plan.selection import Selection
    from reconciler.state.model import State


async def observe(
    machine: "Adapters", known: "State | None", selection: "Selection | None"
) -> "Observation":
    """List the instances that the selection is about, many at once."""
    desired = machine.desired
    addresses = {*desired.clients, *(known.clients if known is not None else ())}
    addresses.update((selection.only if selection is not None else None) or ())
    keys = {
        each.instance
        for each in addresses
        if each.instance in desired.instances
        and (selection is None or selection.matches(each, desired.instances[each.instance].labels))
    }
    return await look_at(machine, known, keys)


async def look_at(
    machine: "Adapters", known: "State | None", keys: "Iterable[str]"
) -> "Observation":
    """List the instances of these keys, many at once."""
    from reconciler.apply import refresh

    with machine.reaper() as keeper:
        async with machine.domo() as domo:
            return await refresh.observe(
                machine.desired,
                known,
                keys,
                domo=domo,
                credentials=machine.credentials(keeper),
                concurrency=machine.concurrency,
            )
