"""Validate a JSON document by its published schema, and name the place of the first violation."""

import json
import re
from collections.abc import Mapping
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from reconciler.model.strings import printable

if TYPE_CHECKING:
    from jsonschema_rs import Draft202012Validator, ValidationError

SUFFIX: Final = ".v1.schema.json"

_PLAIN_KEY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LONGEST_KEY: Final = 80
_EXAMINED: Final = 100
"""The most violations that are compared: a damaged state may have one for each client."""
_TYPES: Final[Mapping[str, str]] = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "null",
    "number": "a number",
    "object": "an object",
    "string": "a text",
}
_KINDS: Final[Mapping[type, str]] = {
    bool: "true or false",
    dict: "an object",
    float: "a number with a fraction",
    int: "a number",
    list: "a list",
    str: "a text",
    type(None): "null",
}


class InvalidDocument(ValueError):  # noqa: N818 (readers turn it into an error of their file)
    """A document violates its schema: `reason` holds at `path`, which may be empty."""

    def __init__(self, reason: str, path: str = "") -> None:
        path = path.removeprefix(".")
        super().__init__(f"{path}: {reason}" if path else reason)


def schema_folder() -> Path:
    """Return the folder of the published schemas: in the installed package or the checkout."""
    # Not importlib.resources: its import takes as long as the whole check of a small manifest.
    package = Path(__file__).parents[1]
    installed = package / "schemas"
    return installed if installed.is_dir() else package.parent / "schemas"


def schema_bytes(name: str) -> bytes:
    """Return the text of a published schema, such as `state`."""
    return (schema_folder() / f"{name}{SUFFIX}").read_bytes()


def validate(document: Any, schema: str, part: str | None = None) -> None:
    """Validate plain JSON values against a schema, or against one of its `$defs`.

    Raises:
        InvalidDocument: with the path of the first violation. It contains no value of the
            document, because a value may be a secret.

    """
    validator, source = _validator(schema, part)
    try:
        errors = [] if validator.is_valid(document) else validator.iter_errors(document)
        error = min(islice(errors, _EXAMINED), key=_rank, default=None)
    except ValueError:  # only values that no JSON parser returns
        raise InvalidDocument("an object with a key that is not a text is not JSON") from None
    if error is not None:
        raise _violation(_cause(error), source)


def step(key: str | int) -> str:
    """Return a key or an index as a step of a path: `.scope`, `."acme/Reporting"`, `[1]`."""
    if isinstance(key, int):
        return f"[{key}]"
    if _PLAIN_KEY.fullmatch(key):
        return f".{key}"
    short = key if len(key) <= _LONGEST_KEY else f"{key[: _LONGEST_KEY - 1]}…"
    return f'."{printable(short)}"'


@cache
def _validator(name: str, part: str | None) -> "tuple[Draft202012Validator, dict[str, Any]]":
    import jsonschema_rs

    schema = _schema(name)
    if part is not None:
        schema = {"$ref": f"#/$defs/{part}", "$defs": schema["$defs"]}
    # The pattern of an instant accepts February 30; the format does not.
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True), schema


def _schema(name: str) -> dict[str, Any]:
    """Return a schema with the definitions that it borrows from the state's."""
    import orjson

    text = schema_bytes(name)
    borrowed = f'"state{SUFFIX}#'.encode()
    schema: dict[str, Any] = orjson.loads(text.replace(borrowed, b'"#'))
    if borrowed in text:
        schema["$defs"] = _schema("state")["$defs"] | schema["$defs"]
    return schema


def _cause(error: "ValidationError") -> "ValidationError":
    """Return the violation inside the alternative that comes closest to the document."""
    while error.kind.name == "anyOf":
        kind: Any = error.kind
        firsts = [each[0] for each in kind.context]
        nearest: ValidationError = max(firsts, key=_depth)
        if _depth(nearest) == _depth(error):
            right_type = [each for each in firsts if each.kind.name != "type"]
            if not right_type:
                return error
            nearest = right_type[0]
        error = nearest
    return error


def _rank(error: "ValidationError") -> tuple[int, bool]:
    """Order violations from the outside in, because an invalid key matters more than its value.

    The path of a violation lacks empty keys, so that the second part decides about them.
    """
    return _depth(error), error.kind.name != "propertyNames"


def _depth(error: "ValidationError") -> int:
    return len(error.instance_path)


def _violation(error: "ValidationError", source: Mapping[str, Any]) -> InvalidDocument:
    path = "".join(map(step, error.instance_path))
    schema = _at(source, error.schema_path[:-1])
    kind: Any = error.kind  # its attributes depend on its name
    if kind.name == "additionalProperties":
        unknown = path + step(min(kind.unexpected))
        return InvalidDocument("there is no such key in this version", unknown)
    if kind.name == "required":
        return InvalidDocument("this key is missing", path + step(kind.property))
    if kind.name == "propertyNames":
        return InvalidDocument(f"{_expected(schema)} is expected", path + step(kind.error.instance))
    if kind.name == "not":
        return InvalidDocument(f"{schema['not']['title']} is not allowed", path)
    found = _found(kind.name, error.instance)
    return InvalidDocument(f"{_expected(schema)} is expected{found}", path)


def _at(schema: Mapping[str, Any], path: "list[str | int]") -> Mapping[str, Any]:
    found: Any = schema
    for each in path:
        found = found[each]
    return found  # type: ignore[no-any-return]  # a path of a schema leads to a schema


def _expected(schema: Mapping[str, Any]) -> str:
    """Name what a schema accepts; the titles of its parts are written for this sentence."""
    if "const" in schema:
        return _word(schema["const"])
    if "enum" in schema:
        return "one of " + ", ".join(map(_word, schema["enum"]))
    if "anyOf" in schema:
        return " or ".join(_expected(each) for each in schema["anyOf"])
    types = schema.get("type", "object")
    if "title" in schema and types != "object":
        return str(schema["title"])
    least = f" from {schema['minimum']}" if "minimum" in schema else ""
    return " or ".join(
        _TYPES[each] + (least if each in {"integer", "number"} else "")
        for each in ([types] if isinstance(types, str) else types)
    )


def _word(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _found(keyword: str, value: object) -> str:
    """Name the kind of a value if the kind is what is wrong with it."""
    if value == "" and keyword in {"type", "minLength"}:
        return ", not an empty text"
    return f", not {_KINDS[type(value)]}" if keyword in {"type", "anyOf"} else ""
