"""Known causes of a refusal, each with its remedy.

Domo documents few of its reasons. A cause is therefore recognised by words in the reason's name or
text. An answer that matches none of them keeps Domo's own words and a general hint.
"""

import re
from dataclasses import dataclass
from typing import Final

import httpx

from reconciler.domo.error_text import page_title, redirect_target
from reconciler.model.instance import Instance

_BLOCKED: Final = re.compile(
    r"whitelist|allow-?\s?list|"
    r"\bip(?:v[46])?\b.{0,60}(?:not (?:allowed|permitted|authori[sz]ed)|blocked|denied|restricted)|"
    r"(?:not allowed|blocked|denied|restricted).{0,40}\bip\b|domo - blocked",
    re.IGNORECASE | re.DOTALL,
)
_IP: Final = re.compile(
    r"(?<![\w.:])(?:(?:\d{1,3}\.){3}\d{1,3}|(?:[0-9a-fA-F]{1,4}:){2,7}[0-9a-fA-F:]{1,4})(?![\w.:]*\d)"
)
_SECOND: Final = re.compile(
    r"two.?factor|2.?fa\b|\bmfa|mfa\b|multi.?factor|second.?factor|\botp\b|verification.?code",
    re.IGNORECASE,
)
_SSO: Final = re.compile(
    r"direct.?sign.?on|direct.?log.?in|sso|saml|federat|openid|oidc|identity.?provider",
    re.IGNORECASE,
)
_EXPIRED: Final = re.compile(
    r"passw.*(?:expir|reset|change|too.?old)|(?:expir|reset|change|must).*passw|credential.*expir",
    re.IGNORECASE,
)
_LOCKED: Final = re.compile(r"(?<!b)lock(?:ed|out)|too.?many.*attempt", re.IGNORECASE)
_DISABLED: Final = re.compile(r"disabled|inactive|deactivat|suspend|deleted.?user", re.IGNORECASE)
_ELEVATION: Final = re.compile(
    r"elevat|step.?up|re-?authenti|one.?time|verification.?code|\botp\b|second.?factor|mfa",
    re.IGNORECASE,
)
_LOOK: Final = 65_536

CREATE_GRANT: Final = "Create API OAuth Clients"
MANAGE_GRANT: Final = "Manage All Access Tokens and API Clients"
RETIRED: Final = frozenset({404, 405, 410})
"""Answers of a create if Domo does not have this endpoint (any longer)."""
_REFUSED: Final = frozenset({401, 403})
HEADERS_HINT: Final = "check for a proxy that adds headers"
_ELEVATION_HINT: Final = (
    "Domo asks for a one-time code before this action (elevation), which an unattended "
    "run cannot give: let an administrator exempt it, or try `method: token`"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A recognised cause: what it is, and what to do."""

    what: str
    hint: str


def blocked(answer: httpx.Response, text: str) -> Known | None:
    """Recognise an answer to a caller whose IP address is not allowed."""
    location = str(answer.extensions.get("location", ""))
    title = page_title(answer.content)
    is_page = bool(re.search(r"domo\s*-\s*blocked", title, re.IGNORECASE))
    is_target = bool(
        re.search(r"(?:whitelist|allow-?list)", redirect_target(answer), re.IGNORECASE)
    )
    is_text = answer.status_code >= 400 and bool(_BLOCKED.search(text))
    if not (is_page or is_target or is_text):
        return None
    body = answer.content[:_LOOK].decode(errors="replace")
    found = _IP.search(location) or _IP.search(body)
    address = f"IP address {found[0]}" if found else "IP address of this machine"
    return Known(
        what=f"the {address} is not on the instance's allow-list",
        hint="let an administrator add it to the instance's list of allowed IP addresses, "
        "or run on a machine whose address is allowed: the addresses of CI runners change",
    )


def refused_sign_on(instance: Instance, method: str, reason: str, source: str) -> Known | None:
    """Recognise the cause of a refused sign-on by the words of its reason."""
    if _SECOND.search(reason):
        return second_factor(method)
    if method == "password" and _SSO.search(reason):
        return Known(
            what="this user cannot sign on directly, only by SSO",
            hint="use `method: token` (an access token, best for unattended runs) or "
            "`method: cookie`, or let an administrator allow direct sign-on for this user",
        )
    if method == "password" and _EXPIRED.search(reason):
        return Known(
            what="the user's password has expired",
            hint=f"sign on to https://{instance.domain} in a browser, set a new password, "
            f"and store it in {source}; `method: token` does not depend on it",
        )
    if _LOCKED.search(reason):
        return Known(
            what="the user is locked",
            hint="let an administrator unlock the user in Domo; trying again keeps it locked",
        )
    if _DISABLED.search(reason):
        return Known(
            what="the user is not active",
            hint="let an administrator activate the user in Domo, or sign on as another user",
        )
    return None


def second_factor(method: str) -> Known:
    """Describe a sign-on that waits for a code."""
    once = "; the password was sent once" if method == "password" else ""
    other = "`method: cookie`, or " if method == "password" else ""
    return Known(
        what="this user's sign-on needs a second factor",
        hint="use `method: token` (an access token, best for unattended runs), or "
        f"{other}a user without a second factor{once}",
    )


def check_domain(instance: Instance) -> str:
    """Return a hint to check the instance's domain; developer sandboxes have another suffix."""
    hint = f"check the instance's `domain`: {instance.domain}"
    first, _, rest = instance.domain.partition(".")
    if rest == "demo.domo.com" or not re.search(r"-dev-|\.dev\.", instance.domain):
        return hint
    name = first if "-dev-" in first else f"{first}-dev-1000"
    return f"{hint}; a developer sandbox is usually {name}.demo.domo.com"


def refused_list(instance: Instance, status: int, text: str) -> str:
    """Return the hint for a refused list."""
    if _needs_elevation(status, text):
        return _ELEVATION_HINT
    if status == httpx.codes.FORBIDDEN:
        return (
            f"give the user's role the grant `{CREATE_GRANT}` (shows the user's own clients) or "
            f"`{MANAGE_GRANT}` (shows all), or {check_domain(instance)}"
        )
    if status == httpx.codes.REQUEST_HEADER_FIELDS_TOO_LARGE:
        return HEADERS_HINT
    return f"{check_domain(instance)}, and its `endpoints`, then run again"


def refused_change(status: int, text: str, grant: str) -> str | None:
    """Return the hint for a refused create or revoke, None without a known cause."""
    if _needs_elevation(status, text):
        return _ELEVATION_HINT
    if grant == CREATE_GRANT and status in RETIRED:
        return "no endpoint creates clients there: check the instance's `endpoints`"
    if status == httpx.codes.REQUEST_HEADER_FIELDS_TOO_LARGE:
        return HEADERS_HINT
    if status != httpx.codes.FORBIDDEN:
        return None
    other = (
        f"`{MANAGE_GRANT}` does not include it" if grant == CREATE_GRANT else
        f"`{CREATE_GRANT}` covers the user's own clients only"
    )  # fmt: skip
    elevation = "; Domo may also ask for a one-time code here (elevation)"
    return f"give the user's role the grant `{grant}`: {other}{elevation}"


def refused_token(instance: Instance, text: str, source: str) -> str:
    """Return the hint for an access token that Domo answered with 401."""
    if _needs_elevation(httpx.codes.UNAUTHORIZED, text):
        return _ELEVATION_HINT
    return (
        "it has expired, was revoked, or belongs to another instance: create one at "
        f"https://{instance.domain} under Admin > Authentication > Access tokens, and store it "
        f"in {source}"
    )


def _needs_elevation(status: int, text: str) -> bool:
    return status in _REFUSED and bool(_ELEVATION.search(text))
