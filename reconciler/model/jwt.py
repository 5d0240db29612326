"""When a credential ends, if it shows that itself: a JWT, or Domo's own form of a session."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from reconciler.model.secret import Secret

_LONGEST: Final = 16 << 10
"""The most characters that are looked at; a header of a request could not carry more."""
_MILLISECONDS: Final = 1e11
"""A time from this on is in milliseconds: in seconds it is in the year 5138."""


def expiry(secret: Secret) -> datetime | None:
    """Return the `exp` of a JWT or the `expiration` of a Domo session, None if there is neither.

    The signature is not checked: nothing is trusted that depends on it, a reader is only warned.
    """
    claims = _claims(secret.reveal())
    return instant(claims.get("exp")) or instant(claims.get("expiration"))


def _claims(text: str) -> Mapping[str, Any]:
    """Return the object in a JWT, or in URL-encoded base64, which is Domo's own form."""
    import base64
    import json
    from urllib.parse import unquote

    parts = text.split(".")
    encoded = parts[1] if len(parts) == 3 else unquote(text).rstrip("=")
    if len(encoded) > _LONGEST:
        return {}
    try:
        padded = encoded.replace("+", "-").replace("/", "_") + "=" * (-len(encoded) % 4)
        found = json.loads(base64.urlsafe_b64decode(padded))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def instant(number: object) -> datetime | None:
    """Return a time that is written as seconds or milliseconds since the epoch."""
    if isinstance(number, bool) or not isinstance(number, int | float):
        return None
    try:
        return datetime.fromtimestamp(number / 1000 if number >= _MILLISECONDS else number, UTC)
    except (ValueError, OverflowError, OSError):
        return None
