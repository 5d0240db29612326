"""The forms of what may stand beside a credential: keys by their kind, references, open values."""

import re
from typing import Final

_CREDENTIALS: Final = ("password", "dsidv1", "token")
PARTS: Final = ("env", "file", "command")
_OPEN: Final = ("method", "email")
_PASSWORD: Final = re.compile(r"p\w{0,3}s\w{0,2}w\w{0,3}d")
_ALIKE: Final = re.compile(rf"pass|pwd|{_PASSWORD.pattern}|token|secret|dsid|cookie|cred|auth")
_PLAIN: Final = (
    r"""[^\s"'{}\[\]\#&*!|>%@`,:]"""
    r"""(?:[^\s"'{}\[\],\#:]|[ \t]+(?=[^\s\#])|:(?=\S)|(?<=\S)\#|\{[\w.-]*\})*+"""
)
_ONE_LINE: Final = r""""(?:\\.|[^"\\\n])*+"|'(?:''|[^'\n])*+'"""
_TEXT: Final = rf"(?:{_PLAIN}|{_ONE_LINE})"
_HOLE: Final = r"\{[\w.-]*\}"
_NAME: Final = rf"(?:[A-Za-z_]|{_HOLE})(?:\w|{_HOLE})*+"
_PART: Final = rf"(?:[A-Z]+[0-9]{{0,2}}|{_HOLE})"
_SLIP: Final = rf"\$?[0-9]{{0,2}}{_PART}(?:[-_. ]?{_PART})*+"
_VARIABLE: Final = re.compile(rf"{_NAME}|{_SLIP}", re.ASCII)
_COMMENT: Final = r"(?:[ \t]+\#[^\n]*)?"

PAIR: Final = re.compile(
    r"""(?P<quote>["']?)(?P<key>[\w.-]+)(?P=quote)[ \t]*:"""
    r"""(?=\s|\Z|["'{\[])(?P<value>.*)""",
    re.DOTALL,
)
"""A key with its value, both as they are written."""

COMMENT: Final = re.compile(r"(?<=\s)\#[^\n]*")

REFERENCE: Final = re.compile(
    rf"""\s*(?P<quote>["']?)(?:
    env(?P=quote)[ \t]*:\s+(?:(?P<mark>["'])(?:{_VARIABLE.pattern})(?P=mark)
        | (?!\{{)(?:{_VARIABLE.pattern}))
    | file(?P=quote)[ \t]*:\s+{_TEXT}
    | command(?P=quote)[ \t]*:\s+(?:
        \[\s*(?:{_TEXT}\s*,\s*)*(?:{_TEXT})?\s*\] | (?:-[ \t]+{_TEXT}{_COMMENT}\s*)+ )
    ){_COMMENT}\s*""",
    re.VERBOSE | re.ASCII,
)
"""One entry of a credential reference that is well-formed and so no credential."""

_HARMLESS: Final = re.compile(
    rf"\s*(?:{_TEXT})?\s*(?:{_COMMENT})\s*|\s*\{{(?:{REFERENCE.pattern})\}}\s*",
    re.VERBOSE | re.ASCII,
)

_HOST: Final = re.compile(
    r"\s*(?:[a-z]+:)?(?://)?(?P<host>[a-z0-9-]+(?:\.[a-z0-9-]+)*)\.?(?::\d+)?(?:[/?\#].*)?\s*",
    re.IGNORECASE | re.ASCII | re.DOTALL,
)
_LABEL: Final = 63


class KeyClassifier(dict[str, str | None]):
    """What a key means by its name alone: `auth`, `credential`, `like` (one of them), or None."""

    def __missing__(self, key: str) -> str | None:
        kind = self[key] = self.of(key)
        return kind

    @staticmethod
    def of(key: str) -> str | None:
        """Return the kind of a key."""
        word = key.lower().lstrip("_")
        if _one_slip(word, "auth"):
            return "auth"
        if word in _CREDENTIALS:
            return "credential"
        alike = _ALIKE.search(word) or any(_one_slip(word, each) for each in _CREDENTIALS)
        return "like" if alike else None


def is_open(key: str) -> bool:
    """Say whether a key of an `auth` is one whose value is no credential, or nearly is."""
    return any(_one_slip(key.lower(), each) for each in _OPEN)


def is_credential(key: str) -> bool:
    """Say whether a key of an `auth` is one whose value is a credential, or nearly is."""
    word = key.lower().lstrip("_")
    return any(_one_slip(word, each) for each in _CREDENTIALS) or bool(_PASSWORD.fullmatch(word))


def is_harmless(value: str) -> bool:
    """Say whether the value of an open key is all that it seems: one text, or a reference."""
    return _HARMLESS.fullmatch(value) is not None


def domain_line(text: str) -> str | None:
    """Return the line to write for a domain that is a URL or lacks `.domo.com`; None if unclear."""
    found = _HOST.fullmatch(text)
    if found is None or any(len(each) > _LABEL for each in found["host"].split(".")):
        return None
    host = found["host"].lower()
    return f"write `domain: {host if '.' in host else f'{host}.domo.com'}`"


def is_variable_like(name: str) -> bool:
    """Say whether a text is the name of a variable, perhaps with a slip, and no value of one."""
    return _VARIABLE.fullmatch(name) is not None


def _one_slip(word: str, meant: str) -> bool:
    """Say whether one letter too many, too few, wrong, or swapped with its neighbour is between."""
    if abs(len(word) - len(meant)) > 1:
        return False
    start = 0
    while word[start : start + 1] == meant[start : start + 1] != "":
        start += 1
    one, two = word[start:], meant[start:]
    while one and two and one[-1] == two[-1]:
        one, two = one[:-1], two[:-1]
    return max(len(one), len(two)) < 2 or (len(one) == 2 and one == two[::-1])
