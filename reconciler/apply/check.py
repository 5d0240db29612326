"""A forecast: signs on to instances and lists their clients, and says what a run would trip over.

Nothing is changed. Whether a user may create is told by no request but a create; that the clients
of other users are shown is the nearest sign of it, and of a list that proves absence.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from reconciler.apply.events import Cause, cause_of
from reconciler.apply.signon import credential_of
from reconciler.model.errors import CredentialUnavailable, ReconcilerError, SignOnRefused
from reconciler.model.expiry import expiry
from reconciler.model.instance import Instance
from reconciler.model.sink import ExecTarget, FileTarget
from reconciler.ports import (
    CookieCredential,
    Credential,
    Credentials,
    Domo,
    Listing,
    PasswordCredential,
    Sinks,
    TokenCredential,
)


class SignOn(StrEnum):
    """How far a sign-on came."""

    UNTRIED = "untried"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    WORKS = "works"


class Sight(StrEnum):
    """Whose clients a list showed; `OWN` also where there are no others."""

    NOTHING = "nothing"
    OWN = "own"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceCheck:
    """What was found out about one instance; `cause` is why a run would fail there.

    `ends` is when its cookie or token ends, None where that does not say it.
    """

    key: str
    credential: bool = False
    sign_on: SignOn = SignOn.UNTRIED
    sight: Sight = Sight.NOTHING
    clients: int = 0
    ends: datetime | None = None
    cause: Cause | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkCheck:
    """What was found out about one sink; `cause` says which of its targets take no secret."""

    name: str
    targets: int
    cause: Cause | None = None


async def instances(
    chosen: Iterable[Instance], *, domo: Domo, credentials: Credentials, concurrency: int
) -> Sequence[InstanceCheck]:
    """Sign on to each instance, so many at once, and list its clients."""
    gate = asyncio.Semaphore(concurrency)

    async def look(instance: Instance) -> InstanceCheck:
        async with gate:
            return await _instance(instance, domo, credentials)

    return await asyncio.gather(*(look(each) for each in chosen))


async def _instance(instance: Instance, domo: Domo, credentials: Credentials) -> InstanceCheck:
    found = InstanceCheck(key=instance.key)
    try:
        credential = await credential_of(instance, credentials)
        found = replace(found, credential=True, ends=_ends(credential))
        async with domo.session(instance, credential) as session:
            if not isinstance(credential, TokenCredential):  # a token is judged by its first use
                found = replace(found, sign_on=SignOn.WORKS)
            listing = await session.list_clients()
    except ReconcilerError as error:
        return _failed(found, error)
    return replace(found, sign_on=SignOn.WORKS, sight=_sight(listing), clients=len(listing.clients))


def _failed(found: InstanceCheck, error: ReconcilerError) -> InstanceCheck:
    found = replace(found, cause=cause_of(error, found.key))
    match error:
        case CredentialUnavailable():
            return replace(found, credential=False)
        case SignOnRefused():
            return replace(found, sign_on=SignOn.REFUSED)
        case _ if found.sign_on is SignOn.WORKS:
            return found
        case _:
            return replace(found, sign_on=SignOn.UNREACHABLE)


def _sight(listing: Listing) -> Sight:
    if listing.would_show(owner=None, principal=None):
        return Sight.ALL
    return Sight.OWN if listing.clients else Sight.NOTHING


def _ends(credential: Credential) -> datetime | None:
    match credential:
        case PasswordCredential():
            return None
        case CookieCredential(dsidv1=secret) | TokenCredential(token=secret):
            return expiry(secret)
        case _:
            assert_never(credential)


async def sinks(targets: Iterable[FileTarget | ExecTarget], *, sinks: Sinks) -> Sequence[SinkCheck]:
    """Probe each sink with all of its targets; nothing is written that stays."""
    grouped: dict[str, list[FileTarget | ExecTarget]] = {}
    for each in targets:
        grouped.setdefault(each.sink, []).append(each)
    return [await _sink(name, grouped[name], sinks) for name in sorted(grouped)]


async def _sink(name: str, targets: list[FileTarget | ExecTarget], sinks: Sinks) -> SinkCheck:
    cause = None
    try:
        await sinks.probe(targets)
    except ReconcilerError as error:
        cause = Cause(code=error.code, message=error.message, hint=error.hint)
    return SinkCheck(name=name, targets=len(targets), cause=cause)
