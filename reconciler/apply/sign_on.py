"""Resolve references to a credential: once for each instance, and only if it is needed."""

from typing import assert_never

from reconciler.model.auth import Auth, CookieAuth, PasswordAuth, TokenAuth
from reconciler.model.errors import CredentialUnavailable
from reconciler.model.instance import Instance
from reconciler.model.pasted import cookie_of, token_of
from reconciler.ports import (
    CookieCredential,
    Credential,
    Credentials,
    PasswordCredential,
    TokenCredential,
)


async def credential_of(instance: Instance, credentials: Credentials) -> Credential:
    """Resolve the credential of an instance.

    Raises:
        CredentialUnavailable: a reference has no value, or the manifest has no `auth` for it.

    """
    if instance.auth is None:
        raise CredentialUnavailable(
            f"{instance.key}: the manifest has no sign-on method for it",
            hint="give the instance, or the defaults, an `auth`",
        )
    return await _resolved(instance.auth, credentials)


async def _resolved(auth: Auth, credentials: Credentials) -> Credential:
    match auth:
        case PasswordAuth(email=email, password=password):
            mail = email if isinstance(email, str) else (await credentials.resolve(email)).reveal()
            return PasswordCredential(email=mail, password=await credentials.resolve(password))
        case CookieAuth(dsidv1=dsidv1):
            name, value = cookie_of(await credentials.resolve(dsidv1))
            return CookieCredential(dsidv1=value, name=name)
        case TokenAuth(token=token):
            return TokenCredential(token=token_of(await credentials.resolve(token)))
        case _:
            assert_never(auth)
