"""Documents are validated by the published schemas, and a violation is named by its place."""

import json
from typing import Any

import pytest

from reconciler.documents.schema import InvalidDocument, schema_folder, step, validate

PLACE: dict[str, Any] = {"file": "reconciler.yaml", "line": 3, "column": 1}
ORIGIN: dict[str, Any] = PLACE | {"client_set": None, "cause": None}


def violation(document: Any, schema: str, part: str | None = None) -> str:
    """Return the message about a document that violates its schema."""
    with pytest.raises(InvalidDocument) as caught:
        validate(document, schema, part)
    return str(caught.value)


@pytest.mark.parametrize(
    ("document", "part", "message"),
    [
        (7, "place", "an object is expected, not a number"),
        (PLACE | {"line": "3"}, "place", "line: a whole number is expected, not a text"),
        (PLACE | {"line": 3.5}, "place", "line: a whole number is expected, not a number with a"),
        (PLACE | {"row": 1, "at": 2}, "place", "at: there is no such key in this version"),
        (ORIGIN | {"client_set": 1}, "origin", "client_set: a text or null is expected"),
        (ORIGIN | {"cause": 1}, "origin", "cause: null or an object is expected, not a number"),
        (ORIGIN | {"cause": {}}, "origin", "cause.setting: this key is missing"),
        (ORIGIN | {"cause": PLACE | {"setting": "x"}}, "origin", "cause.setting: one of sink, ro"),
        ("acme", "address", "an address such as acme/Reporting is expected"),
        (None, "wish", "an object is expected, not null"),
        ({"action": "rotate", "clients": {"x": None}}, "wish", "clients.x: an address such as"),
        ({"action": 1, "clients": {"a/b": 1}, "q": 1}, "wish", "q: there is no such key"),
    ],
)
def test_a_violation_is_named_by_its_outermost_place(
    document: Any, part: str, message: str
) -> None:
    """The path leads through lists, objects and alternatives to the value or the key."""
    assert violation(document, "plan", part).startswith(message)


def test_a_constant_is_named() -> None:
    """A key with one possible value has that value in the message."""
    assert violation({"format": 1, "version": 1}, "plan").startswith("plan_id: this key")
    assert (
        violation({"record": "x", "nonce": "n"}, "journal", "absent")
        == "record: absent is expected"
    )


def test_no_value_is_in_a_message() -> None:
    """A value may be a secret."""
    assert "hush" not in violation({"client_secret": "hush", "hash": "hush"}, "state", "client")


def test_a_key_that_is_not_a_text_is_refused() -> None:
    """A mapping that no JSON parser returns is a violation, too."""
    assert violation({1: 2}, "state") == "an object with a key that is not a text is not JSON"


def test_a_document_with_many_violations_is_refused() -> None:
    """A state in which every client is damaged names one of them."""
    clients: dict[str, Any] = {f"acme/Client {number}": {} for number in range(1000)}
    found = violation({"clients": clients, "version": 1, "lineage": "x", "serial": 1}, "state")
    assert found == 'clients."acme/Client 0".domain: this key is missing'


@pytest.mark.parametrize(
    ("key", "written"),
    [(0, "[0]"), ("scope", ".scope"), ("", '.""'), ("a/b", '."a/b"'), ("\x1b", r'."\x1b"')],
)
def test_a_step_of_a_path_is_printable(key: str | int, written: str) -> None:
    """A key cannot act on the terminal that shows it, and a long one is cut."""
    assert step(key) == written
    assert len(step("x y" * 99)) < 90


def test_every_definition_that_a_schema_borrows_exists() -> None:
    """A reference to the state's schema leads to a definition."""
    state = json.loads((schema_folder() / "state.v1.schema.json").read_bytes())
    text = (schema_folder() / "journal.v1.schema.json").read_text(encoding="utf-8")
    borrowed = {part.split('"')[0] for part in text.split("state.v1.schema.json#/$defs/")[1:]}
    assert borrowed <= set(state["$defs"])
    assert borrowed
