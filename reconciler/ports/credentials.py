"""Credentials to sign on to an instance with: how references are resolved, and the results."""

from dataclasses import dataclass
from typing import Protocol

from reconciler.model.reference import CredentialRef
from reconciler.model.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordCredential:
    """What a direct sign-on sends."""

    email: str
    password: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class CookieCredential:
    """What an SSO sign-on sends: the value of a cookie, and its name."""

    dsidv1: Secret
    name: str = "_dsidv1"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenCredential:
    """An access token. It needs no session."""

    token: Secret


Credential = PasswordCredential | CookieCredential | TokenCredential


class Credentials(Protocol):
    """Resolves the credential references of a manifest.

    The engine asks for a value immediately before it signs on. The adapter resolves nothing before
    it is asked, and caches nothing, so that a credential is in memory no longer than necessary.
    """

    async def resolve(self, reference: CredentialRef) -> Secret:
        """Return the value without one trailing newline.

        Raises:
            CredentialUnavailable: unset, missing, empty, failed or timed out. Neither the message
                nor the hint contains the value.

        """
        ...
