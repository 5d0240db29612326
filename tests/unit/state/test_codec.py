"""The state as bytes, and what is refused of them."""

import gc
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from reconciler.model.address import Address
from reconciler.model.errors import StateRefused, StateUnwritable
from reconciler.model.secret import Secret
from reconciler.state.codec import decode, encode
from reconciler.state.model import (
    OpenAction,
    OpenPlan,
    Plain,
    Retiring,
    Sealed,
    SinkDelivery,
    State,
)

SCHEMA = Path(__file__).parents[3] / "schemas" / "state.v1.schema.json"
States = Callable[..., State]

FULL: dict[str, Any] = {
    "id": 12,
    "owner": 34,
    "description": "Nightly",
    "nonce": "0a1b2c3d",
    "adopted": True,
    "protect": True,
    "on_remove": "revoke",
    "overlap": 3600.0,
    "delivered": {"ops": SinkDelivery(target="t", at="2026-01-31T08:00:00Z")},
    "secret": Sealed(text="age…", recipients=("age1a", "age1b")),
    "retiring": (
        Retiring(live_name="Old", client_id="c0", id=None, owner=None, scope=("data",)),
        Retiring(live_name="Older", client_id="b", id=1, owner=2, scope=(), nonce="n", overlap=0.5),
    ),
}


def test_what_is_open_of_a_plan_comes_back(state: States) -> None:
    """Also which of its rotations a command asked for, as the next apply goes on with them."""
    address = Address("acme", "Reporting")
    actions = (
        OpenAction(address=address, kind="rotate", digest="d1", asked="c1"),
        OpenAction(address=address, kind="revoke", digest="d2"),
    )
    plan = OpenPlan(plan_id="p", order=("acme",), definitions={"acme": "d"}, actions=actions)
    before = replace(state(), open_plan=plan)
    data = encode(before)
    jsonschema.validate(json.loads(data), json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert decode(data, name="s").open_plan == plan


def test_a_state_comes_back_as_it_was(state: States) -> None:
    """Every field survives, and so does a state in which all have their default."""
    for each in (state(), state(**FULL), State(lineage=state().lineage)):
        assert decode(encode(each), name="s") == each


def test_a_plain_secret_comes_back(state: States, address: Address) -> None:
    """A secret that is kept in plain is the same one afterwards."""
    kept = decode(encode(state(secret=Plain(secret=Secret("hush")))), name="s")
    found = kept.clients[address].secret
    assert isinstance(found, Plain)
    assert found.secret.same_as(Secret("hush"))


def test_the_document_reads_well_in_a_diff(state: States) -> None:
    """Sorted keys, two spaces, a newline at the end, and nothing that has its default."""
    text = encode(state()).decode()
    assert text == json.dumps(json.loads(text), indent=2, sort_keys=True) + "\n"
    assert sorted(json.loads(text)["clients"]["acme/Reporting"]) == [
        "client_id", "created_at", "domain", "live_name", "scope", "sinks",
    ]  # fmt: skip


def test_equal_states_are_equal_bytes(state: States, lineage: str) -> None:
    """The order in which clients were added does not show."""
    one, two = next(iter(state().clients.items()))
    other = Address("b", "x")
    forth = State(lineage=lineage, clients={one: two, other: two})
    back = State(lineage=lineage, clients={other: two, one: two})
    assert encode(forth) == encode(back)


@pytest.mark.parametrize("changes", [{}, FULL, {"secret": Plain(secret=Secret("s"))}])
def test_what_is_written_follows_the_schema(state: States, changes: dict[str, Any]) -> None:
    """The published schema accepts what the tool writes."""
    schema = json.loads(SCHEMA.read_bytes())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(json.loads(encode(state(**changes))))


def test_the_schema_describes_every_key() -> None:
    """Each property has a description, its own or that of what it refers to."""
    schema = json.loads(SCHEMA.read_bytes())
    silent = [
        name
        for part in (schema, *schema["$defs"].values())
        for name, each in part.get("properties", {}).items()
        if "description" not in each
        and "description" not in schema["$defs"][each["$ref"].rpartition("/")[2]]
    ]
    assert silent == []


@pytest.mark.parametrize("data", [b"", b" \n", b"{", b'{"version": 1, "cli', b"\xff", b"nonsense"])
def test_bytes_that_are_no_json_are_refused(data: bytes) -> None:
    """Empty, truncated and garbled files are refused, with what to do."""
    with pytest.raises(StateRefused, match=r"`s` is (empty|truncated or corrupt)") as caught:
        decode(data, name="s")
    assert "backup" in (caught.value.hint or "")


def test_every_truncation_is_refused(state: States) -> None:
    """A file that lost its end is never taken for a smaller state."""
    data = encode(state(**FULL))
    for length in range(len(data) - 2):
        with pytest.raises(StateRefused):
            decode(data[:length], name="s")


def test_a_newer_version_is_refused_before_all_else() -> None:
    """A file of a later release says so, whatever else is in it."""
    with pytest.raises(StateRefused, match="written by a newer reconciler: version 2"):
        decode(b'{"version": 2, "unheard-of": []}', name="s")


@pytest.mark.parametrize("data", [b"[]", b"{}", b'{"version": "1"}', b'{"version": true}', b"1"])
def test_a_document_of_something_else_is_refused(data: bytes) -> None:
    """JSON without a version is not a state."""
    with pytest.raises(StateRefused, match="it has no version"):
        decode(data, name="s")


def test_a_version_that_never_was_is_refused() -> None:
    """No steps lead from version 0 to here."""
    with pytest.raises(StateRefused, match="version 0, which no reconciler has written"):
        decode(b'{"version": 0}', name="s")


WRONG: list[tuple[list[str], Any, str]] = [
    (["lineage"], "x", "lineage: a UUID is expected"),
    (["lineage"], None, "lineage: a UUID is expected"),
    (["serial"], -1, "serial: a whole number below 2^53 is expected"),
    (["serial"], True, "serial: a whole number below 2^53 is expected, not true or false"),
    (["serial"], 1.5, "serial: a whole number below 2^53 is expected"),
    (["extra"], 1, "extra: there is no such key in this version"),
    (["clients"], [], "clients: an object is expected, not a list"),
    (["clients", "acme/Reporting"], 1, 'clients."acme/Reporting": an object is expected'),
    (["clients", "no address"], {}, 'clients."no address": an address such as'),
    (["clients", "Acme/x"], {}, 'clients."Acme/x": an address such as'),
    (["clients", "acme/\x1b[1m"], {}, r'clients."acme/\x1b[1m": an address such as'),
    (["clients", "acme/" + "x" * 90, "y"], 1, "xxx…"),
    (["clients", "acme/Reporting", "scope"], "data", "scope: a list is expected, not a text"),
    (["clients", "acme/Reporting", "scope"], ["data", 2], "scope[1]: a text is expected"),
    (["clients", "acme/Reporting", "live_name"], "", "live_name: a text is expected, not an empty"),
    (["clients", "acme/Reporting", "description"], {}, "description: a text is expected, not an"),
    (
        ["clients", "acme/Reporting", "domain"],
        "https://x",
        "domain: a host name such as",
    ),
    (
        ["clients", "acme/Reporting", "domain"],
        "a." * 127 + "aa",
        "domain: a host name such as",
    ),
    (["clients", "acme/Reporting", "created_at"], "today", "created_at: a UTC instant such as"),
    (["clients", "acme/Reporting", "created_at"], "2026-02-30T00:00:00Z", "a UTC instant"),
    (["clients", "acme/Reporting", "sinks"], [" "], "sinks[0]: a sink's name is expected"),
    (["clients", "acme/Reporting", "sinks"], ["a\nb"], "sinks[0]: a sink's name is expected"),
    (["clients", "acme/Reporting", "adopted"], 1, "adopted: true or false is expected"),
    (["clients", "acme/Reporting", "overlap"], -1, "overlap: a number of seconds is expected"),
    (["clients", "acme/Reporting", "overlap"], "1", "overlap: a number of seconds is expected"),
    (["clients", "acme/Reporting", "on_remove"], "burn", "on_remove: one of keep, forget, revoke"),
    (
        ["clients", "acme/Reporting", "id"],
        "12",
        "64 bits is expected, not a text",
    ),
    (
        ["clients", "acme/Reporting", "delivered"],
        {"ops": {}},
        "ops.target: this key is missing",
    ),
    (["clients", "acme/Reporting", "delivered"], {"": {}}, 'delivered."": a sink'),
    (["clients", "acme/Reporting", "retiring"], [{}], "retiring[0].live_name: this key is missing"),
    (["clients", "acme/Reporting", "client_secret"], 7, "client_secret: a text is expected"),
    (["clients", "acme/Reporting", "client_secret"], None, "client_secret: a text is expected"),
]


@pytest.mark.parametrize(("path", "value", "said"), WRONG)
def test_a_wrong_value_is_refused_at_its_path(
    state: States, path: list[str], value: Any, said: str
) -> None:
    """Every field is checked, and the message leads to it."""
    document = json.loads(encode(state()))
    place = document
    for step in path[:-1]:
        place = place.setdefault(step, {})
    place[path[-1]] = value
    with pytest.raises(StateRefused) as caught:
        decode(json.dumps(document).encode(), name="s")
    assert said in caught.value.message


@pytest.mark.parametrize("missing", ["lineage", "serial", "clients"])
def test_a_missing_key_is_refused(state: States, missing: str) -> None:
    """What a state must have is asked for by name."""
    document = json.loads(encode(state()))
    del document[missing]
    with pytest.raises(StateRefused, match=f"{missing}: this key is missing"):
        decode(json.dumps(document).encode(), name="s")


def test_a_secret_is_plain_or_sealed(state: States) -> None:
    """A client with both is refused, and neither of them is shown."""
    data = encode(state(secret=Plain(secret=Secret("hush"))))
    both = data.replace(b'"client_secret"', b'"client_secret_sealed": "age",\n"client_secret"')
    with pytest.raises(StateRefused, match="a plain secret beside a sealed one") as caught:
        decode(both, name="s")
    assert "hush" not in str(caught.value)


def test_recipients_without_a_sealed_secret_are_refused(state: States) -> None:
    """They would say of a plain secret who can open it."""
    data = encode(state(secret=Plain(secret=Secret("hush"))))
    wrong = data.replace(b'"client_secret"', b'"client_secret_recipients": ["r"],\n"client_secret"')
    with pytest.raises(StateRefused, match="recipients without a sealed secret"):
        decode(wrong, name="s")


def test_a_key_that_stands_twice_is_refused(state: States) -> None:
    """Of two values for one key none is chosen in silence."""
    data = encode(state()).replace(b'"live_name"', b'"live_name": "Other", "live_name"')
    with pytest.raises(StateRefused, match="live_name: this key occurs twice"):
        decode(data, name="s")


def test_a_deep_value_behind_a_duplicate_is_refused(state: States) -> None:
    """A value that a duplicate key hides cannot exhaust the stack."""
    deep = b'"serial": ' + b"[" * 1020 + b"]" * 1020 + b', "serial"'
    with pytest.raises(StateRefused):
        decode(encode(state()).replace(b'"serial"', deep), name="s")


def test_a_layout_made_by_hand_is_read(state: States) -> None:
    """A file that was edited or reformatted is as good as one that the tool wrote."""
    data = json.dumps(json.loads(encode(state(**FULL)))).encode()
    assert decode(data, name="s") == state(**FULL)


def test_text_that_is_not_unicode_is_not_written(state: States) -> None:
    """Half a surrogate pair is an error before anything is written."""
    with pytest.raises(StateUnwritable, match="cannot be written as JSON"):
        encode(state(description="\ud800"))


@pytest.mark.parametrize("running", [True, False])
def test_the_collector_is_left_as_it_was(state: States, *, running: bool) -> None:
    """Reading pauses the cyclic collector and nothing more, also when it fails."""
    (gc.enable if running else gc.disable)()
    try:
        decode(encode(state()), name="s")
        with pytest.raises(StateRefused):
            decode(b"{}", name="s")
        assert gc.isenabled() is running
    finally:
        gc.enable()


def test_a_serial_without_room_above_it_is_refused() -> None:
    """The next write could not be read, or not even be written; better now than after a create."""
    lineage = "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0"
    document = f'{{"version": 1, "lineage": "{lineage}", "serial": {2**53}, "clients": {{}}}}'
    with pytest.raises(StateRefused, match=r"serial: a whole number below 2\^53 is expected"):
        decode(document.encode(), name="s.json")
