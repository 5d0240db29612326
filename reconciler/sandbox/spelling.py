"""Spellings in which an instance stores or repeats names, client ids and other values."""

import html
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

Spelling = Literal[
    "stored",
    "sent",
    "trimmed",
    "upper",
    "lower",
    "nfc",
    "nfd",
    "cut",
    "escaped",
    "collapsed",
    "null",
    "absent",
]
Sameness = Literal["exact", "case", "unicode", "blanks", "all"]
Mask = Literal[
    False,
    True,
    "null",
    "absent",
    "prefix",
    "ellipsis",
    "bullets",
    "asterisks",
    "zeros",
    "upper",
    "bare",
]

CUT: Final = 8
VISIBLE: Final = 8

_TEXTS: Final[Mapping[str, Callable[[str], str]]] = {
    "trimmed": str.strip,
    "upper": str.upper,
    "lower": str.lower,
    "title": str.title,
    "nfc": lambda text: unicodedata.normalize("NFC", text),
    "nfd": lambda text: unicodedata.normalize("NFD", text),
    "cut": lambda text: text[:CUT],
    "escaped": html.escape,
    "collapsed": lambda text: " ".join(text.split()),
}
_MASKS: Final[Mapping[str | bool, Callable[[str], str]]] = {
    False: lambda each: each,
    True: lambda each: f"********{each[-4:]}",
    "prefix": lambda each: each[:VISIBLE],
    "ellipsis": lambda each: f"{each[:VISIBLE]}…",
    "bullets": lambda each: "•" * 8 + each[-4:],
    "asterisks": lambda each: _hidden(each, "*"),
    "zeros": lambda each: _hidden(each, "0"),
    "upper": str.upper,
    "bare": lambda each: each.replace("-", ""),
}


def respelled(text: str, how: str) -> str:
    """Return `text` in the spelling `how`, unchanged if it is not a spelling of texts."""
    change = _TEXTS.get(how)
    return text if change is None else change(text)


def folded(name: str, how: Sameness) -> str:
    """Return the form in which two names are equal if an instance treats them as equal."""
    if how in {"unicode", "all"}:
        name = unicodedata.normalize("NFC", name)
    if how in {"case", "all"}:
        name = unicodedata.normalize("NFC", name.casefold())
    if how in {"blanks", "all"}:
        name = " ".join(name.split())
    return name


def echoed(document: Mapping[str, Any], sent: Mapping[str, Any], how: str) -> dict[str, Any]:
    """Return a create response that repeats name, description and scope in another spelling."""
    keys = [key for key in ("name", "description", "scope", "scopes") if key in document]
    match how:
        case "absent":
            return {key: each for key, each in document.items() if key not in keys}
        case "null":
            return {**document, **dict.fromkeys(keys)}
        case "sent":
            return {**document, **{key: sent[key] for key in keys if key in sent}}
        case _:
            return {**document, **{key: _each(document[key], how) for key in keys}}


def identified(client_id: str, mask: Mask) -> dict[str, str | None]:
    """Return the `clientId` of a list's entry, hidden in the form of `mask`."""
    if mask == "absent":
        return {}
    return {"clientId": None if mask == "null" else _MASKS[mask](client_id)}


def _each(value: Any, how: str) -> Any:
    if isinstance(value, str):
        return respelled(value, how)
    # Scopes are fixed words of Domo: only their case can differ.
    if how in {"upper", "lower"} and isinstance(value, list | tuple):
        return [respelled(each, how) for each in value]
    return value


def _hidden(client_id: str, filler: str) -> str:
    tail = client_id[VISIBLE:]
    return client_id[:VISIBLE] + "".join(each if each == "-" else filler for each in tail)
