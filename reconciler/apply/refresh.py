"""List many instances concurrently, for a plan with their real clients; this changes nothing."""

import asyncio
from collections.abc import Iterable

from reconciler.apply.events import cause_of
from reconciler.apply.sign_on import credential_of
from reconciler.model.errors import ReconcilerError
from reconciler.model.manifest import Manifest
from reconciler.plan.observation import InstanceListed, InstanceUnreachable, Observation
from reconciler.ports import Credentials, Domo
from reconciler.state.model import State


async def observe(
    desired: Manifest,
    state: State | None,
    keys: Iterable[str],
    *,
    domo: Domo,
    credentials: Credentials,
    concurrency: int,
) -> Observation:
    """Sign on to the instances of these keys and list their clients.

    The result contains the reason for each instance that could not be listed; such a failure does
    not affect the other instances.
    """
    owners: dict[str, set[int | None]] = {}
    for address, entry in (state.clients if state is not None else {}).items():
        met = owners.setdefault(address.instance, {entry.owner})
        met.update(old.owner for old in entry.retiring)
        met.add(entry.owner)
    gate = asyncio.Semaphore(concurrency)

    async def look(key: str) -> InstanceListed | InstanceUnreachable:
        instance = desired.instances[key]
        try:
            async with gate:
                credential = await credential_of(instance, credentials)
                async with domo.session(instance, credential) as session:
                    listing = await session.list_clients()
        except ReconcilerError as error:
            cause = cause_of(error, key)
            return InstanceUnreachable(message=cause.message, code=cause.code, hint=cause.hint)
        shown = (
            o for o in owners.get(key, ()) if listing.proves_absence_of(owner=o, principal=None)
        )
        return InstanceListed(
            clients=listing.clients,
            proves=frozenset(shown),
            missing=listing.missing,
            domain=instance.domain,
        )

    chosen = sorted(keys)
    answers = await asyncio.gather(*(look(key) for key in chosen))
    return Observation(instances=dict(zip(chosen, answers, strict=True)))
