r"""A journal as bytes: a line for each record, each line with its own checksum.

`<crc32, 8 hex digits> <JSON>\n`, the header first; the checksum is of the JSON's bytes. A crash
cuts a file off at its end, so what follows the last line feed may be the beginning of a line; each
line before it was written whole, and a wrong checksum there means that it was changed since.
"""

import json
import zlib
from collections.abc import Mapping
from dataclasses import fields as dataclass_fields
from typing import Any, Final, NamedTuple

import orjson

from reconciler.model.errors import StateRefused, StateUnwritable
from reconciler.state import json_checks
from reconciler.state.codec import (
    RETIRING,
    one_secret,
    read_plain,
    read_recipients,
    read_sealed,
    written_retiring,
    written_secret,
)
from reconciler.state.journal_records import (
    VERSION,
    Abandoned,
    Created,
    Delivered,
    Header,
    Intent,
    NotCreated,
    Record,
    Revoked,
    RolledBack,
)
from reconciler.state.json_checks import Check, InvalidField, ObjectCheck
from reconciler.state.model import Plain, Retiring, Sealed
from reconciler.state.upgrade import newer


class Journal(NamedTuple):
    """What a journal says. `header` is None where nothing was begun; `torn`: its end is cut off."""

    header: Header | None
    records: tuple[Record, ...]
    torn: bool


def encode_header(header: Header) -> bytes:
    """Write a journal's first line."""
    return _line("header", header)


def encode_record(record: Record) -> bytes:
    """Write a record's line.

    Raises:
        StateUnwritable: a text in it is not Unicode, or a number has more than 64 bits.

    """
    return _line(_NAMES[type(record)], record)


def decode(data: bytes, *, name: str) -> Journal:
    """Read a journal; `name` is the file, for messages.

    A last line that is cut off is left out: its record was never durable. One that lacks only its
    line feed is whole.

    Raises:
        StateRefused: broken other than at its end, newer, or not what a journal looks like.

    """
    lines, torn = _checked(data, name)
    if not lines:
        return Journal(None, (), torn)
    try:
        header = _header(orjson.loads(lines[0]), name)
        return Journal(header, tuple(_records(lines)), torn)
    except (InvalidField, orjson.JSONDecodeError) as error:
        raise StateRefused(f"`{name}` is not a journal: {error}", hint=_KEEP) from None


_KEEP: Final = (
    "nothing was written, and the file was left as it is: it may hold secrets that are nowhere "
    "else. Restore it, or move it away and run `reconciler plan --refresh`, which shows the "
    "clients that it knew"
)


def _line(label: str, value: Header | Record) -> bytes:
    found: dict[str, Any] = {"record": label}
    for each in dataclass_fields(value):
        item = getattr(value, each.name)
        if isinstance(item, Plain | Sealed):
            found |= written_secret(item)
        elif isinstance(item, Retiring):
            found[each.name] = written_retiring(item)
        elif each.name == "address":
            found["address"] = str(item)
        elif item is not None:
            found[each.name] = item
    try:
        body = orjson.dumps(found)
    except orjson.JSONEncodeError as error:
        raise StateUnwritable(f"a record cannot be written as JSON: {error}") from None
    return b"%08x %b\n" % (zlib.crc32(body), body)


def _checked(data: bytes, name: str) -> tuple[list[bytes], bool]:
    """Return the JSON of each whole line, and whether the end of the file is cut off."""
    written = data.rstrip(b"\0")  # some file systems let a file grow before its bytes arrive
    *lines, rest = written.split(b"\n")
    bodies = []
    for number, line in enumerate(lines, start=1):
        body = _body(line)
        if body is None:
            raise _corrupt(name, number)
        bodies.append(body)
    body = _body(rest)
    if body is not None:
        return [*bodies, body], False
    if not _is_cut_off(rest):
        raise _corrupt(name, len(bodies) + 1)
    return bodies, len(data) > len(written) or bool(rest)


def _body(line: bytes) -> bytes | None:
    """Return a line's JSON, None where its checksum is wrong."""
    checksum, body = line[:9], line[9:]
    return body if checksum == b"%08x " % zlib.crc32(body) else None


def _is_cut_off(line: bytes) -> bool:
    """Say whether a line without its line feed may be the beginning of one.

    It is not where a whole object stands in it: then something else in it was changed, such as
    the line feed, and with it a record that was durable.
    """
    try:
        json.JSONDecoder().raw_decode(line[9:].decode("latin-1"))
    except (ValueError, RecursionError):
        return True
    return False


def _corrupt(name: str, number: int) -> StateRefused:
    return StateRefused(f"`{name}` is corrupt: line {number} was changed", hint=_KEEP)


def _header(value: Any, name: str) -> Header:
    version = value.get("version") if type(value) is dict else None
    if type(version) is int and version > VERSION:
        raise newer(name, version)
    if type(value) is not dict or value.pop("record", None) != "header":
        raise InvalidField("line 1: a header is expected")
    try:
        header = _HEADER(value)
    except InvalidField as wrong:
        raise InvalidField(f"line 1: {wrong}") from None
    if header.version != VERSION:
        raise InvalidField(f"line 1: version {header.version} never was")
    return header


def _records(lines: list[bytes]) -> list[Record]:
    found = []
    for number, line in enumerate(lines[1:], start=2):
        try:
            found.append(_record(orjson.loads(line)))
        except InvalidField as wrong:
            raise InvalidField(f"line {number}: {wrong}") from None
    return found


def _record(value: Any) -> Record:
    label = value.pop("record", None) if type(value) is dict else None
    shape = _SHAPES.get(label) if type(label) is str else None
    if shape is None:
        raise InvalidField("there is no such record in this version")
    found: Record = shape(value)
    return found


def _created(**found: Any) -> Created:
    return Created(**one_secret(found, required=True))


def _how(value: Any) -> str:
    if type(value) is str and value in ("revoked", "abandon", "output"):
        return value
    raise InvalidField("one of revoked, abandon, output is expected")


_HEADER: Final = ObjectCheck(
    build=Header,
    checks={
        "run": json_checks.word,
        "lineage": json_checks.lineage,
        "serial": json_checks.serial,
        "plan_id": json_checks.text,
        "at": json_checks.moment,
        "version": json_checks.count,
    },
    required=frozenset({"run", "lineage", "serial", "plan_id", "at", "version"}),
)
_INTENT: Final[Mapping[str, Check]] = {
    "address": json_checks.address,
    "nonce": json_checks.word,
    "domain": json_checks.domain,
    "live_name": json_checks.word,
    "scope": json_checks.each(json_checks.word),
    "sinks": json_checks.each(json_checks.sink),
    "at": json_checks.moment,
    "principal": json_checks.text,
    "owner": json_checks.count,
    "description": json_checks.text,
    "predecessor": json_checks.word,
    "marked": json_checks.flag,
    "protect": json_checks.flag,
    "on_remove": json_checks.on_remove,
    "overlap": json_checks.length,
    "orphan": RETIRING,
}
_CREATED: Final[Mapping[str, Check]] = {
    "nonce": json_checks.word,
    "client_id": json_checks.word,
    "client_secret": read_plain,
    "client_secret_sealed": read_sealed,
    "client_secret_recipients": read_recipients,
    "at": json_checks.moment,
    "owner": json_checks.count,
    "id": json_checks.count,
    "taken": json_checks.flag,
}
_DELIVERED: Final[Mapping[str, Check]] = {
    "address": json_checks.address,
    "client_id": json_checks.word,
    "sink": json_checks.sink,
    "target": json_checks.text,
    "at": json_checks.moment,
    "proved": json_checks.flag,
    "digest": json_checks.word,
}
_REVOKED: Final[Mapping[str, Check]] = {
    "address": json_checks.address,
    "client_id": json_checks.word,
}
_NONCE: Final[Mapping[str, Check]] = {"nonce": json_checks.word}
_ABANDONED: Final[Mapping[str, Check]] = {"key": json_checks.word, "how": _how}

_SHAPES: Final[Mapping[str, ObjectCheck[Any]]] = {
    "intend": ObjectCheck(build=Intent, checks=_INTENT, required=frozenset(list(_INTENT)[:8])),
    "created": ObjectCheck(
        build=_created, checks=_CREATED, required=frozenset({"nonce", "client_id", "at"})
    ),
    "delivered": ObjectCheck(
        build=Delivered, checks=_DELIVERED, required=frozenset(_DELIVERED) - {"proved", "digest"}
    ),
    "absent": ObjectCheck(build=NotCreated, checks=_NONCE, required=frozenset(_NONCE)),
    "withdrawn": ObjectCheck(build=RolledBack, checks=_NONCE, required=frozenset(_NONCE)),
    "revoked": ObjectCheck(build=Revoked, checks=_REVOKED, required=frozenset(_REVOKED)),
    "abandoned": ObjectCheck(build=Abandoned, checks=_ABANDONED, required=frozenset(_ABANDONED)),
}
_NAMES: Final[Mapping[type[Record], str]] = {
    Intent: "intend",
    Created: "created",
    Delivered: "delivered",
    NotCreated: "absent",
    RolledBack: "withdrawn",
    Revoked: "revoked",
    Abandoned: "abandoned",
}
