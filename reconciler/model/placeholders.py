"""Placeholders such as `{instance}` in the manifest's strings; `{{`, `}}` are literal braces."""

import posixpath
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from reconciler.model.address import Address
from reconciler.model.strings import slug

_HOLE: Final = re.compile(r"\{\{|\}\}|\{([^{}]*)\}")


class Role(StrEnum):
    """What a string of the manifest is, once its placeholders are filled in.

    The role decides which values are refused: a `PATH` must not leave the folder that the user
    wrote, an `ARGUMENT` must not become an option, and a `VARIABLE` must be a variable's name.
    """

    PATH = "path"
    ARGUMENT = "argument"
    VARIABLE = "variable"
    TEXT = "text"


class UnknownPlaceholder(ValueError):  # noqa: N818 (a value's name, as in KeyError's family)
    """A placeholder that does not exist, or not here; `name` is what stands in the braces."""

    def __init__(self, name: str) -> None:
        super().__init__(f"unknown placeholder {{{name}}}")
        self.name = name


def instance_values(*, key: str, domain: str, labels: Mapping[str, str]) -> dict[str, str]:
    """Return what the placeholders stand for in the strings of one instance."""
    values = {"instance": key, "INSTANCE": key.upper().replace("-", "_"), "domain": domain}
    values.update((f"labels.{name}", value) for name, value in labels.items())
    return values


def client_values(instance: Mapping[str, str], address: Address) -> dict[str, str]:
    """Return what the placeholders stand for in the strings of one client."""
    return {**instance, "client": address.client, "client_slug": slug(address.client)}


def has_braces(text: str) -> bool:
    """Say whether a text has something to fill in, or a literal brace in its written form."""
    return "{" in text or "}}" in text


def literal(text: str) -> str:
    """Return the template that stands for a text as it is."""
    return text.replace("{", "{{").replace("}", "}}")


def fill(template: str, values: Mapping[str, str]) -> str:
    """Put the values into the holes; a value is never searched for holes again.

    Raises:
        UnknownPlaceholder: if a hole's name is not among `values`.

    """

    def value(found: re.Match[str]) -> str:
        if found[1] is None:
            return found[0][0]
        try:
            return values[found[1]]
        except KeyError:
            raise UnknownPlaceholder(found[1]) from None

    return _HOLE.sub(value, template) if has_braces(template) else template


def parts(template: str) -> list[str]:
    """Divide a template: texts at even numbers, names of placeholders at odd ones."""
    found, end = [""], 0
    for each in _HOLE.finditer(template):
        found[-1] += template[end : each.start()]
        if each[1] is None:
            found[-1] += each[0][0]
        else:
            found += [each[1], ""]
        end = each.end()
    found[-1] += template[end:]
    return found


def static_folder(template: str) -> str:
    """Return the folder in a path's template that no placeholder can change; "" if it has none."""
    return posixpath.dirname(parts(template)[0])
