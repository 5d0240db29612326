"""The content of a file, in each of its formats."""

import json
import re
from typing import Final, assert_never

from reconciler.model.client import Delivery
from reconciler.sinks.definitions import FileFormat

_BARE: Final = re.compile(r"[A-Za-z0-9_./:@%+=,-]+")
_SINGLE: Final = re.compile(r"[^'\\\x00-\x1f\x7f]+")
_DOUBLE: Final = re.compile(r'[^"\\$`!\x00-\x1f\x7f]+')
"""Values that shells and dotenv libraries read alike in single and in double quotes."""


def content(delivery: Delivery, form: FileFormat) -> bytes:
    """Return the file's bytes.

    Raises:
        ValueError: a value cannot be written in this format.

    """
    match form:
        case "json":
            return json.dumps(delivery.document(), indent=2).encode() + b"\n"
        case "dotenv":
            secret = delivery.client_secret.reveal()
            lines = {"DOMO_CLIENT_ID": delivery.client_id, "DOMO_CLIENT_SECRET": secret}
            return "".join(f"{key}={_quoted(value)}\n" for key, value in lines.items()).encode()
        case "raw":
            return delivery.client_secret.reveal().encode()
        case _:
            assert_never(form)


def line(delivery: Delivery) -> bytes:
    """Return the JSON object on one line, for a command's standard input."""
    return json.dumps(delivery.document()).encode() + b"\n"


def _quoted(value: str) -> str:
    """Quote so that shells and dotenv libraries read the same; bare if nothing is special."""
    if _BARE.fullmatch(value):
        return value
    if _SINGLE.fullmatch(value):
        return f"'{value}'"
    if _DOUBLE.fullmatch(value):
        return f'"{value}"'
    raise ValueError(
        "a value has characters that readers of dotenv do not agree on: "
        "change the sink's format to json or raw"
    )
