"""Puts the adapters behind the ports of the commands that look and change nothing."""

from typing import TYPE_CHECKING

from reconciler.apply import check, verify
from reconciler.model.sink import StateTarget
from reconciler.operations.workspace import LoadedState
from reconciler.system.process_reaper import ProcessReaper

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.bootstrap import Machine
    from reconciler.plan.selection import Predicate


async def signed_in(
    machine: "Machine", ground: LoadedState, meant: "Predicate", *, sinks: frozenset[str]
) -> "Sequence[verify.SecretCheckResult]":
    """Sign in with every secret that may be read; `sinks` are those to be read back."""
    if ground.working is None:
        return ()
    desired, many = machine.desired, machine.concurrency
    reading = verify.SecretSources(
        desired=desired, sealing=machine.sealing(ground.identities), from_sinks=sinks
    )
    with ProcessReaper() as keeper:
        async with machine.domo() as domo:
            return await verify.verify(
                verify.trials(ground.working, reading, meant),
                prover=domo,
                reader=machine.sinks(keeper, concurrency=many),
                concurrency=many,
            )


async def forecast(
    machine: "Machine", keys: "Sequence[str]", meant: "Predicate"
) -> "tuple[Sequence[check.InstanceCheck], Sequence[check.SinkCheck]]":
    """Sign on to the instances of these keys, and probe the sinks of the clients that are meant."""
    desired = machine.desired
    targets = [
        target
        for address, client in desired.clients.items()
        if meant(address)
        for target in desired.targets(client)
        if not isinstance(target, StateTarget)
    ]
    with ProcessReaper() as keeper:
        async with machine.domo() as domo:
            instances = await check.instances(
                [desired.instances[key] for key in keys],
                domo=domo,
                credentials=machine.credentials(keeper),
                concurrency=machine.concurrency,
                now=machine.clock.now(),
            )
        return instances, await check.sinks(targets, sinks=machine.sinks(keeper))
