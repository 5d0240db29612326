"""A cookie or an access token as people paste it, reduced to what a request carries.

Browsers copy a cookie together with its name, its quotes or its whole header. A password is never
changed: every character may belong to it.
"""

import re
from typing import Final

from reconciler.model.secret import Secret

DSIDV1: Final = "_dsidv1"
_NAMED: Final = re.compile(
    r"(?<![\w-])(?P<name>_dsidv1|DA-SID-[\w.-]+)[\"']?[ \t]*[=:\t][ \t]*[\"']?"
    r"(?P<value>[^\s;,\"']+)",
    re.ASCII,
)
_TOKEN_PREFIX: Final = re.compile(r"^(?:x-domo-developer-token\s*:|bearer\s)\s*", re.IGNORECASE)
_AROUND: Final = " \t\r\n\"'"


def cookie_of(pasted: Secret) -> tuple[str, Secret]:
    """Return the cookie's name and value: `_dsidv1`, or a `DA-SID-…` under its own name."""
    text = pasted.reveal()
    named = [(each["name"], each["value"]) for each in _NAMED.finditer(text)]
    for name, value in sorted(named, key=lambda each: each[0] != DSIDV1):
        return name, Secret(value)
    return DSIDV1, Secret(text.strip(f"{_AROUND};"))


def token_of(pasted: Secret) -> Secret:
    """Return the access token without quotes, blanks and the name of its header."""
    text = pasted.reveal().strip(_AROUND)
    return Secret(_TOKEN_PREFIX.sub("", text, count=1).strip(_AROUND))
