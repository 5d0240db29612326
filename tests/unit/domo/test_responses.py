"""The pure reading of Domo's answers."""

import contextlib
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.domo import responses
from reconciler.domo.error_text import body_message
from reconciler.model.secret import Secret
from reconciler.model.strings import printable

UUID = "0b6ed1a5-1111-4222-8333-444455556666"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["id", "name", "clientId", "clientSecret", "userId", "scopes", "entries", "reason",
                 "sessionToken", "success", "twoFactorInfo", "status", "description"]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)  # fmt: skip


def only(entry: object) -> Any:
    """Read a list of one."""
    (client,) = responses.page(orjson.dumps([entry])).clients
    return client


@pytest.mark.parametrize(
    ("given_id", "read"),
    [
        (UUID, UUID),
        (UUID.replace("-", ""), UUID.replace("-", "")),
        ("0b6ed1a5-****-****-****-************", None),
        ("0b6ed1a5…", None),
        ("", None),
        (None, None),
        (17, None),
    ],
)
def test_a_masked_client_id_is_none(given_id: object, read: str | None) -> None:
    """Only a whole UUID identifies a client."""
    assert only({"id": 1, "name": "N", "clientId": given_id}).client_id == read


@pytest.mark.parametrize(
    ("value", "read"),
    [(12, 12), ("12", 12), (True, None), (-1, None), (1.5, None), ("x", None), ("9" * 30, None)],
)
def test_ids_are_whole_numbers_or_absent(value: object, read: int | None) -> None:
    """An id is a number, also as text; anything else is no id."""
    assert only({"id": value, "name": "N"}).id == read


@pytest.mark.parametrize("stranger", [None, 1, "x", [], {}, {"kind": "separator"}], ids=repr)
def test_entries_that_are_no_clients_are_passed_over(stranger: object) -> None:
    """A strange entry does not hide the clients beside it."""
    found = responses.page(orjson.dumps([stranger, {"id": 1, "name": "N"}])).clients

    assert [each.name for each in found] == ["N"]


def test_an_entry_without_a_name_is_still_shown() -> None:
    """A client that cannot be named is there all the same: its mark and ids count."""
    client = only({"id": 1, "description": None, "scopes": None})

    assert (client.id, client.name, client.description, client.scope) == (1, "", "", ())


def test_scopes_are_canonical_and_text() -> None:
    """Order and repetition say nothing, and what is not text is no scope."""
    assert only({"id": 1, "scopes": ["user", "data", "user", 7]}).scope == ("data", "user")


@pytest.mark.parametrize(
    "echo",
    [
        {},
        {"name": None, "description": None, "scope": None},
        {"name": "reporting", "scope": ["DATA"]},
        {"name": "Repor", "description": "&lt;b&gt;"},
        {"name": 5, "scope": "data"},
    ],
    ids=str,
)
def test_an_id_and_a_secret_are_a_success(echo: dict[str, object]) -> None:
    """Whatever else the answer repeats, the client was created and its secret is good."""
    body = orjson.dumps({**echo, "client_id": UUID, "client_secret": "5ec7e7"})

    assert responses.made(body).client_id == UUID


def test_an_unusable_answer_holds_nothing_of_it() -> None:
    """The error of a parser would carry the whole document with it; ours must not."""
    with pytest.raises(responses.Unusable) as caught:
        responses.made(b'{"client_secret": "5ec7e7", ')

    assert "5ec7e7" not in repr(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b'{"reason": "R", "message": "M"}', "R; M"),
        (b'{"message": "M\\u202e"}', "M\\u202e"),
        (b'{"message": 5, "error": "E"}', "5; E"),
        (b'{"message": ""}', ""),
        (b"[1]", ""),
        (b"Forbidden", ""),
        (b'{"message": "M", "toe": "AA-BB"}', "M (toe AA-BB)"),
        (b'{"statusReason": "Bad Request", "toe": "AA-BB"}', "Bad Request (toe AA-BB)"),
        (b'{"error": "invalid_token", "error_description": "D"}', "D; invalid_token"),
        (b'{"message": "two\\nlines\\u001b[2J"}', "two lines\\x1b[2J"),
        (b'{"client_secret": "5ec7e7", "message": "it is 5ec7e7"}', "…"),
        (b"<html><title>Domo -\n Login</title>", "an HTML page titled “Domo - Login”"),
        (b'{"message": "no hidden-one here"}', "…"),
        (b'{"message": "encoded: aGlkZGVuLW9uZQ=="}', "…"),
        (b'{"message": "made with %s"}' % (b"5ec7" * 16), "made with …"),
    ],
)
def test_what_a_refusal_says(body: bytes, shown: str) -> None:
    """A refusal shows its known fields on one line, printable, and without secrets."""
    assert body_message(body, [Secret("hidden-one")]) == shown


@given(JSON)
def test_any_json_is_read_or_refused(answer: object) -> None:
    """No answer makes a reader raise anything but `Unusable`."""
    body = orjson.dumps(answer)
    for read in (responses.page, responses.session, responses.access_token, responses.made):
        with contextlib.suppress(responses.Unusable):
            assert read(body) is not None
    body_message(body, [])


@given(st.binary(max_size=64))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    """Bytes that are no JSON are refused, and what is shown of them is one printable line."""
    with contextlib.suppress(responses.Unusable):
        responses.document(body)
    shown = body_message(body, [])
    assert printable(" ".join(shown.split())) == shown
