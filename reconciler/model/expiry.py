"""When a credential ends, where it says so itself: many cookies and tokens are JWTs."""

from datetime import UTC, datetime
from typing import Final

from reconciler.model.secret import Secret

_LONGEST: Final = 16 << 10
"""The most characters that are looked at; a header of a request could not carry more."""


def expiry(secret: Secret) -> datetime | None:
    """Return the `exp` of a JWT, None where it is none or does not say one.

    The signature is not checked: nothing is trusted that depends on it, a reader is only warned.
    """
    parts = secret.reveal().split(".")
    if len(parts) != 3 or len(parts[1]) > _LONGEST:
        return None
    import base64
    import json

    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        return datetime.fromtimestamp(claims["exp"], UTC)
    except (ValueError, TypeError, KeyError, OverflowError, OSError, RecursionError):
        return None
