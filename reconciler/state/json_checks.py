"""Check JSON from a file value by value; an error carries the path of the invalid value.

A check takes a JSON value and returns the decoded value, or raises `InvalidField`. Paths are built
only while an error propagates, so that a correct document costs nothing extra.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, Literal, TypeVar, get_args

from reconciler.model.address import Address
from reconciler.model.client import OnRemove
from reconciler.model.strings import is_one_line, printable
from reconciler.model.timestamps import parse

Check = Callable[[Any], Any]
T = TypeVar("T")

_PLAIN_KEY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_STAMP: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_UUID: Final = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_INSTANCE: Final = re.compile(r"[a-z0-9][a-z0-9-]*")
_LABEL: Final = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_DOMAIN: Final = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*")
_ON_REMOVE: Final = get_args(OnRemove)
_SERIALS: Final = 2**53
"""Where JSON's readers stop to tell whole numbers apart."""


class InvalidField(ValueError):  # noqa: N818 (it is what a value is, and it never leaves this package)
    """`what` is expected at `where`, a path that begins with `.` or `[`, or is empty."""

    def __init__(self, what: str, where: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where

    def inside(self, step: str) -> "InvalidField":
        """Return the same mistake, seen from one level further out."""
        return InvalidField(self.what, step + self.where)

    def __str__(self) -> str:
        where = self.where.removeprefix(".")
        return f"{where}: {self.what}" if where else self.what


def key(name: str) -> str:
    """Write a key as a step of a path: `.scope`, `."acme/Reporting"`."""
    if _PLAIN_KEY.fullmatch(name):
        return f".{name}"
    short = name if len(name) <= 80 else name[:79] + "…"
    return f'."{printable(short)}"'


def text(value: Any) -> str:
    """Check a text; it may be empty."""
    if type(value) is str:
        return value
    raise InvalidField(f"a text is expected, not {_kind(value)}")


def word(value: Any) -> str:
    """Check a text that is not empty."""
    if type(value) is str and value:
        return value
    raise InvalidField(f"a text is expected, not {_kind(value)}")


def flag(value: Any) -> bool:
    """Check `true` or `false`."""
    if type(value) is bool:
        return value
    raise InvalidField(f"true or false is expected, not {_kind(value)}")


def count(value: Any) -> int:
    """Check a whole number that is not negative."""
    if type(value) is int and value >= 0:
        return value
    raise InvalidField(f"a whole number is expected, not {_kind(value)}")


def serial(value: Any) -> int:
    """Check a serial: there must be room above it, for it grows with each write."""
    found = count(value)
    if found < _SERIALS:
        return found
    raise InvalidField("a serial is a whole number below 2^53")


def length(value: Any) -> float:
    """Check a length of time in seconds."""
    if type(value) in (int, float) and 0 <= value < math.inf:
        return float(value)
    raise InvalidField(f"a number of seconds is expected, not {_kind(value)}")


def moment(value: Any) -> str:
    """Check a UTC stamp, `2026-01-31T08:00:00Z`; it stays text."""
    if type(value) is str and _STAMP.fullmatch(value):
        try:
            parse(value)
        except ValueError:
            pass
        else:
            return value
    raise InvalidField("a UTC instant is expected, such as 2026-01-31T08:00:00Z")


def lineage(value: Any) -> str:
    """Check the UUID that a state has for its life."""
    if type(value) is str and _UUID.fullmatch(value):
        return value
    raise InvalidField("a lineage is a UUID")


def domain(value: Any) -> str:
    """Check a bare host name."""
    if type(value) is str and _DOMAIN.fullmatch(value):
        return value
    raise InvalidField("a host name is expected, such as acme.domo.com")


def sink(value: Any) -> str:
    """Check a sink's name."""
    if type(value) is str and _is_name(value):
        return value
    raise InvalidField("a sink's name is expected")


def on_remove(value: Any) -> Literal["keep", "forget", "revoke"]:
    """Check what happens to a client that leaves the manifest."""
    for known in _ON_REMOVE:
        if value == known:
            return known  # type: ignore[no-any-return]  # get_args forgets what the values are
    raise InvalidField(f"one of {', '.join(_ON_REMOVE)} is expected")


def address(value: Any) -> Address:
    """Check `instance/Client Name`."""
    found = Address(*value.partition("/")[::2]) if type(value) is str else Address("", "")
    if _INSTANCE.fullmatch(found.instance) and _is_name(found.client):
        return found
    raise InvalidField("an address is expected, INSTANCE/CLIENT")


def each(check: Check) -> Check:
    """Return the check of a list whose every item passes `check`; it becomes a tuple."""

    def items(value: Any) -> tuple[Any, ...]:
        if type(value) is not list:
            raise InvalidField(f"a list is expected, not {_kind(value)}")
        found = []
        for item in value:
            try:
                found.append(check(item))
            except InvalidField as wrong:
                raise wrong.inside(f"[{len(found)}]") from None
        return tuple(found)

    return items


def entries(name: Check, check: Check) -> Check:
    """Return the check of an object whose keys pass `name` and whose values pass `check`."""

    def items(value: Any) -> dict[Any, Any]:
        if type(value) is not dict:
            raise InvalidField(f"an object is expected, not {_kind(value)}")
        found = {}
        for label, item in value.items():
            try:
                known = name(label)
                found[known] = check(item)
            except InvalidField as wrong:
                raise wrong.inside(key(label)) from None
        return found

    return items


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectCheck(Generic[T]):
    """The check of an object that becomes a `T`: a check for each key, and the keys it must have.

    A key that is absent takes the default of `T`; one that is unknown is wrong.
    """

    build: Callable[..., T]
    checks: Mapping[str, Check]
    required: frozenset[str]

    def __call__(self, value: Any) -> T:
        """Return what the object stands for.

        Raises:
            Wrong: with the path of the first mistake.

        """
        return self.build(**self.fields(value))

    def fields(self, value: Any) -> dict[str, Any]:
        """Return the checked values by key."""
        if type(value) is not dict:
            raise InvalidField(f"an object is expected, not {_kind(value)}")
        found = {}
        label = ""
        try:
            for label, item in value.items():
                found[label] = self.checks[label](item)
        except InvalidField as wrong:
            raise wrong.inside(key(label)) from None
        except KeyError:
            raise InvalidField("there is no such key in this version", key(label)) from None
        if not found.keys() >= self.required:
            missing = min(self.required - found.keys())
            raise InvalidField("this key is missing", key(missing))
        return found


def _is_name(value: str) -> bool:
    # What Python calls printable is one line, and quicker to ask for.
    return (value.isprintable() and bool(value.strip())) or is_one_line(value)


def _kind(value: Any) -> str:
    """Name a JSON value by its kind alone: the value itself may be a secret."""
    if value is None:
        return "null"
    if type(value) is str:
        return "a text" if value else "an empty text"
    if type(value) is bool:
        return "true or false"
    if type(value) is dict:
        return "an object"
    return "a list" if type(value) is list else "such a number"
