"""The published schema: complete, described, and the same truth for both validators."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reconciler.documents.schema import schema_bytes
from reconciler.manifest.schema.validator import ManifestSchema
from reconciler.model.scope import SCOPES

FILE = Path(__file__).parents[3] / "schemas" / "manifest.v1.schema.json"


def parts(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield every mapping in a schema."""
    if isinstance(schema, dict):
        yield schema
        for each in schema.values():
            yield from parts(each)
    elif isinstance(schema, list):
        for each in schema:
            yield from parts(each)


def test_the_document_is_the_file() -> None:
    """What is printed is what is published."""
    assert schema_bytes("manifest") == FILE.read_bytes()


def test_the_schema_is_a_schema() -> None:
    """It says which draft it follows, and follows it."""
    import jsonschema

    jsonschema.Draft202012Validator.check_schema(json.loads(schema_bytes("manifest")))


def test_every_key_is_described() -> None:
    """An editor can say what each key is for."""
    bare = [
        name
        for part in parts(json.loads(schema_bytes("manifest")))
        if part.get("type") == "object"
        for name, each in part.get("properties", {}).items()
        if "description" not in each
    ]
    assert bare == []


def test_scopes_are_those_of_the_model() -> None:
    """The schema and the code know the same scopes."""
    schema = json.loads(schema_bytes("manifest"))
    assert tuple(schema["$defs"]["scope"]["enum"]) == SCOPES


def test_a_pattern_ends_where_the_text_ends() -> None:
    """Both validators refuse a newline after what a pattern takes."""
    shape = ManifestSchema()
    for value in (
        {"version": 1, "defaults": {"overlap": "1d\n"}},
        {"version": 1, "instances": {"a\n": {}}},
    ):
        assert not shape.accepts(value)
        assert list(shape.violations(value))
