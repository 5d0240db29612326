"""What a successor is called: names are unique in an instance, and Domo has no rename."""

import re
from collections.abc import Container
from typing import Final

_NUMBERED: Final = re.compile(r"(?s)(?P<base>.*) \((?P<number>[1-9][0-9]{0,5})\)")


def successor(name: str, last: str, taken: Container[str]) -> str:
    """Return `NAME (2)`, `NAME (3)` …: the lowest free number above that of `last`.

    `name` is the manifest's name, `last` the live name of the client that is to be succeeded.
    """
    found = _NUMBERED.fullmatch(last)
    number = int(found["number"]) if found and found["base"] == name else 1
    while True:
        number += 1
        if (candidate := f"{name} ({number})") not in taken:
            return candidate
