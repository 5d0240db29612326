"""Names of clients: the form in which they are compared, and what a successor is called."""

import re
from collections.abc import Container
from html import unescape
from typing import Final
from unicodedata import normalize

_NUMBERED: Final = re.compile(r"(?s)(?P<base>.*) \((?P<number>[1-9][0-9]{0,5})\)")


def form(name: str) -> str:
    """Return the form in which names are compared: two names that Domo may take as equal share it.

    Domo documents no normalisation, so case, Unicode form and blanks make no difference.
    """
    if name.isascii():
        return " ".join(name.lower().split())
    return " ".join(normalize("NFC", normalize("NFC", name).casefold()).split())


def base(name: str) -> str:
    """Return a name without the number of a successor."""
    found = _NUMBERED.fullmatch(name)
    return found["base"] if found else name


def successor(name: str, last: str, taken: Container[str]) -> str:
    """Return `NAME (2)`, `NAME (3)` …: the lowest free number above that of `last`.

    `name` is the manifest's name, `last` the live name of the client that is to be succeeded.
    `taken` are names in their form.
    """
    found = _NUMBERED.fullmatch(last)
    # A list may show the name as HTML; its number counts all the same.
    number = int(found["number"]) if found and form(unescape(found["base"])) == form(name) else 1
    while True:
        number += 1
        candidate = f"{name} ({number})"
        if form(candidate) not in taken:
            return candidate
