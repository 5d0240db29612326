"""Forecast a run: sign on to instances, list their clients and probe sinks.

Nothing is changed. Only a real create shows whether the user may create clients: the grant is
independent, and a user who sees the clients of all users may lack it.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from reconciler.apply.events import Cause, cause_of
from reconciler.apply.sign_on import credential_of
from reconciler.model.errors import CredentialUnavailable, ReconcilerError, SignOnRefused
from reconciler.model.instance import Instance
from reconciler.model.jwt import expiry
from reconciler.model.sink import SinkTarget
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
    """The result of a sign-on."""

    UNTRIED = "untried"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    WORKS = "works"


class Sight(StrEnum):
    """Whose clients a list showed; `OWN` also if there are no others.

    This concerns lists only, and not what the user may create or revoke.
    """

    NOTHING = "nothing"
    OWN = "own"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceCheck:
    """The forecast for one instance; `cause` is the reason why a run would fail there.

    `method` is its sign-on method, "" if the manifest has no `auth`. `ends` is the end of the
    cookie or token, None if neither the value nor the instance shows it.
    """

    key: str
    method: str = ""
    credential: bool = False
    sign_on: SignOn = SignOn.UNTRIED
    sight: Sight = Sight.NOTHING
    clients: int = 0
    ends: datetime | None = None
    cause: Cause | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkCheck:
    """The forecast for one sink; `cause` describes the targets that cannot take a secret."""

    name: str
    targets: int
    cause: Cause | None = None


async def instances(
    chosen: Iterable[Instance],
    *,
    domo: Domo,
    credentials: Credentials,
    concurrency: int,
    now: datetime,
) -> Sequence[InstanceCheck]:
    """Sign on to each instance, with limited concurrency, and list its clients."""
    gate = asyncio.Semaphore(concurrency)

    async def look(instance: Instance) -> InstanceCheck:
        async with gate:
            return await _instance(instance, domo, credentials, now)

    return await asyncio.gather(*(look(each) for each in chosen))


async def _instance(
    instance: Instance, domo: Domo, credentials: Credentials, now: datetime
) -> InstanceCheck:
    method = instance.auth.method if instance.auth is not None else ""
    found = InstanceCheck(key=instance.key, method=method)
    try:
        credential = await credential_of(instance, credentials)
        found = replace(found, credential=True, ends=_ends(credential))
        async with domo.session(instance, credential) as session:
            if not isinstance(credential, TokenCredential):  # a token is tested by its first use
                found = replace(found, sign_on=SignOn.WORKS)
            listing = await session.list_clients()
            if found.ends is None:
                found = replace(found, ends=_only_end(await session.token_ends(), now))
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
    if listing.proves_absence_of(owner=None, principal=None):
        return Sight.ALL
    return Sight.OWN if listing.clients else Sight.NOTHING


def _only_end(ends: Sequence[datetime | None], now: datetime) -> datetime | None:
    """Return the end of the token in use, None if several tokens could be that one."""
    left = {each for each in ends if each is None or each > now}
    return left.pop() if len(left) == 1 else None


def _ends(credential: Credential) -> datetime | None:
    match credential:
        case PasswordCredential():
            return None
        case CookieCredential(dsidv1=secret) | TokenCredential(token=secret):
            return expiry(secret)
        case _:
            assert_never(credential)


async def sinks(targets: Iterable[SinkTarget], *, sinks: Sinks) -> Sequence[SinkCheck]:
    """Probe each sink with all of its targets; nothing that is written stays."""
    grouped: dict[str, list[SinkTarget]] = {}
    for each in targets:
        grouped.setdefault(each.sink, []).append(each)
    return [await _sink(name, grouped[name], sinks) for name in sorted(grouped)]


async def _sink(name: str, targets: list[SinkTarget], sinks: Sinks) -> SinkCheck:
    cause = None
    try:
        await sinks.probe(targets)
    except ReconcilerError as error:
        cause = Cause(code=error.code, message=error.message, hint=error.hint)
    return SinkCheck(name=name, targets=len(targets), cause=cause)
