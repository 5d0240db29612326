"""Which words name a credential, and which texts can only be the name of a variable."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, Literal

KeyKind = Literal["auth", "credential", "similar"]

_CREDENTIALS: Final = ("password", "dsidv1", "token")
_SETTINGS: Final = ("method", "email")
_PASSWORD: Final = re.compile(r"p\w{0,3}s\w{0,2}w\w{0,3}d")
_SIMILAR: Final = re.compile(rf"pass|pwd|{_PASSWORD.pattern}|token|secret|dsid|cookie|cred|auth")
_WORD: Final = re.compile(r"[\w.-]+")
# Possessive, and only from the start of a word: a scalar may be one word of megabytes.
_ASSIGNED: Final = re.compile(r"""(?<![\w.-])([\w.-]++)["']?\s{0,20}[:=]""")

_PLACEHOLDER: Final = r"\{[\w.-]*\}"
_NAME: Final = rf"(?:[A-Za-z_]|{_PLACEHOLDER})(?:\w|{_PLACEHOLDER})*+"
_PART: Final = rf"(?:[A-Z]+[0-9]{{0,2}}|{_PLACEHOLDER})"
_SLIP: Final = rf"\$?[0-9]{{0,2}}{_PART}(?:[-_. ]?{_PART})*+"
_VARIABLE: Final = re.compile(rf"{_NAME}|{_SLIP}", re.ASCII)


@lru_cache(maxsize=4096)
def classify(key: str) -> KeyKind | None:
    """Return what a key holds, judged by its name: `similar` means that it may be a credential.

    `auth` and the names of credentials are recognized with one typing error in them. A misspelled
    key is the usual reason why a credential is at an unexpected place.
    """
    word = key.lower().lstrip("_")
    if _has_one_slip(word, "auth"):
        return "auth"
    if any(_has_one_slip(word, each) for each in _CREDENTIALS) or _PASSWORD.fullmatch(word):
        return "credential"
    return "similar" if _SIMILAR.search(word) else None


def credential_words(text: str) -> Iterator[int]:
    """Yield the offset of each word that names a credential or `auth`."""
    for found in _WORD.finditer(text):
        if classify(found.group()) is not None:
            yield found.start()


def assigns_credential(text: str) -> bool:
    """Return if a text contains `password: …`, `token=…` or the like."""
    if ":" not in text and "=" not in text:
        return False
    return any(classify(each) is not None for each in _ASSIGNED.findall(text))


def is_auth_setting(key: str) -> bool:
    """Return if a key of an `auth` is `method` or `email`, whose values are not credentials."""
    return any(_has_one_slip(key.lower(), each) for each in _SETTINGS)


def is_variable_like(name: str) -> bool:
    """Return if a text is the name of a variable, perhaps misspelled, and cannot be its value."""
    return _VARIABLE.fullmatch(name) is not None


def _has_one_slip(word: str, meant: str) -> bool:
    """Return if the words differ by at most one letter, or by two swapped neighbors."""
    if abs(len(word) - len(meant)) > 1:
        return False
    if word[:1] != meant[:1] and word[-1:] != meant[-1:]:  # two slips: most words end here
        return False
    start = 0
    while word[start : start + 1] == meant[start : start + 1] != "":
        start += 1
    one, two = word[start:], meant[start:]
    while one and two and one[-1] == two[-1]:
        one, two = one[:-1], two[:-1]
    return max(len(one), len(two)) < 2 or (len(one) == 2 and one == two[::-1])
