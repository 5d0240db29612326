"""What the answer of a sign-on means, said in the user's words."""

from collections.abc import Iterable
from typing import Final, Never

import httpx

from reconciler.domo import wire
from reconciler.model.errors import SignOnRefused, Unreachable
from reconciler.model.instance import Instance
from reconciler.model.secret import Secret

_ENDPOINTS: Final = "check the instance's `domain` and `endpoints`"
_ONCE: Final = "it was sent once, and is not sent again in this run: further tries lock an account"


def granted(instance: Instance, answer: httpx.Response, hidden: Iterable[Secret]) -> wire.Granted:
    """Return the session that a sign-on was answered with.

    Raises:
        SignOnRefused: Domo judged the credential, or the instance, and gave no session.
        Unreachable: the answer says nothing about either.

    """
    if answer.status_code != 200:
        _no_session(instance, answer, hidden)
    try:
        session = wire.session(answer.content)
    except wire.Unusable as unusable:
        raise Unreachable(
            f"{instance.key}: the sign-on was not answered usefully: {unusable}",
            hint=_ENDPOINTS,
        ) from None
    if isinstance(session, wire.Denied):
        raise _denied(instance, session, wire.shown(session.reason, hidden))
    return session


def _denied(instance: Instance, denied: wire.Denied, reason: str) -> SignOnRefused:
    if denied.two_factor and not reason:
        return SignOnRefused(
            f"{instance.key}: Domo gave no session: this user's sign-on needs a second factor",
            hint="use `method: cookie` or `method: token`, or a user without a second factor",
        )
    because = f": {reason}" if reason else ", without a reason"
    return SignOnRefused(
        f"{instance.key}: Domo refused the sign-on{because}", hint=_hint(instance, reason)
    )


def _hint(instance: Instance, reason: str) -> str:
    if "LOCK" in reason.upper():
        return "let an administrator unlock the user in Domo; trying again keeps it locked"
    if instance.auth is None:
        return f"check the credential; {_ONCE}"
    sources = " and ".join(str(each) for each in instance.auth.references())
    return f"check the value of {sources}; {_ONCE}"


def _no_session(instance: Instance, answer: httpx.Response, hidden: Iterable[Secret]) -> Never:
    status, key = answer.status_code, instance.key
    if status == 403:
        raise SignOnRefused(
            f"{key}: Domo answered 403 Forbidden for {instance.domain}: "
            "there is no such instance, or it forbids this sign-on",
            hint="check the instance's `domain`, and its list of allowed IP addresses",
        )
    if status in {400, 401, 422}:
        reason = wire.said(answer.content, hidden)
        because = f": {reason}" if reason else ""
        raise SignOnRefused(
            f"{key}: Domo refused the sign-on with {status}{because}", hint=_hint(instance, reason)
        )
    raise Unreachable(
        f"{key}: the sign-on was answered with {status_phrase(answer, hidden)}", hint=_ENDPOINTS
    )


def status_phrase(answer: httpx.Response, hidden: Iterable[Secret]) -> str:
    """Say a status in words where it needs them: a limit, or a redirect and the host it names."""
    status = answer.status_code
    if status == 429:
        return "429: too many requests, for longer than it was worth waiting"
    if 300 <= status < 400:
        return f"a redirect ({status}) to {_redirect_host(answer, hidden)}, which is not followed"
    return str(status)


def _redirect_host(answer: httpx.Response, hidden: Iterable[Secret]) -> str:
    try:
        host = httpx.URL(answer.extensions["location"]).host
    except httpx.InvalidURL:
        host = ""
    return (wire.shown(host, hidden) or "another host") if host else "the same host"
