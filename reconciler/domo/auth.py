"""Sign-on and authorization of requests, as generators without I/O that httpx drives.

A session signs on once, when it is opened. If an answer is 401 in mid-run, the first task that
receives it signs on again under a lock, and the other tasks continue with the new session.
"""

import asyncio
import hashlib
from collections.abc import AsyncGenerator
from typing import Final

import httpx

from reconciler.domo import remedy, requests, responses
from reconciler.domo.error_text import answer_message, describe_answer
from reconciler.domo.errors import called
from reconciler.domo.session_response import granted, sources
from reconciler.model.errors import (
    CredentialUnavailable,
    ReconcilerError,
    SignOnRefused,
    Unreachable,
)
from reconciler.model.instance import Instance
from reconciler.model.pasted import DSIDV1
from reconciler.model.secret import Secret
from reconciler.ports import CookieCredential, Credential, PasswordCredential, TokenCredential

SESSION_HEADER: Final = "X-DOMO-Authentication"
TOKEN_HEADER: Final = "X-DOMO-Developer-Token"  # noqa: S105 (the name of a header)

Flow = AsyncGenerator[httpx.Request, httpx.Response]


class SessionAuth(httpx.Auth):
    """A session that a password or a cookie opened.

    `_stopped` is the reason why no further sign-on may be sent. It is set before each sign-on and
    cleared only by a grant. If the answer is lost, each task that waits for the lock therefore
    stops instead of sending the password again.
    """

    def __init__(
        self, instance: Instance, credential: PasswordCredential | CookieCredential
    ) -> None:
        self._instance = instance
        self._credential = credential
        self._lock = asyncio.Lock()
        self._granted: responses.SessionGranted | None = None
        self._stopped: ReconcilerError | None = None

    @property
    def user(self) -> int | None:
        """Return the id of the user who signed on."""
        return self._granted.user if self._granted else None

    @property
    def principal(self) -> str:
        """Return the user's id, or a digest of the credential if the answer lacked the id."""
        if self.user is not None:
            return f"user:{self.user}"
        match self._credential:
            case PasswordCredential(email=email):
                return f"email:{digest(self._instance.domain, email)}"
            case CookieCredential(dsidv1=cookie):
                return f"cookie:{digest(self._instance.domain, cookie.reveal())}"

    @property
    def hidden(self) -> tuple[Secret, ...]:
        """Return the secrets that a message must not repeat."""
        session = (self._granted.token,) if self._granted else ()
        match self._credential:
            case PasswordCredential(password=secret) | CookieCredential(dsidv1=secret):
                return (secret, *session)

    @property
    def _method(self) -> str:
        return "password" if isinstance(self._credential, PasswordCredential) else "cookie"

    def opening(self) -> httpx.Request:
        """Build the sign-on; its answer must go to `settle` before another one is built.

        Raises:
            CredentialUnavailable: the credential cannot be put into a request.

        """
        request = self._sign_on()
        self._stopped = Unreachable(
            f"{self._instance.key}: the sign-on was sent and not answered",
            hint="run again; a password is not sent twice in one run",
        )
        return request

    def settle(self, answer: httpx.Response) -> None:
        """Store the session, or the reason of the refusal.

        Raises:
            SignOnRefused: the credential was refused.
            Unreachable: the answer neither grants nor refuses a session.

        """
        try:
            self._granted = granted(self._instance, answer, self.hidden, method=self._method)
        except ReconcilerError as failure:
            failure.request = called(answer.request)
            self._stopped = failure
            raise
        self._stopped = None

    async def async_auth_flow(self, request: httpx.Request) -> Flow:
        """Send with the session, and if it has ended, once more with a new one."""
        used = self._session()
        answer = yield _with(request, SESSION_HEADER, used.token)
        if answer.status_code != 401:
            return
        async with self._lock:
            # Another task may have signed on while this one waited: one password, sent once.
            if self._session() is used:
                self.settle((yield self.opening()))
        answer = yield _with(request, SESSION_HEADER, self._session().token)
        if answer.status_code == 401:
            self._stopped = SignOnRefused(
                f"{self._instance.key}: Domo does not accept the session that it has just given: "
                f"{describe_answer(answer, self.hidden)}",
                hint="check that the user may manage API clients in this instance",
            )
            self._stopped.request = called(answer.request)
            raise self._stopped

    def _session(self) -> responses.SessionGranted:
        if self._stopped is not None:
            raise self._stopped
        if self._granted is None:
            raise RuntimeError("the session is used before it is opened")
        return self._granted

    def _sign_on(self) -> httpx.Request:
        match self._credential:
            case PasswordCredential():
                try:
                    return requests.password_sign_on(self._instance, self._credential)
                except UnicodeError:
                    raise _unsendable(self._instance, "password") from None
            case CookieCredential(dsidv1=cookie):
                if not responses.is_header_value(cookie.reveal()) or ";" in cookie.reveal():
                    raise _unsendable(self._instance, "cookie")
                return requests.cookie_sign_on(self._instance, self._credential)


class TokenAuth(httpx.Auth):
    """An access token. `user` is unknown until a create with it is answered."""

    def __init__(self, instance: Instance, credential: TokenCredential) -> None:
        self._instance = instance
        self._token = credential.token
        self.user: int | None = None
        if not responses.is_header_value(self._token.reveal()):
            raise _unsendable(instance, "access token")

    @property
    def principal(self) -> str:
        """Return a digest of domain and token."""
        return f"token:{digest(self._instance.domain, self._token.reveal())}"

    @property
    def hidden(self) -> tuple[Secret, ...]:
        """Return the secrets that a message must not repeat."""
        return (self._token,)

    async def async_auth_flow(self, request: httpx.Request) -> Flow:
        """Send with the token. A 401 is final, because a token cannot be renewed."""
        answer = yield _with(request, TOKEN_HEADER, self._token)
        if answer.status_code == 401:
            refused = SignOnRefused(
                f"{self._instance.key}: Domo refused the access token: "
                f"{describe_answer(answer, self.hidden)}",
                hint=remedy.refused_token(
                    self._instance, answer_message(answer, self.hidden), sources(self._instance)
                ),
            )
            refused.request = called(answer.request)
            raise refused


Access = SessionAuth | TokenAuth


def access(instance: Instance, credential: Credential) -> Access:
    """Return the authorization of requests to one instance.

    Raises:
        CredentialUnavailable: the token contains characters that a header cannot contain.

    """
    if isinstance(credential, TokenCredential):
        return TokenAuth(instance, credential)
    return SessionAuth(instance, credential)


def digest(domain: str, credential: str) -> str:
    """Return 12 hex digits that distinguish credentials without revealing them."""
    return hashlib.sha256(f"{domain}\n{credential}".encode(errors="replace")).hexdigest()[:12]


def _with(request: httpx.Request, header: str, token: Secret) -> httpx.Request:
    request.headers[header] = token.reveal()
    return request


def _unsendable(instance: Instance, what: str) -> CredentialUnavailable:
    return CredentialUnavailable(
        f"{instance.key}: the {what} contains characters that cannot be sent",
        hint="store the value alone in its source: one line without blanks"
        + (f", the value of the cookie `{DSIDV1}`" if what == "cookie" else ""),
    )
