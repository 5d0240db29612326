"""Puts the adapters behind the ports of the commands that look and change nothing."""

import os
from pathlib import Path
from random import SystemRandom
from typing import TYPE_CHECKING

from reconciler.apply import check, verify
from reconciler.cli.compose import known_in, sealing_of
from reconciler.cli.options import Reach
from reconciler.cli.runtime import Ground, SystemClock
from reconciler.model.secret import Met
from reconciler.model.sink import StateTarget

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.domo.adapter import DomoHttp
    from reconciler.model.desired import Desired
    from reconciler.plan.select import Predicate


def _domo(reach: Reach, met: Met) -> "DomoHttp":
    from reconciler.domo.adapter import DomoHttp

    return DomoHttp(clock=SystemClock(), rng=SystemRandom(), rate=reach.rate, met=met)


async def signed_in(
    desired: "Desired", ground: Ground, meant: "Predicate", *, sinks: frozenset[str], reach: Reach
) -> "Sequence[verify.Answer]":
    """Sign in with every secret that may be read; `sinks` are those to be read back."""
    from reconciler.sinks.router import LocalSinks
    from reconciler.system.keeper import Keeper

    if ground.working is None:
        return ()
    reading = verify.Reading(
        desired=desired, sealing=sealing_of(desired, ground.identities), from_sinks=sinks
    )
    met = known_in(ground.working)
    root, hidden, many = Path(desired.root), desired.environment_names(), reach.concurrency
    with Keeper() as keeper:
        reader = LocalSinks(root, os.environ, hidden, keeper=keeper, met=met, concurrency=many)
        async with _domo(reach, met) as domo:
            return await verify.verify(
                verify.trials(ground.working, reading, meant),
                prover=domo,
                reader=reader,
                concurrency=many,
            )


async def forecast(
    desired: "Desired", keys: "Sequence[str]", meant: "Predicate", *, reach: Reach
) -> "tuple[Sequence[check.InstanceCheck], Sequence[check.SinkCheck]]":
    """Sign on to the instances of these keys, and probe the sinks of the clients that are meant."""
    from reconciler.credentials.resolver import LocalCredentials
    from reconciler.sinks.router import LocalSinks
    from reconciler.system.keeper import Keeper

    met = Met()
    root, hidden = Path(desired.root), desired.environment_names()
    targets = [
        target
        for address, client in desired.clients.items()
        if meant(address)
        for target in desired.targets(client)
        if not isinstance(target, StateTarget)
    ]
    with Keeper() as keeper:
        async with _domo(reach, met) as domo:
            instances = await check.instances(
                [desired.instances[key] for key in keys],
                domo=domo,
                credentials=LocalCredentials(root, os.environ, hidden, keeper=keeper, met=met),
                concurrency=reach.concurrency,
            )
        sinks = LocalSinks(root, os.environ, hidden, keeper=keeper, met=met)
        return instances, await check.sinks(targets, sinks=sinks)
