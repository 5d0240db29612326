"""Validate documents against the published schema of the manifest.

The fast validator (Rust) decides if a document is valid. Only an invalid document is validated
again with the slow one (Python), which reports every violation and is eighty times slower.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from reconciler.documents.schema import schema_bytes

if TYPE_CHECKING:
    import jsonschema_rs
    from jsonschema import Draft202012Validator, ValidationError

    from reconciler.manifest.schema.plugin_types import PluginTypes


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One violation of the schema.

    `path` leads to the value (for a wrong key: to its mapping) through keys and list indices.
    `schema` is the part of the schema that holds `keyword`; `names` are the keys or items that
    are meant, if the violation is not about the whole value.
    """

    keyword: str
    path: tuple[str | int, ...]
    value: Any
    schema: Mapping[str, Any]
    names: Sequence[str] = ()


class ManifestSchema:
    """The schema of the manifest.

    Without `versioned` it does not require `version`: only one file of a folder must have it.
    `scopes` are accepted in addition to the known ones, and `plugins` in addition to the types.
    """

    def __init__(
        self,
        *,
        versioned: bool = True,
        scopes: Iterable[str] = (),
        plugins: "PluginTypes | None" = None,
    ) -> None:
        self._schema, self._fast = _compiled(
            versioned=versioned, scopes=frozenset(scopes), plugins=plugins
        )

    def accepts(self, value: Any) -> bool:
        """Return if a document is valid."""
        return self._fast.is_valid(value)

    def violations(self, value: Any) -> Iterator[Violation]:
        """Yield every violation of a document."""
        for error in _slow()(self._schema).iter_errors(value):
            yield _violation(error)


# Compiling takes longer than validating a small manifest, so a process does it once.


@lru_cache(maxsize=8)
def _compiled(
    *, versioned: bool, scopes: frozenset[str], plugins: "PluginTypes | None"
) -> "tuple[dict[str, Any], jsonschema_rs.Draft202012Validator]":
    """Return the schema and its fast validator."""
    import jsonschema_rs
    import orjson

    schema = orjson.loads(schema_bytes("manifest"))
    # These rules are for editors. The loader checks them itself, with better messages.
    schema.pop("allOf")
    schema["$defs"]["scope_name"] = schema["$defs"]["scope"]
    if not versioned:
        schema.pop("required")
    schema["$defs"]["scope"]["enum"] += sorted(scopes)
    if plugins is not None:
        plugins.extend(schema)
    return schema, jsonschema_rs.Draft202012Validator(schema)


@lru_cache(maxsize=1)
def _slow() -> "type[Draft202012Validator]":
    """Return the validator that explains, with `pattern` as every other engine reads it."""
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend

    # The stubs leave `extend` untyped.
    exact: type[Draft202012Validator] = extend(  # type: ignore[no-untyped-call]
        Draft202012Validator, {"pattern": _pattern}
    )
    return exact


def _pattern(_: Any, pattern: str, value: Any, __: Any) -> Iterator["ValidationError"]:
    """Match `$` at the end of the text only, as other engines do; Python allows a newline."""
    from jsonschema import ValidationError

    exact = pattern.removesuffix("$") + r"\Z" if pattern.endswith("$") else pattern
    if isinstance(value, str) and not re.search(exact, value):
        yield ValidationError("the pattern does not match")


def _violation(error: "ValidationError") -> Violation:
    schema = error.schema if isinstance(error.schema, Mapping) else {}
    keyword = str(error.validator)
    value: Any = error.instance
    names: Sequence[str] = ()
    if "propertyNames" in error.absolute_schema_path:
        keyword, names = f"propertyNames/{keyword}", (str(value),)
    elif keyword == "required":
        names = [each for each in schema["required"] if each not in value]
    elif keyword == "additionalProperties":
        names = _unknown(value, schema)
    return Violation(
        keyword=keyword,
        path=tuple(error.absolute_path),
        value=value,
        schema=schema,
        names=names,
    )


def _unknown(mapping: Mapping[str, Any], schema: Mapping[str, Any]) -> list[str]:
    known = schema.get("properties", {})
    patterns = [re.compile(each) for each in schema.get("patternProperties", ())]
    return [key for key in mapping if key not in known and not any(p.search(key) for p in patterns)]
