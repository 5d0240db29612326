"""A value that cannot be shown by accident."""

import hmac
from collections.abc import Iterator
from typing import Never, final


@final
class Secret:
    """A password, cookie, token or client secret; `reveal()` is the only way out."""

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        self.__value = value

    def reveal(self) -> str:
        """Return the plain text. A search for this name is the audit of where secrets go."""
        return self.__value

    def same_as(self, other: "Secret") -> bool:
        """Compare in constant time; `==` is refused, so that no container compares by accident."""
        return hmac.compare_digest(self.reveal().encode(), other.reveal().encode())

    def is_in(self, output: bytes) -> bool:
        """Say whether a program's output shows the value, as it is or in a usual spelling.

        Plain, hexadecimal, URL-encoded, JSON-escaped, and base64, also as a part of a longer text
        that was encoded. White space does not hide it: `base64` breaks its lines.
        """
        squeezed = b"".join(output.split())
        return any(form in squeezed for form in _spellings(self.__value.encode(errors="replace")))

    def __repr__(self) -> str:
        return "Secret(…)"

    def __str__(self) -> str:
        return "(secret)"

    def __format__(self, spec: str) -> str:
        return format("(secret)", spec)

    def __eq__(self, other: object) -> Never:
        raise TypeError("a Secret is compared with same_as()")

    def __hash__(self) -> Never:
        raise TypeError("a Secret cannot be hashed")

    def __reduce__(self) -> Never:
        raise TypeError("a Secret cannot be pickled or copied")


def _spellings(value: bytes) -> Iterator[bytes]:
    import json
    from urllib.parse import quote, quote_plus

    text = value.decode()
    urls = {quote(text, safe=""), quote(text), quote_plus(text)}
    found = {value, value.hex().encode(), value.hex().upper().encode(), *_base64(value)}
    found.update(json.dumps(text, ensure_ascii=each)[1:-1].encode() for each in (True, False))
    found.update(form.encode() for url in urls for form in (url, _lower_escapes(url)))
    found.update([form.replace(b"/", rb"\/") for form in found])
    return (form for form in (b"".join(each.split()) for each in found) if form)


def _lower_escapes(url: str) -> str:
    import re

    return re.sub("%[0-9A-F]{2}", lambda found: found.group().lower(), url)


def _base64(value: bytes) -> Iterator[bytes]:
    """Yield what base64 makes of the value behind 0, 1 and 2 other bytes, less what these touch."""
    import base64

    for before, touched in ((0, 0), (1, 2), (2, 3)):
        whole = base64.b64encode(bytes(before) + value).rstrip(b"=")
        end = len(whole) - bool((before + len(value)) % 3)
        yield whole[touched:end]
        yield whole[touched:end].translate(bytes.maketrans(b"+/", b"-_"))
