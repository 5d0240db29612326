"""What a run writes to its journal, before and after each thing that it does.

An attempt to make a client is named by its nonce. Its life is `Intent`, then either `Created`
and a `Delivered` for each sink, or `NotCreated` (a list proved that nothing was made), `RolledBack`
(it was made, its secret never arrived, and it was revoked again) or `Abandoned` (an operator
ended it by hand). What a record changes is in `reconciler.state.working_state`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from reconciler.model.address import Address
from reconciler.model.client import OnRemove
from reconciler.state.model import Retiring, StoredSecret

VERSION: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The first record of a run's journal; `serial` is that of the state when the run began."""

    run: str
    lineage: str
    serial: int
    plan_id: str
    at: str
    version: int = VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A `POST` is about to be sent.

    `predecessor` is the client id that the address had, None for a first create. `owner` is the
    user who asks, if known; `principal` distinguishes credentials if the user is not known.
    `orphan` is a client with our mark that the state does not know, and that this one succeeds.
    """

    address: Address
    nonce: str
    domain: str
    live_name: str
    scope: tuple[str, ...]
    sinks: tuple[str, ...]
    at: str
    principal: str
    owner: int | None = None
    description: str = ""
    predecessor: str | None = None
    marked: bool = True
    protect: bool = False
    on_remove: OnRemove = "keep"
    overlap: float = 0.0
    orphan: Retiring | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """Domo created the client; here is its secret. `id` is None if the answer lacked it.

    `taken` records that the client id is another client's, or may be: the secret is kept, and
    nothing else follows from the id. A second record without it says that the secret signed in.
    """

    nonce: str
    client_id: str
    secret: StoredSecret
    at: str
    owner: int | None = None
    id: int | None = None
    taken: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """A sink has the secret of `client_id`; `proved` if the secret has signed in before.

    `digest` is the fingerprint of the client id and the secret.
    """

    address: Address
    client_id: str
    sink: str
    target: str
    at: str
    proved: bool | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotCreated:
    """A list proved that the attempt created nothing."""

    nonce: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RolledBack:
    """The attempt created a client whose secret never arrived; the client is revoked."""

    nonce: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoked:
    """A client that the state knew is revoked, or a list showed that it is gone."""

    address: Address
    client_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Abandoned:
    """An operator ended an attempt (`nonce`) or an orphan (its `client_id`) by hand."""

    key: str
    how: Literal["revoked", "abandon", "output"]


Record = Intent | Created | Delivered | NotCreated | RolledBack | Revoked | Abandoned


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedRecord:
    """A client that an attempt made, and the sinks that have its secret."""

    intent: Intent
    created: Created
    delivered: tuple[Delivered, ...] = ()

    @property
    def key(self) -> str:
        """Return its client id, or its nonce if another client has that id."""
        return self.intent.nonce if self.created.taken else self.created.client_id

    def records(self) -> Iterator[Record]:
        """Yield the records that say all of it again."""
        yield self.intent
        yield self.created
        yield from self.delivered
