"""A session on one instance: list, create, revoke, prove, and the meaning of each answer."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NoReturn

import httpx

from reconciler.domo import remedy, requests, responses, secret_check
from reconciler.domo.auth import Access, TokenAuth
from reconciler.domo.error_text import answer_message, describe_answer
from reconciler.domo.errors import UNSENT, called, hint_of, phrase, unreachable
from reconciler.model.client import ListedClient
from reconciler.model.errors import ReconcilerError, SignOnRefused, Unreachable
from reconciler.model.instance import Instance
from reconciler.model.secret import Secret
from reconciler.ports import (
    Ambiguous,
    ClientCreated,
    ClientCredentials,
    ClientRevoked,
    CreateOutcome,
    Listing,
    NotApplied,
    ProofOutcome,
    RevokeOutcome,
)

_NO_CONTENT: Final = 204
_NOT_FOUND: Final = 404


class HttpSession:
    """The port `Session` over one HTTP client."""

    def __init__(self, instance: Instance, *, client: httpx.AsyncClient, access: Access) -> None:
        self._instance = instance
        self._client = client
        self._access = access
        self._on_instance = isinstance(access, TokenAuth)

    @property
    def user(self) -> int | None:
        """Return the id of the user who signed on."""
        return self._access.user

    @property
    def principal(self) -> str:
        """Return the name of the credential."""
        return self._access.principal

    async def list_clients(self) -> Listing:
        """Return every client that this user sees.

        Raises:
            SignOnRefused: the session ended and signing on again was refused.
            Unreachable: no usable answer within the deadline.

        """
        page = await self._page()
        found, total, cut = list(page.clients), page.total, page.cut
        while not cut and _goes_on(page, len(found)):
            known = {_identity(each) for each in found}
            page = await self._page(offset=len(found), limit=page.limit or len(found))
            new = [each for each in page.clients if _identity(each) not in known]
            found += new
            # A page that repeats clients or has another total does not continue the list.
            cut = page.cut or len(new) < len(page.clients) or page.total != total
            if not new:
                cut = cut or total is not None
                break
        missing = _cut_phrase(len(found), total) if cut else ""
        return Listing(
            clients=tuple(found), principal=self.principal, user=self.user, missing=missing
        )

    async def _page(self, *, offset: int = 0, limit: int | None = None) -> responses.Page:
        request = requests.list_clients(self._instance, offset=offset, limit=limit)
        try:
            answer = await self._client.send(request, auth=self._access)
        except httpx.RequestError as failure:
            raise unreachable(self._instance.key, failure) from None
        try:
            return self._read(answer)
        except Unreachable as failure:
            failure.request = called(answer.request)
            raise

    def _read(self, answer: httpx.Response) -> responses.Page:
        self._check_allowed(answer)
        if answer.status_code in (_NO_CONTENT, _NOT_FOUND):
            # Both may mean "no clients"; a 404 may also come from elsewhere, so it proves nothing.
            return responses.Page(clients=(), cut=answer.status_code == _NOT_FOUND)
        if answer.status_code != 200:
            self._not_listed(answer)
        try:
            return responses.page(answer.content)
        except responses.Unusable as unusable:
            raise Unreachable(
                f"{self._instance.key}: the list of clients cannot be used: {unusable}"
                f"{self._bracketed(answer)}",
                hint=remedy.refused_list(self._instance, answer.status_code, ""),
            ) from None

    def _check_allowed(self, answer: httpx.Response) -> None:
        known = remedy.blocked(answer, answer_message(answer, self._access.hidden))
        if known is not None:
            raise Unreachable(
                f"{self._instance.key}: {known.what} ({self._refusal(answer)})", hint=known.hint
            )

    def _not_listed(self, answer: httpx.Response) -> NoReturn:
        text = answer_message(answer, self._access.hidden)
        raise Unreachable(
            f"{self._instance.key}: Domo does not list the clients: {self._refusal(answer)}",
            hint=remedy.refused_list(self._instance, answer.status_code, text),
        )

    async def token_ends(self) -> Sequence[datetime | None]:
        """Return the ends of the access tokens that the instance shows; none without a token."""
        if not isinstance(self._access, TokenAuth):
            return ()
        try:
            request = requests.list_access_tokens(self._instance)
            answer = await self._client.send(request, auth=self._access)
            return responses.token_ends(answer.content) if answer.status_code == 200 else ()
        except (httpx.RequestError, ReconcilerError, responses.Unusable):
            return ()  # the endpoint is not documented, and nothing depends on it

    async def create(self, *, name: str, description: str, scope: tuple[str, ...]) -> CreateOutcome:
        """Send one create; it is sent again only after a failure that certainly created nothing."""
        answer = await self._post(name=name, description=description, scope=scope)
        if not isinstance(answer, httpx.Response):
            return answer
        if answer.status_code not in {200, 201}:
            return self._not_done(answer, remedy.CREATE_GRANT)
        try:
            made = responses.made(answer.content)
        except responses.Unusable as unusable:
            known = remedy.blocked(answer, answer_message(answer, self._access.hidden))
            reason = f"{known.what if known else unusable}{self._bracketed(answer)}"
            hint = known.hint if known else None
            return Ambiguous(
                reason=reason, status=answer.status_code, hint=hint, request=called(answer.request)
            )
        self._learn_user(made)
        return made

    async def _post(
        self, *, name: str, description: str, scope: tuple[str, ...]
    ) -> httpx.Response | NotApplied | Ambiguous:
        """Ask the API host if there is a session, and the instance if that endpoint is retired."""
        if not self._on_instance:
            request = requests.create_with_session(
                self._instance, name=name, description=description, scope=scope
            )
            answer = await self._change(request)
            retired = isinstance(answer, httpx.Response) and answer.status_code in remedy.RETIRED
            if not retired:
                return answer
            # Such an answer created nothing, so asking the other endpoint cannot create twice.
            self._on_instance = True
        return await self._change(
            requests.create_on_instance(
                self._instance, name=name, description=description, scope=scope
            )
        )

    def _learn_user(self, made: ClientCreated) -> None:
        if isinstance(self._access, TokenAuth) and made.owner is not None:
            self._access.user = made.owner

    async def revoke(self, numeric_id: int) -> RevokeOutcome:
        """Send one revoke of a numeric id that a list of this run has shown."""
        answer = await self._change(requests.revoke(self._instance, numeric_id))
        if not isinstance(answer, httpx.Response):
            return answer
        if answer.status_code in {200, 204}:
            return ClientRevoked()
        return self._not_done(answer, remedy.MANAGE_GRANT)

    async def prove(
        self, *, client_id: str, secret: Secret, scope: tuple[str, ...]
    ) -> ProofOutcome:
        """Sign in with a client's secret."""
        claim = ClientCredentials(client_id=client_id, secret=secret, scope=scope)
        hidden = self._access.hidden
        return await secret_check.prove(self._instance, claim, client=self._client, hidden=hidden)

    async def _change(self, request: httpx.Request) -> httpx.Response | NotApplied | Ambiguous:
        """Send a change; return the answer, or whether the request can have taken effect."""
        try:
            return await self._client.send(request, auth=self._access)
        except httpx.RequestError as failure:
            at = called(failure.request)
            if isinstance(failure, UNSENT):
                return NotApplied(reason=phrase(failure), hint=hint_of(failure), request=at)
            if failure.request.url.path.endswith(requests.SIGN_ON_PATH):
                # The change was answered with 401 before this sign-on, so it did nothing.
                reason = f"signing on again: {phrase(failure)}"
                return NotApplied(reason=reason, status=401, request=at)
            return Ambiguous(reason=phrase(failure), hint=hint_of(failure), request=at)
        except ReconcilerError as refused:
            status = 401 if isinstance(refused, SignOnRefused) else None
            reason = refused.message.removeprefix(f"{self._instance.key}: ")
            return NotApplied(
                reason=reason, status=status, hint=refused.hint, request=refused.request
            )

    def _not_done(self, answer: httpx.Response, grant: str) -> NotApplied | Ambiguous:
        reason, status = self._refusal(answer), answer.status_code
        text = answer_message(answer, self._access.hidden)
        known = remedy.blocked(answer, text)
        if known is not None:
            reason = f"{known.what} ({reason})"
        hint = known.hint if known else remedy.refused_change(status, text, grant)
        # A 408 comes from a gateway, and does not show how far the request got.
        kind = NotApplied if 400 <= status < 500 and status != 408 else Ambiguous
        return kind(reason=reason, status=status, hint=hint, request=called(answer.request))

    def _refusal(self, answer: httpx.Response) -> str:
        return f"Domo answered {describe_answer(answer, self._access.hidden)}"

    def _bracketed(self, answer: httpx.Response) -> str:
        text = answer_message(answer, self._access.hidden)
        return f" (Domo answered {answer.status_code}: {text})" if text else ""


def _goes_on(page: responses.Page, found: int) -> bool:
    """Return whether a list has more clients than the `found` that were read so far.

    Without a total, a page that is full may be followed by another one.
    """
    if page.cut:
        return False
    if page.total is not None:
        return found < page.total
    return page.limit is not None and 0 < page.limit <= len(page.clients)


def _identity(listed: ListedClient) -> tuple[object, ...]:
    return (listed.id, listed.client_id, listed.name)


def _cut_phrase(found: int, total: int | None) -> str:
    if total is None:
        return "the list of clients is incomplete"
    return f"the list of clients is incomplete: it has {total}, and {found} could be read"
