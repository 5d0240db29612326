"""Build a frozen dataclass from a plain mapping, or raise an error that describes the mistake."""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args, get_origin

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Shaped = TypeVar("Shaped", bound="DataclassInstance")


def shaped(cls: type[Shaped], given: Any, where: str) -> Shaped:
    """Build a `cls` from a mapping whose keys and types are those of its fields.

    Raises:
        ValueError: not a mapping, an unknown or missing key, or a value of another type.

    """
    values = mapping(given, where)
    known = {each.name: each for each in fields(cls)}
    for name, value in values.items():
        if name not in known:
            raise ValueError(f"{where}: unknown key `{name}`, known are {', '.join(sorted(known))}")
        if not _fits(value, known[name].type):
            raise ValueError(f"{where}: `{name}` cannot be {value!r}{_choice(known[name].type)}")
    for name, each in known.items():
        if name not in values and each.default is MISSING and each.default_factory is MISSING:
            raise ValueError(f"{where}: `{name}` is missing")
    return cls(**values)


def _choice(wanted: Any) -> str:
    """Return the permitted values as text, empty if they are not a fixed list."""
    if get_origin(wanted) is not Literal:
        return ""
    return f", it is one of {', '.join(map(str, get_args(wanted)))}"


def mapping(given: Any, where: str) -> Mapping[str, Any]:
    """Return `given` if it is a mapping with text keys.

    Raises:
        ValueError: it is not.

    """
    if not isinstance(given, Mapping) or not all(isinstance(key, str) for key in given):
        raise ValueError(f"{where}: not a mapping with text keys")
    return given


def sequence(given: Any, where: str) -> tuple[Any, ...]:
    """Return `given` as a tuple if it is a list.

    Raises:
        ValueError: it is not.

    """
    if isinstance(given, list | tuple):
        return tuple(given)
    raise ValueError(f"{where}: not a list")


def texts(given: Any, where: str) -> dict[str, str]:
    """Return a mapping of text to text as a dictionary.

    Raises:
        ValueError: it is not one.

    """
    values = mapping(given, where)
    if not all(isinstance(value, str) for value in values.values()):
        raise ValueError(f"{where}: not all values are text")
    return dict(values)


def counts(given: Any, where: str) -> dict[str, int]:
    """Return a mapping of text to whole numbers as a dictionary.

    Raises:
        ValueError: it is not one.

    """
    values = mapping(given, where)
    if not all(_is_a(value, int) for value in values.values()):
        raise ValueError(f"{where}: not all values are whole numbers")
    return dict(values)


def _fits(value: Any, kind: Any) -> bool:
    if get_origin(kind) is Literal:
        return value in get_args(kind)
    return any(_is_a(value, each) for each in get_args(kind) or (kind,))


def _is_a(value: Any, kind: type) -> bool:
    if isinstance(value, bool) or kind is bool:
        return isinstance(value, bool) and kind is bool
    if kind in (int, float):
        # Every number of a config is a count, a delay or a status: none may be negative.
        return isinstance(value, int if kind is int else int | float) and value >= 0
    return isinstance(value, get_origin(kind) or kind)
