"""Sign in with every secret that may be read, and report which clients work."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from reconciler.apply.events import cause_of
from reconciler.model.address import Address
from reconciler.model.errors import ReconcilerError
from reconciler.model.instance import Instance
from reconciler.model.manifest import Manifest
from reconciler.model.secret import Secret
from reconciler.model.sink import STATE, Reading, SinkDefinition, SinkTarget
from reconciler.plan.selection import Predicate
from reconciler.ports import (
    ClientCredentials,
    Inconclusive,
    Invalid,
    Prover,
    Sealing,
    SinkReader,
    Valid,
)
from reconciler.state.model import Entry, Plain, State
from reconciler.state.working_state import WorkingState

JOURNAL: Final = "journal"
"""The place of a secret that no state file has yet."""


class Finding(StrEnum):
    """The result for a secret in one place, the worst first.

    `UNKNOWN` is a secret that cannot be read here by design, so it is no failure. The others except
    `WORKS` need attention.
    """

    REFUSED = "refused"
    STALE = "stale"
    UNREADABLE = "unreadable"
    UNPROVEN = "unproven"
    UNKNOWN = "unknown"
    WORKS = "works"

    @property
    def fails(self) -> bool:
        """Return whether this place lacks a secret that works."""
        return self not in (Finding.WORKS, Finding.UNKNOWN)


class Seal(StrEnum):
    """Whether a secret was sealed, and whether a given identity opened it."""

    NONE = "none"
    OPENED = "opened"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretCheckResult:
    """The result for the secret of a client in one place; `reason` is a phrase."""

    address: Address
    place: str
    finding: Finding
    reason: str = ""
    hint: str | None = None
    seal: Seal = Seal.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretCheck:
    """A secret to sign in with. `source` is the secret, or the target to read it from."""

    address: Address
    place: str
    instance: Instance
    entry: Entry
    source: Secret | SinkTarget
    reading: Reading = Reading.ALWAYS
    seal: Seal = Seal.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretSources:
    """What may be read: `from_sinks` are sinks that are read on request only."""

    desired: Manifest
    sealing: Sealing
    from_sinks: frozenset[str] = frozenset()


def trials(
    working: WorkingState, reading: SecretSources, meant: Predicate
) -> Iterator[SecretCheck | SecretCheckResult]:
    """Yield the secrets of each selected client, or the reason why a secret cannot be read."""
    for address, entry in sorted(working.clients.items()):
        if meant(address):
            yield from _of_client(working, reading, address, entry)


def _of_client(
    working: WorkingState, reading: SecretSources, address: Address, entry: Entry
) -> Iterator[SecretCheck | SecretCheckResult]:
    instance = reading.desired.instances.get(address.instance)
    if instance is None:
        yield _unknown(address, "", "its instance is not in the manifest")
        return
    found = [
        *_kept(working, reading, address, entry, instance),
        *_delivered(reading, address, entry, instance),
    ]
    if not found:
        reason = "adopted: the secret was created elsewhere" if entry.adopted else "no place has it"
        hint = "`reconciler rotate ADDRESS` creates a client with a known one"
        found = [
            SecretCheckResult(
                address=address, place="", finding=Finding.UNKNOWN, reason=reason, hint=hint
            )
        ]
    yield from found


def _kept(
    working: WorkingState,
    reading: SecretSources,
    address: Address,
    entry: Entry,
    instance: Instance,
) -> Iterator[SecretCheck | SecretCheckResult]:
    kept = working.secret_of(entry.client_id, entry)
    if kept is None:
        return
    try:
        secret = (
            kept.secret
            if isinstance(kept, Plain)
            else reading.sealing.open(client_id=entry.client_id, sealed=kept)
        )
    except ReconcilerError as error:
        yield SecretCheckResult(
            address=address,
            place=STATE,
            finding=Finding.UNREADABLE,
            reason=error.message,
            hint="put the state's file back from version control, or rotate the client",
        )
        return
    if secret is None:
        hint = "--identity FILE names the private key of one of its recipients"
        yield replace(_unknown(address, STATE, "sealed", hint), seal=Seal.CLOSED)
    else:
        yield SecretCheck(
            address=address,
            place=STATE,
            instance=instance,
            entry=entry,
            source=secret,
            seal=Seal.NONE if isinstance(kept, Plain) else Seal.OPENED,
        )


def _delivered(
    reading: SecretSources, address: Address, entry: Entry, instance: Instance
) -> Iterator[SecretCheck | SecretCheckResult]:
    """Yield the sinks that have the secret, if the manifest has not changed them since."""
    known = tuple(sink for sink in entry.delivered if sink in reading.desired.sinks)
    targets = dict(zip(known, reading.desired.targets_of(address, known), strict=True))
    for sink, reached in sorted(entry.delivered.items()):
        if sink == STATE:
            continue
        target, place = targets.get(sink), reached.target
        if target is None or str(target) != place:
            yield SecretCheckResult(
                address=address,
                place=place,
                finding=Finding.UNREADABLE,
                reason=f"not verified: sink {sink} is another one in the manifest",
                hint="`reconciler plan` shows what happens to the secret",
            )
            continue
        definition = reading.desired.sinks[sink]
        if definition.reading is Reading.ALWAYS or sink in reading.from_sinks:
            yield SecretCheck(
                address=address,
                place=place,
                instance=instance,
                entry=entry,
                source=target,
                reading=definition.reading,
            )
        else:
            yield _unknown(
                address, place, f"only its {definition.noun} knows", _how(definition, sink)
            )
    yield from _undelivered(reading, address, entry)


def _undelivered(
    reading: SecretSources, address: Address, entry: Entry
) -> Iterator[SecretCheckResult]:
    """Yield the sinks that the manifest wants and that never had the secret."""
    wanted = reading.desired.clients.get(address)
    if wanted is None or (entry.adopted and not entry.delivered):
        return
    for target in reading.desired.targets(wanted):
        if target.sink != STATE and target.sink not in entry.delivered:
            yield SecretCheckResult(
                address=address,
                place=str(target),
                finding=Finding.UNREADABLE,
                reason=f"not verified: sink {target.sink} does not have the secret yet",
                hint="`reconciler plan` shows what happens to the secret",
            )


def _how(definition: SinkDefinition, sink: str) -> str:
    if definition.reading is Reading.ON_REQUEST:
        return f"--from-sink '{sink}' reads it back"
    return f"sink {sink}: {definition.reading_hint}"


def _unknown(
    address: Address, place: str, reason: str, hint: str | None = None
) -> SecretCheckResult:
    return SecretCheckResult(
        address=address, place=place, finding=Finding.UNKNOWN, reason=reason, hint=hint
    )


def with_location(
    answers: Sequence[SecretCheckResult], working: WorkingState | None, written: State | None
) -> Sequence[SecretCheckResult]:
    """Add the location to each secret that is only in a journal."""
    clients = working.clients if working is not None else {}
    having = {
        address
        for address, entry in (written.clients if written is not None else {}).items()
        if entry.secret is not None
        and address in clients
        and clients[address].client_id == entry.client_id
    }
    return [
        replace(each, place=JOURNAL) if each.place == STATE and each.address not in having else each
        for each in answers
    ]


def with_identity_errors(
    answers: Sequence[SecretCheckResult], identities: Sequence[str]
) -> Sequence[SecretCheckResult]:
    """Add the identity files to each secret that none of them opened.

    If they open no secret at all, they are the wrong ones: the request was not fulfilled.
    """
    if not identities:
        return answers
    useful = any(each.seal is Seal.OPENED for each in answers)
    names = "" if useful else f": {', '.join(dict.fromkeys(identities))}"
    return [
        replace(
            each,
            finding=each.finding if useful else Finding.UNREADABLE,
            reason=f"no identity given opens it{names}",
            hint="it was sealed to other recipients: name the private key of one of them",
        )
        if each.seal is Seal.CLOSED
        else each
        for each in answers
    ]


async def verify(
    asked: Iterable[SecretCheck | SecretCheckResult],
    *,
    prover: Prover,
    reader: SinkReader,
    concurrency: int,
) -> Sequence[SecretCheckResult]:
    """Sign in with each secret, with limited concurrency; pass results without a request on."""
    found: list[SecretCheckResult] = []
    waiting = iter(asked)

    async def work() -> None:
        for each in waiting:
            answer = (
                each if isinstance(each, SecretCheckResult) else await _tried(each, prover, reader)
            )
            found.append(answer)

    await asyncio.gather(*(work() for _ in range(concurrency)))
    return sorted(found, key=lambda each: (each.address, each.place))


_AGAIN: Final = (
    "`reconciler rotate ADDRESS` creates and delivers a new one; `reconciler output ADDRESS` prints"
    " one that the state contains"
)


async def _tried(trial: SecretCheck, prover: Prover, reader: SinkReader) -> SecretCheckResult:
    source = trial.source
    if isinstance(source, Secret):
        return await _proved(trial, source, prover)
    try:
        held = await reader.read(source)
    except ReconcilerError as error:
        cause = cause_of(error, trial.address.instance)
        hint = _AGAIN if trial.reading is Reading.ALWAYS else cause.hint
        return _answer(trial, Finding.UNREADABLE, cause.message, hint)
    if held.client_id not in (None, trial.entry.client_id):
        hint = (
            "a state restored from a backup may lack that client: `reconciler plan --refresh`"
            " names it; otherwise another program wrote there"
        )
        return _answer(trial, Finding.STALE, "it holds the secret of another client", hint)
    return await _proved(trial, held.secret, prover)


async def _proved(trial: SecretCheck, secret: Secret, prover: Prover) -> SecretCheckResult:
    entry = trial.entry
    claim = ClientCredentials(client_id=entry.client_id, secret=secret, scope=entry.scope)
    match await prover.prove(trial.instance, claim):
        case Valid():
            return _answer(trial, Finding.WORKS)
        case Invalid(reason=reason):
            hint = (
                "`plan --refresh` shows whether it is gone; `reconciler rotate ADDRESS` replaces it"
            )
            return _answer(trial, Finding.REFUSED, reason, hint)
        case Inconclusive(reason=reason):
            hint = "check the network and the instance's `endpoints`, then run again"
            return _answer(trial, Finding.UNPROVEN, reason, hint)


def _answer(
    trial: SecretCheck, finding: Finding, reason: str = "", hint: str | None = None
) -> SecretCheckResult:
    return SecretCheckResult(
        address=trial.address,
        place=trial.place,
        finding=finding,
        reason=reason,
        hint=hint,
        seal=trial.seal,
    )
