r"""A journal as bytes: a line for each record, each line with its own checksum.

`<crc32, 8 hex digits> <JSON>\n`, the header first; the checksum is of the JSON's bytes. A crash
cuts a file off at its end, so what follows the last line feed may be the beginning of a line; each
line before it was written whole, and a wrong checksum there means that it was changed since.
"""

import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import fields as dataclass_fields
from typing import Any, Final, NamedTuple

import orjson

from reconciler.documents.schema import InvalidDocument, validate
from reconciler.model.address import Address
from reconciler.model.errors import StateRefused, StateUnwritable
from reconciler.state.codec import (
    encode_retiring,
    encode_secret,
    read_common,
    read_retiring,
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
from reconciler.state.model import Plain, Retiring, Sealed
from reconciler.state.upgrade import newer_version_error


class Journal(NamedTuple):
    """What a journal says. `header` is None if nothing was begun; `torn`: its end is cut off."""

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
    except (InvalidDocument, orjson.JSONDecodeError) as error:
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
            found |= encode_secret(item)
        elif isinstance(item, Retiring):
            found[each.name] = encode_retiring(item)
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
    """Return a line's JSON, None if its checksum is wrong."""
    checksum, body = line[:9], line[9:]
    return body if checksum == b"%08x " % zlib.crc32(body) else None


def _is_cut_off(line: bytes) -> bool:
    """Say whether a line without its line feed may be the beginning of one.

    It is not if it contains a whole object: then something else in it was changed, such as
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
        raise newer_version_error(name, version)
    if type(value) is not dict or value.get("record") != "header":
        raise InvalidDocument("line 1: a header is expected")
    if type(version) is int and version != VERSION:
        raise InvalidDocument(f"line 1: there is no version {version}")
    _validate(value, "header", line=1)
    del value["record"]
    return Header(**value | {"serial": int(value["serial"])})


def _records(lines: list[bytes]) -> Iterator[Record]:
    for number, line in enumerate(lines[1:], start=2):
        value = orjson.loads(line)
        label = value.get("record") if type(value) is dict else None
        if type(label) is not str or label not in _TYPES:
            raise InvalidDocument(f"line {number}: there is no such record in this version")
        _validate(value, label, line=number)
        yield _record(value)


def _validate(value: dict[str, Any], label: str, *, line: int) -> None:
    try:
        validate(value, "journal", label)
    except InvalidDocument as error:
        raise InvalidDocument(f"line {line}: {error}") from None


def _record(value: dict[str, Any]) -> Record:
    """Return the record that a valid object describes."""
    kind = _TYPES[value.pop("record")]
    found = read_common(value)
    if "address" in found:
        found["address"] = Address.parse(found["address"])
    if "orphan" in found:
        found["orphan"] = read_retiring(found["orphan"])
    return kind(**found)


_TYPES: Final[Mapping[str, type[Record]]] = {
    "intend": Intent,
    "created": Created,
    "delivered": Delivered,
    "absent": NotCreated,
    "withdrawn": RolledBack,
    "revoked": Revoked,
    "abandoned": Abandoned,
}
"""The records by their names on disk, which are those of the definitions in the schema."""

_NAMES: Final[Mapping[type[Record], str]] = {kind: name for name, kind in _TYPES.items()}
