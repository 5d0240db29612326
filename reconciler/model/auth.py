"""How to sign on to an instance, with references to credentials."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from reconciler.model.reference import CredentialRef


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordAuth:
    """Direct sign-on with an e-mail address and a password."""

    method: ClassVar[str] = "password"
    email: str | CredentialRef
    password: CredentialRef

    def definition(self) -> Mapping[str, object]:
        """Return the method and its references as JSON values, for the plan's id."""
        email = self.email if isinstance(self.email, str) else self.email.definition()
        return {"method": self.method, "email": email, "password": self.password.definition()}

    def references(self) -> Iterator[CredentialRef]:
        """Yield every reference that a sign-on resolves."""
        if not isinstance(self.email, str):
            yield self.email
        yield self.password


@dataclass(frozen=True, slots=True, kw_only=True)
class CookieAuth:
    """SSO sign-on (`exptoken`) with the `_dsidv1` cookie of a browser that is signed in."""

    method: ClassVar[str] = "cookie"
    dsidv1: CredentialRef

    def definition(self) -> Mapping[str, object]:
        """Return the method and its references as JSON values, for the plan's id."""
        return {"method": self.method, "dsidv1": self.dsidv1.definition()}

    def references(self) -> Iterator[CredentialRef]:
        """Yield every reference that a sign-on resolves."""
        yield self.dsidv1


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenAuth:
    """A long-lived access token that an administrator created. It needs no session."""

    method: ClassVar[str] = "token"
    token: CredentialRef

    def definition(self) -> Mapping[str, object]:
        """Return the method and its references as JSON values, for the plan's id."""
        return {"method": self.method, "token": self.token.definition()}

    def references(self) -> Iterator[CredentialRef]:
        """Yield every reference that a sign-on resolves."""
        yield self.token


Auth = PasswordAuth | CookieAuth | TokenAuth
