"""The server's text about a failure: one printable line without secrets.

A message contains what Domo's support asks for: status, `message`, `reason`, `error_description`,
`toe`, the target of a redirect, the title of an HTML page.
"""

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import httpx
import orjson

from reconciler.model.secret import Secret
from reconciler.model.strings import printable

_SECRET_LIKE: Final = re.compile(r"[A-Za-z0-9+/=_%]{32,}")
_FIELDS: Final = ("reason", "message", "error_description", "error", "errorMessage", "detail")
_FALLBACK: Final = "statusReason"
_TITLE: Final = re.compile(rb"<title[^>]{0,200}>(.{0,2000}?)</title", re.IGNORECASE | re.DOTALL)
_SECRETIVE: Final = re.compile(r"secret|token|password", re.IGNORECASE)
_PAGE: Final = re.compile(rb"\s*<(?:!doctype|html|head|body)\b", re.IGNORECASE)
_LONGEST: Final = 200
MASK: Final = "…"
"""Replaces a text that repeats a credential."""

_LOOK: Final = 65_536
"""Bytes of a page in which its title is searched: a title is at the top, and a page may be huge."""


def describe_answer(answer: httpx.Response, hidden: Iterable[Secret]) -> str:
    """Return the answer's status, followed by its message if it has one."""
    kept_back = tuple(hidden)
    status, text = status_phrase(answer, kept_back), answer_message(answer, kept_back)
    return f"{status}: {text}" if text else status


def answer_message(answer: httpx.Response, hidden: Iterable[Secret]) -> str:
    """Return the message of the answer's body, empty if it has none."""
    return body_message(answer.content, hidden, plain=answer.status_code >= 300)


def body_message(body: bytes, hidden: Iterable[Secret], *, plain: bool = False) -> str:
    """Return the known fields of a JSON body, the title of a page, or the first line of a text.

    Text is shown only if `plain` is set. An answer that reports success may contain a secret in an
    unexpected form, so its text is not shown.
    """
    kept_back = tuple(hidden)
    found = document(body)
    if isinstance(found, Mapping):
        kept_back += tuple(_own_secrets(found))
        pieces = [shown(each, kept_back) for each in _texts(found)]
        toe = shown(_text(found.get("toe")), kept_back)
        text = "; ".join(dict.fromkeys(each for each in pieces if each))
        if toe:
            text = f"{text} (toe {toe})" if text else f"toe {toe}"
    elif title := page_title(body):
        text = shown(title, kept_back)
        text = f"an HTML page titled “{text}”"
    elif _PAGE.match(body):
        text = "an HTML page"
    elif plain and found is None:
        text = shown(_first_line(body), kept_back)
    else:
        text = ""
    # Checked after joining: two parts together can repeat a secret that neither contains.
    return MASK if _repeats(text, kept_back) else text


def document(body: bytes) -> Any:
    """Return the parsed JSON of a body, None if it is not JSON."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def page_title(body: bytes) -> str:
    """Return the title of an HTML page, empty if it has no title."""
    found = _TITLE.search(body[:_LOOK])
    return html.unescape(found[1].decode(errors="replace")).strip() if found else ""


def is_page(body: bytes) -> bool:
    """Return whether a body is an HTML page."""
    return bool(page_title(body) or _PAGE.match(body))


def shown(text: str, hidden: Iterable[Secret]) -> str:
    """Return a server's text as one short printable line without secrets.

    A text that repeats a credential in any usual spelling is masked as a whole, because it may
    repeat others as well. A long run of letters and digits is masked, because it may be a new
    secret that this run does not know yet, or an encoded one.
    """
    if _repeats(text, hidden):
        return MASK
    fit = printable(_SECRET_LIKE.sub("…", " ".join(text.split())))
    return fit if len(fit) <= _LONGEST else fit[: _LONGEST - 1] + "…"


def _repeats(text: str, hidden: Iterable[Secret]) -> bool:
    return any(each.is_in(text.encode(errors="replace")) for each in hidden)


def _own_secrets(answer: Mapping[str, Any]) -> Iterator[Secret]:
    """Yield the secrets that the answer itself contains: its message may repeat them."""
    for key, value in answer.items():
        if isinstance(value, str) and value and _SECRETIVE.search(key):
            yield Secret(value)


def _texts(answer: Mapping[str, Any]) -> Iterator[str]:
    found = [_text(answer.get(key)) for key in _FIELDS]
    for key in ("error", "errors"):
        nested = answer.get(key)
        first = nested[0] if isinstance(nested, list) and nested else nested
        if isinstance(first, Mapping):
            found += [_text(first.get(each)) for each in _FIELDS]
        elif key == "errors":
            found.append(_text(first))
    yield from found if any(found) else [_text(answer.get(_FALLBACK))]


def _text(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value.strip() if isinstance(value, str) else ""


def _first_line(body: bytes) -> str:
    try:
        lines = body[:_LOOK].decode().split("\n")
    except UnicodeDecodeError:
        return ""
    line = next((each.strip() for each in lines if each.strip()), "")
    return "" if line[:1] in {"{", "["} else line


def status_phrase(answer: httpx.Response, hidden: Iterable[Secret]) -> str:
    """Describe a status: in words if it is a rate limit, with the target if it is a redirect."""
    status = answer.status_code
    if status == httpx.codes.TOO_MANY_REQUESTS:
        return "429: too many requests; the waiting time was used up"
    if 300 <= status < 400:
        target = redirect_target(answer)
        to = f" to {_shown_target(target, tuple(hidden))}" if target else " without a target"
        return f"a redirect ({status}){to}, which is not followed"
    return str(status)


def _shown_target(target: str, hidden: tuple[Secret, ...]) -> str:
    if _repeats(target, hidden):
        return MASK
    # Each segment separately: a whole path looks like base64 and would be masked.
    return "/".join(shown(each, hidden) for each in target.split("/"))[:_LONGEST]


def redirect_target(answer: httpx.Response) -> str:
    """Return the host and path that a redirect names, without query and user; empty if none."""
    location = answer.extensions.get("location", "")
    if not location:
        return ""
    try:
        url = httpx.URL(location)
        if url.is_relative_url:
            url = answer.request.url.join(url)
    except (httpx.InvalidURL, RuntimeError, ValueError):
        return "a place that is no URL"
    # The raw path: decoding it could hide an encoded credential from the search.
    return url.host + url.raw_path.split(b"?")[0].decode("ascii", "replace")
