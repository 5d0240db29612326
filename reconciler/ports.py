"""What the engine needs from the outside: each Protocol is a contract for both of its sides.

The engine knows these and no adapter. Every adapter passes its port's suite in `tests/contract/`.
"""

from collections.abc import Iterable, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from reconciler.model.client import Delivery, ListedClient
from reconciler.model.client_name import form
from reconciler.model.instance import Instance
from reconciler.model.leftover import Fate, Leftover
from reconciler.model.reference import CredentialRef
from reconciler.model.secret import Secret
from reconciler.model.sink import ExecTarget, FileTarget
from reconciler.state.journal_records import Header, Record
from reconciler.state.model import Sealed, State, StoredSecret


class Clock(Protocol):
    """Time: the only place where the engine reads it or lets it pass."""

    def now(self) -> datetime:
        """Return the current UTC instant."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never run backwards."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Let `seconds` pass."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordCredential:
    """What a direct sign-on sends."""

    email: str
    password: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class CookieCredential:
    """What an SSO sign-on sends: a cookie's value, and its name."""

    dsidv1: Secret
    name: str = "_dsidv1"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenCredential:
    """What stands in for a session."""

    token: Secret


Credential = PasswordCredential | CookieCredential | TokenCredential


class Credentials(Protocol):
    """Resolves references; nothing is resolved before it is asked for, and nothing is kept."""

    async def resolve(self, reference: CredentialRef) -> Secret:
        """Return the value, less one trailing newline.

        Raises:
            CredentialUnavailable: unset, missing, empty, failed or timed out.

        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The clients that an instance showed. `missing` is why it is incomplete, or "".

    `user` is Domo's id of the user who asked, None if an access token does not show it.
    """

    clients: tuple[ListedClient, ...]
    principal: str
    user: int | None
    missing: str = ""

    def named(self, name: str) -> ListedClient | None:
        """Return the client of that live name in any spelling; names are unique in an instance."""
        return next((each for each in self.clients if form(each.name) == form(name)), None)

    def would_show(self, *, owner: int | None, principal: str | None) -> bool:
        """Return whether a complete list of this user shows a client of that owner.

        It does for the owner, the principal of the create, and a user who sees others' clients.
        """
        owners = {each.owner for each in self.clients if each.owner is not None}
        if self.missing or (owner is not None and (owner == self.user or owner in owners)):
            return not self.missing
        asked = principal is not None and principal == self.principal
        return asked or len(owners) > 1 or (self.user is not None and bool(owners - {self.user}))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCreated:
    """Domo created the client; `name`, `description` and `scope` are what it repeats."""

    client_id: str
    secret: Secret
    owner: int | None = None
    id: int | None = None
    name: str | None = None
    description: str | None = None
    scope: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Failure:
    """Why a request failed; `request` is its method, host and path."""

    reason: str
    request: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _ChangeFailure(_Failure):
    """Why a change is not done: `status` is None if no request was answered, `hint` a remedy."""

    status: int | None = None
    hint: str | None = None


class NotApplied(_ChangeFailure):
    """Nothing was made, for sure: the request was refused, or never left."""


class Ambiguous(_ChangeFailure):
    """A client may or may not have been made, or ended: only a list tells. Never post again."""


CreateOutcome = ClientCreated | NotApplied | Ambiguous


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRevoked:
    """The client is revoked: 204."""


RevokeOutcome = ClientRevoked | NotApplied | Ambiguous


@dataclass(frozen=True, slots=True, kw_only=True)
class Valid:
    """The secret signed in."""


class Invalid(_Failure):
    """Domo refused the secret: 401, or `invalid_client`."""


class Inconclusive(_Failure):
    """No answer that says either; the secret may work."""


ProofOutcome = Valid | Invalid | Inconclusive


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCredentials:
    """What somebody signs in with: does it work?"""

    client_id: str
    secret: Secret
    scope: tuple[str, ...]


class Prover(Protocol):
    """Finds out whether secrets work; no instance is signed on to."""

    async def prove(self, instance: Instance, claim: ClientCredentials) -> ProofOutcome:
        """Sign in with a client's secret; retried as that is harmless."""
        ...


class Session(Protocol):
    """One instance, signed on to; `principal` is the same for the same user or token.

    `user` is None until it is known (an access token shows it with the first create).
    """

    @property
    def user(self) -> int | None:
        """Return the id of the user who signed on."""

    @property
    def principal(self) -> str:
        """Return the name of the credential."""

    async def list_clients(self) -> Listing:
        """Return every client that this user sees; retried as reading is safe.

        Raises:
            SignOnRefused: the session ended and signing on again was refused.
            Unreachable: no usable answer within the deadline.

        """

    async def token_ends(self) -> Sequence[datetime | None]:
        """Return when the access tokens end that the instance shows to one; no list, no ends.

        None is an end that the list does not show. The list does not show which token is in use.
        """

    async def create(self, *, name: str, description: str, scope: tuple[str, ...]) -> CreateOutcome:
        """Send one create; only what certainly made nothing (429, refused) is sent again."""

    async def revoke(self, numeric_id: int) -> RevokeOutcome:
        """Send one revoke of a numeric id that a list of this run has shown."""

    async def prove(
        self, *, client_id: str, secret: Secret, scope: tuple[str, ...]
    ) -> ProofOutcome:
        """Sign in with a client's secret."""


class Domo(Protocol):
    """Signs on to instances."""

    def session(
        self, instance: Instance, credential: Credential
    ) -> AbstractAsyncContextManager[Session]:
        """Sign on, once; leaving the context ends it here, not at Domo.

        Raises:
            SignOnRefused: the credential was refused; it is never sent a second time.
            Unreachable: no usable answer within the deadline.

        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBack:
    """What a sink gave back; `client_id` is None where it holds the secret alone."""

    client_id: str | None
    secret: Secret


class SinkReader(Protocol):
    """Reads back what a sink was given."""

    async def read(self, target: FileTarget | ExecTarget) -> ReadBack:
        """Return what a consumer would find there.

        Raises:
            SinkUnreadable: it holds nothing, or nothing that can be used.

        """
        ...


class Sinks(SinkReader, Protocol):
    """Puts a secret where the manifest says."""

    async def probe(self, targets: Iterable[FileTarget | ExecTarget]) -> None:
        """Check that each target can take a secret; writes nothing that stays, runs no command.

        Raises:
            SinkFailed: with every target that cannot, and why.

        """
        ...

    async def deliver(self, target: FileTarget | ExecTarget, delivery: Delivery) -> None:
        """Put the secret there; doing it again is harmless.

        Raises:
            SinkFailed: it is not certain that the target has it.

        """
        ...

    async def sweep(self, files: Sequence[tuple[Leftover, bool]]) -> Sequence[Fate]:
        """Look at each leftover; remove those that are marked if they are provably unchanged."""


class Sealing(Protocol):
    """Makes a secret fit to be kept."""

    def keep(self, *, client_id: str, secret: Secret) -> StoredSecret:
        """Seal to the manifest's recipients, bound to the client id; plain where there are none."""
        ...

    def open(self, *, client_id: str, sealed: Sealed) -> Secret | None:
        """Return the secret; None where no identity at hand opens it.

        Raises:
            StateRefused: it opens, but belongs to another client id.

        """
        ...


class Journal(Protocol):
    """One run's journal file. It comes into being with its first record."""

    async def append(self, *records: Record) -> None:
        """Return once the records are durable; tasks that append at once share an fsync.

        Raises:
            StateUnwritable: they may or may not be durable.

        """
        ...

    def close(self, unrecorded: Sequence[Record]) -> None:
        """Keep only `unrecorded`, atomically; the file is removed where there are none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftoverJournal:
    """A journal that an earlier run left. `torn` says that its last line was cut off."""

    path: str
    header: Header
    records: tuple[Record, ...]
    torn: bool = False


class StateStore(Protocol):
    """Where the state lives, with its backup, its lock and its journals."""

    def read(self) -> State | None:
        """Return the state; None where there is none yet.

        Raises:
            StateRefused: corrupt, truncated or newer.

        """
        ...

    def write(self, state: State, *, replacing: State | None) -> None:
        """Write durably and atomically; what is there must still be `replacing` (None: nothing).

        Raises:
            StateRefused: another lineage or serial is there; it is not overwritten.
            StateUnwritable: the disk refused; what was there is intact.

        """
        ...

    def lock(self, *, purpose: str, timeout: float) -> AbstractContextManager[None]:
        """Hold the only writer's lock; waits `timeout` seconds.

        Raises:
            LockHeld: naming who holds it, where, since when and for what.

        """
        ...

    def journals(self, lineage: str | None) -> Sequence[LeftoverJournal]:
        """Return what earlier runs left, oldest first.

        Raises:
            StateRefused: a journal is corrupt before its last line, newer, or of another lineage.

        """
        ...

    def journal(self, header: Header) -> Journal:
        """Return the journal of this run."""
        ...

    def rescue(self, header: Header, records: Sequence[Record]) -> str:
        """Write records that the run's journal did not take into a journal file of their own.

        Returns its path; later runs read it like any other journal that was left.

        Raises:
            StateUnwritable: the disk does not take that either.

        """
        ...

    def discard(self, journals: Sequence[LeftoverJournal]) -> None:
        """Remove journals whose every record this run has taken over or the state holds."""
        ...

    def rewrite(self, journal: LeftoverJournal, records: Sequence[Record]) -> None:
        """Let a left journal say these records alone, atomically; with none of them it is removed.

        Raises:
            StateUnwritable: it says what it said.

        """
        ...
