"""Reads the pair of client id and secret from a file, or from the output of a command."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from reconciler.model.errors import SinkUnreadable
from reconciler.model.secret import Secret
from reconciler.model.sink import SinkTarget
from reconciler.model.strings import printable
from reconciler.ports.sinks import ReadBack
from reconciler.sinks.file import Folders
from reconciler.system.bounded_read import read_bounded

LARGEST: Final = 1 << 20
"""The largest file that is read, in bytes: a sink writes less than a thousandth of it."""

_KEYS: Final = ("DOMO_CLIENT_ID", "DOMO_CLIENT_SECRET")


def from_file(target: SinkTarget, root: Path) -> ReadBack:
    """Read the file of a target, inside of the folder that the user wrote.

    Raises:
        SinkUnreadable: it is missing, or does not contain what was written.

    """
    named = f"sink {target.sink}: {printable(str(target.path))}"
    try:
        return parsed(read_bytes(Folders(root).place(target)), target.data["format"])
    except UnicodeError:
        raise SinkUnreadable(f"{named} is not text", hint=_DELIVER) from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SinkUnreadable(f"{named} cannot be read: {reason}", hint=_DELIVER) from None
    except ValueError as error:
        raise SinkUnreadable(f"{named} cannot be used: {error}", hint=_DELIVER) from None


_DELIVER: Final = (
    "run this on the machine that it was delivered to, or let `reconciler rotate` deliver a new one"
)


def parsed(data: bytes, form: str) -> ReadBack:
    """Read what a file sink wrote in one of its formats.

    Raises:
        ValueError: it is something else; the text repeats nothing of it.

    """
    text = data.decode()
    match form:
        case "json":
            return _object(text)
        case "dotenv":
            found = dict(_variables(text))
            return _held(*(found.get(key) for key in _KEYS))
        case _:
            return _held(None, text)


def printed(data: bytes) -> ReadBack:
    """Read what a command printed: the object that it was given, or the secret alone.

    Raises:
        ValueError: it is something else; the text repeats nothing of it.

    """
    text = data.decode()
    if text.lstrip().startswith("{"):
        return _object(text)
    return _held(None, text.removesuffix("\n").removesuffix("\r"))


def _object(text: str) -> ReadBack:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("it is not JSON") from None
    pair = found if isinstance(found, Mapping) else {}
    return _held(pair.get("client_id"), pair.get("client_secret"))


def _held(client_id: object, secret: object) -> ReadBack:
    if not (isinstance(secret, str) and secret.strip()):
        raise ValueError("it holds no secret")
    known = client_id if isinstance(client_id, str) and client_id else None
    return ReadBack(client_id=known, secret=Secret(secret))


def _variables(text: str) -> list[tuple[str, str]]:
    pairs = (line.strip().removeprefix("export ").partition("=") for line in text.splitlines())
    return [(key.strip(), _unquoted(value.strip())) for key, equals, value in pairs if equals]


def _unquoted(value: str) -> str:
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
    return value[1:-1] if quoted else value


def read_bytes(path: Path) -> bytes:
    """Read a regular file; a symbolic link is refused because it may lead out of the folder."""
    return read_bounded(path, LARGEST, follow_links=False)
