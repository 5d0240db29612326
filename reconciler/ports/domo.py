"""Domo: sessions on instances, and what they list, create, revoke and prove."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from reconciler.model.client import ListedClient
from reconciler.model.client_name import form
from reconciler.model.instance import Instance
from reconciler.model.secret import Secret
from reconciler.ports.credentials import Credential


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

    def proves_absence_of(self, *, owner: int | None, principal: str | None) -> bool:
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
    """Why a change was not done. `status` is None if there was no answer; `hint` is a remedy."""

    status: int | None = None
    hint: str | None = None


class NotApplied(_ChangeFailure):
    """The request certainly changed nothing: Domo refused it, or it was never sent."""


class Ambiguous(_ChangeFailure):
    """The outcome is unknown; only a list of the clients shows it. Never send the request again."""


CreateOutcome = ClientCreated | NotApplied | Ambiguous


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRevoked:
    """The client is revoked: 204."""


RevokeOutcome = ClientRevoked | NotApplied | Ambiguous


@dataclass(frozen=True, slots=True, kw_only=True)
class Valid:
    """Domo accepted the secret."""


class Invalid(_Failure):
    """Domo refused the secret: 401, or `invalid_client`."""


class Inconclusive(_Failure):
    """There was no usable answer; the secret may work."""


ProofOutcome = Valid | Invalid | Inconclusive


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCredentials:
    """The id, secret and scope of a client, to sign in with."""

    client_id: str
    secret: Secret
    scope: tuple[str, ...]


class Prover(Protocol):
    """Finds out whether secrets work, without a session on an instance."""

    async def prove(self, instance: Instance, claim: ClientCredentials) -> ProofOutcome:
        """Sign in with a client's secret. The adapter may retry: a sign-in changes nothing."""
        ...


class Session(Protocol):
    """A session on one instance.

    The engine calls one method at a time. No method raises for a refused or unanswered change: the
    outcome is a value, because the engine must record it before anything else happens.
    """

    @property
    def user(self) -> int | None:
        """Return Domo's id of the user who signed on.

        None until it is known: an access token shows it with the first create.
        """
        ...

    @property
    def principal(self) -> str:
        """Return a name of the credential that is the same for the same user or token."""
        ...

    async def list_clients(self) -> Listing:
        """Return every client that this user sees. The adapter may retry: reading is safe.

        Raises:
            SignOnRefused: the session ended and Domo refused to renew it.
            Unreachable: no usable answer within the deadline.

        """
        ...

    async def token_ends(self) -> Sequence[datetime | None]:
        """Return when the user's access tokens expire; empty if the instance lists none.

        None is an expiry that the list does not show. The list does not show which token is in use.
        """
        ...

    async def create(self, *, name: str, description: str, scope: tuple[str, ...]) -> CreateOutcome:
        """Send one create. The adapter repeats it only after an answer that rules out a client."""
        ...

    async def revoke(self, numeric_id: int) -> RevokeOutcome:
        """Revoke the client with this numeric id, which a list of this run has shown."""
        ...

    async def prove(
        self, *, client_id: str, secret: Secret, scope: tuple[str, ...]
    ) -> ProofOutcome:
        """Sign in with a client's secret."""
        ...


class Domo(Protocol):
    """Signs on to instances."""

    def session(
        self, instance: Instance, credential: Credential
    ) -> AbstractAsyncContextManager[Session]:
        """Sign on once. Leaving the context discards the session here; it stays valid at Domo.

        Raises:
            SignOnRefused: Domo refused the credential. It is never sent a second time, because
                repeated refusals lock accounts.
            Unreachable: no usable answer within the deadline.

        """
        ...
