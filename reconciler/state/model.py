"""What the state file says: one entry for each address that the tool manages."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from reconciler.model.address import Address
from reconciler.model.client import Delivery, OnRemove
from reconciler.model.leftover import Leftover
from reconciler.model.ownership_mark import split_mark
from reconciler.model.secret import Secret
from reconciler.model.sink import STATE, recorded_file

VERSION: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """A plain secret; only if the manifest asks for no encryption."""

    secret: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A secret as an age message (armored), bound to its client id; it cannot be opened here.

    `recipients` are those that it is sealed to, in canonical form; empty if they are not recorded.
    """

    text: str
    recipients: tuple[str, ...] = ()


StoredSecret = Plain | Sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkDelivery:
    """A sink has the secret: `target` says which file or command it was, `at` is a UTC stamp.

    `digest` is the fingerprint of the client id and the secret, None if none was recorded.
    """

    target: str
    at: str
    digest: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retiring:
    """A predecessor that keeps working until its successor is delivered and the overlap is over.

    `overlap` is in seconds and was fixed when the successor was made.
    """

    live_name: str
    client_id: str
    id: int | None
    owner: int | None
    scope: tuple[str, ...]
    nonce: str | None = None
    overlap: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One managed client.

    `id` is the numeric id, None until a list has shown it. `owner` is Domo's user id. `nonce` is
    the second part of the ownership mark, None for an adopted client. `sinks` are the names asked
    for when it was made, `delivered` those that have the secret. `secret` is None if another
    sink has it, if it is in a journal, or if it is unknown. `protect`, `on_remove` and
    `overlap` (seconds) are those last applied: they hold when the client leaves the manifest.
    `unproved` records that the secret has not signed in yet, so no predecessor may be revoked.
    `live_scope` is the scope that lists showed after the create, () if it is the one asked for.
    """

    domain: str
    live_name: str
    client_id: str
    scope: tuple[str, ...]
    created_at: str
    sinks: tuple[str, ...]
    id: int | None = None
    owner: int | None = None
    description: str = ""
    nonce: str | None = None
    adopted: bool = False
    delivered: Mapping[str, SinkDelivery] = field(default_factory=dict)
    secret: StoredSecret | None = None
    protect: bool = False
    on_remove: OnRemove = "keep"
    overlap: float = 0.0
    retiring: tuple[Retiring, ...] = ()
    unproved: bool = False
    live_scope: tuple[str, ...] = ()

    @property
    def waiting(self) -> tuple[str, ...]:
        """Return the sinks that do not have the secret yet, in their order."""
        return tuple(sink for sink in self.sinks if sink not in self.delivered)

    @property
    def delivered_at(self) -> str | None:
        """Return when the last of its sinks got the secret, None while one of them waits."""
        if self.waiting or not self.delivered:
            return None
        return max((self.delivered[sink].at for sink in self.sinks), default=None)

    @property
    def files(self) -> tuple[str, ...]:
        """Return the recorded targets that are files, by the name of their sink."""
        recorded = (each.target for _, each in sorted(self.delivered.items()))
        return tuple(each for each in recorded if recorded_file(each) is not None)

    @property
    def keeps_secret(self) -> bool:
        """Say whether the state is one of its sinks, so that the secret stays in it."""
        return STATE in self.sinks


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAction:
    """An action of a plan that is not done yet: its kind, and the digest of its content.

    `asked` is the client id whose rotation a command asked for: the next plan continues it.
    It is None for what the manifest asks for.
    """

    address: Address
    kind: str
    digest: str
    asked: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPlan:
    """A plan that is being applied, or was not applied to its end.

    `order` are the instances with changes, as the waves took them; `definitions` are digests of
    what each of them talks to. `actions` are those that are left. An instance whose part was
    skipped has no definition, and its actions have the digest of that part as it was reviewed.
    """

    plan_id: str
    order: tuple[str, ...]
    definitions: Mapping[str, str]
    actions: tuple[OpenAction, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The document: `lineage` is a UUID for its life, `serial` grows by one at each write.

    `leftovers` are secret files that no delivery of a client names any more.
    """

    lineage: str
    serial: int = 0
    clients: Mapping[Address, Entry] = field(default_factory=dict)
    open_plan: OpenPlan | None = None
    leftovers: tuple[Leftover, ...] = ()


def delivery_of(address: Address, entry: Entry, secret: Secret) -> Delivery:
    """Return what a sink receives of a client."""
    return Delivery(
        address=address,
        domain=entry.domain,
        live_name=entry.live_name,
        description=split_mark(entry.description)[0],
        scope=entry.scope,
        client_id=entry.client_id,
        client_secret=secret,
        created_at=entry.created_at,
    )


def without_secrets_absent_from(previous: State, current: State) -> State:
    """Return `previous` without the secrets that `current` does not hold, for a backup."""
    kept = {each.client_id: each.secret for each in current.clients.values()}
    clients = {
        address: entry
        if entry.secret is None or _same(entry.secret, kept.get(entry.client_id))
        else replace(entry, secret=None)
        for address, entry in previous.clients.items()
    }
    return replace(previous, clients=clients)


def _same(old: StoredSecret, new: StoredSecret | None) -> bool:
    if isinstance(old, Plain):
        return isinstance(new, Plain) and old.secret.same_as(new.secret)
    return old == new
