"""The meaning of the answer to a sign-on, as a session or as an error for the user."""

from collections.abc import Iterable
from typing import Final, Never

import httpx

from reconciler.domo import remedy, responses
from reconciler.domo.error_text import answer_message, describe_answer, is_page
from reconciler.domo.remedy import Known
from reconciler.model.errors import ReconcilerError, SignOnRefused, Unreachable
from reconciler.model.instance import Instance
from reconciler.model.secret import Secret

_ONCE: Final = "it was sent once, and is not sent again in this run: further tries lock an account"
_JUDGED: Final = frozenset({400, 401, 422})


def granted(
    instance: Instance, answer: httpx.Response, hidden: Iterable[Secret], *, method: str
) -> responses.SessionGranted:
    """Return the session that the answer grants; `method` is password or cookie.

    Raises:
        SignOnRefused: Domo judged the credential, or the instance, and gave no session.
        Unreachable: the answer neither grants nor refuses a session.

    """
    kept_back = tuple(hidden)
    known = remedy.blocked(answer, answer_message(answer, kept_back))
    if known is not None:
        raise _refused(instance, known, describe_answer(answer, kept_back))
    if answer.status_code != httpx.codes.OK:
        _no_session(instance, answer, kept_back, method)
    try:
        session = responses.session(answer.content)
    except responses.Unusable as unusable:
        if method == "cookie" and not answer.content.strip():
            raise _bad_cookie(instance, "with an empty body") from None
        if method == "cookie" and is_page(answer.content):
            raise _bad_cookie(instance, describe_answer(answer, kept_back)) from None
        raise _unanswered(
            instance, f"usefully: {unusable}", answer_message(answer, kept_back)
        ) from None
    if isinstance(session, responses.SessionDenied) and session.status == httpx.codes.FORBIDDEN:
        raise _forbidden(instance, describe_answer(answer, kept_back), method)
    if isinstance(session, responses.SessionDenied):
        raise _denied(instance, session, answer, kept_back, method)
    if session.waits and method == "password":
        raise _refused(instance, remedy.second_factor(method), describe_answer(answer, kept_back))
    return session


def _where(instance: Instance) -> str:
    return f"{remedy.check_domain(instance)}, and its `endpoints`"


def _unanswered(instance: Instance, how: str, text: str) -> Unreachable:
    because = f": {text}" if text else ""
    return Unreachable(
        f"{instance.key}: the sign-on was not answered {how}{because}", hint=_where(instance)
    )


def _refused(instance: Instance, known: Known, text: str) -> SignOnRefused:
    return SignOnRefused(
        f"{instance.key}: Domo gave no session: {known.what} (Domo answered {text})",
        hint=known.hint,
    )


def _denied(
    instance: Instance,
    denied: responses.SessionDenied,
    answer: httpx.Response,
    hidden: tuple[Secret, ...],
    method: str,
) -> SignOnRefused:
    text = answer_message(answer, hidden)
    known = remedy.refused_sign_on(instance, method, text, sources(instance))
    if known is None and denied.two_factor and not denied.reason and method == "password":
        known = remedy.second_factor(method)
    if known is not None:
        return _refused(instance, known, describe_answer(answer, hidden))
    if method == "cookie":
        return _bad_cookie(instance, text or "without a reason")
    because = f": {text}" if text else ", without a reason"
    return SignOnRefused(
        f"{instance.key}: Domo refused the sign-on{because}", hint=_password_hint(instance)
    )


def _bad_cookie(instance: Instance, text: str) -> SignOnRefused:
    return SignOnRefused(
        f"{instance.key}: Domo did not accept the cookie: {text}", hint=_cookie_hint(instance)
    )


def _cookie_hint(instance: Instance) -> str:
    return (
        f"sign on to https://{instance.domain} in a browser and store the value of its cookie "
        f"`_dsidv1` (a UUID, not a `DA-SID-…` cookie) in {sources(instance)}; "
        "it ends with the browser's session; an access token (`method: token`) lasts longer"
    )


def _password_hint(instance: Instance) -> str:
    what = "the credential" if instance.auth is None else f"the value of {sources(instance)}"
    return f"check {what}; {_ONCE}"


def sources(instance: Instance) -> str:
    """Return the sources of the instance's credential, for a hint."""
    if instance.auth is None:
        return "the credential's source"
    return " and ".join(str(each) for each in instance.auth.references())


def _no_session(
    instance: Instance, answer: httpx.Response, hidden: tuple[Secret, ...], method: str
) -> Never:
    status, key, text = answer.status_code, instance.key, answer_message(answer, hidden)
    if status in _JUDGED or status == httpx.codes.FORBIDDEN:
        known = remedy.refused_sign_on(instance, method, text, sources(instance))
        if known is not None:
            raise _refused(instance, known, describe_answer(answer, hidden))
    if status == httpx.codes.FORBIDDEN:
        raise _forbidden(instance, describe_answer(answer, hidden), method)
    if status in _JUDGED:
        if method == "cookie":
            raise _bad_cookie(instance, describe_answer(answer, hidden))
        because = f": {text}" if text else ""
        raise SignOnRefused(
            f"{key}: Domo refused the sign-on with {status}{because}",
            hint=_password_hint(instance),
        )
    if method == "cookie" and 300 <= status < 400:
        # A redirect to the sign-on page or to the identity provider: the cookie has expired.
        raise _bad_cookie(instance, describe_answer(answer, hidden))
    if status == httpx.codes.REQUEST_HEADER_FIELDS_TOO_LARGE:
        raise _too_large(instance, describe_answer(answer, hidden), method)
    raise Unreachable(
        f"{key}: the sign-on was answered with {describe_answer(answer, hidden)}",
        hint=_where(instance),
    )


def _forbidden(instance: Instance, text: str, method: str) -> ReconcilerError:
    hint = remedy.check_domain(instance)
    if method == "cookie":
        return SignOnRefused(
            f"{instance.key}: Domo refused the cookie for {instance.domain}: {text}: "
            f"there is no such instance, or the cookie is not valid for it",
            hint=f"{hint}; {_cookie_hint(instance)}",
        )
    return SignOnRefused(
        f"{instance.key}: Domo refused the sign-on to {instance.domain}: {text}: "
        "there is no such instance, or it forbids this sign-on",
        hint=f"{hint}; check its list of allowed IP addresses, too",
    )


def _too_large(instance: Instance, text: str, method: str) -> ReconcilerError:
    if method == "cookie":
        return SignOnRefused(
            f"{instance.key}: the cookie is too large: Domo answered {text}",
            hint=_cookie_hint(instance),
        )
    return Unreachable(
        f"{instance.key}: the headers of the sign-on are too large: Domo answered {text}",
        hint=remedy.HEADERS_HINT,
    )
