"""Whether a program's output shows a secret."""

import base64
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from reconciler.model.secret import Secret

VALUES = st.text(st.characters(exclude_categories=["Cs"]), min_size=4)
BYTES = st.binary(max_size=40)


@given(value=VALUES, before=BYTES, after=BYTES)
def test_base64_of_a_text_around_it(value: str, before: bytes, after: bytes) -> None:
    """Base64 shows the secret wherever in the encoded text it stands, in either alphabet."""
    assume(value.split())
    whole = before + value.encode() + after
    secret = Secret(value)
    assert secret.is_in(b"x " + base64.b64encode(whole) + b" y")
    assert secret.is_in(base64.urlsafe_b64encode(whole))
    assert secret.is_in(base64.encodebytes(whole))


@given(value=VALUES, before=BYTES, after=BYTES)
def test_spellings(value: str, before: bytes, after: bytes) -> None:
    """The plain value and its usual escapes are found inside anything."""
    spelled = [
        value,
        quote(value),
        quote(value, safe=""),
        quote_plus(value),
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        json.dumps(value)[1:-1].replace("/", "\\/"),
        value.encode().hex(),
        value.encode().hex().upper(),
    ]
    secret = Secret(value)
    if value.split():
        assert all(secret.is_in(before + each.encode() + after) for each in spelled)


@pytest.mark.parametrize("output", [b"", b"vault is sealed", b"hunter", b"unter2", b"2hunter"])
def test_is_not_in(output: bytes) -> None:
    """What shows no more than a part of it does not count."""
    assert not Secret("hunter2").is_in(output)


def test_odd_values() -> None:
    """An empty value is in nothing; one that is no text is not searched for as text."""
    assert not Secret("").is_in(b"anything")
    assert not Secret("\ud800").is_in(b"anything")


@pytest.mark.parametrize(
    "shown",
    [
        "S3CRET-S3CRET-S3CRET",
        "s3cret-s3cret-s3",
        "no ret-s3cret-s3cre no",
        base64.b64encode(b"S3CRET-s3cret-s3").decode(),
        b"3cret-s3cret-s3c".hex(),
        json.dumps({"of": {"all": base64.b64encode(b'{"k":"s3cret-s3cret-s3cret"}').decode()}}),
        quote(base64.b64encode(b"?>?>?>s3cret-s3cret-s3cret~~~").decode(), safe=""),
    ],
)
def test_case_and_parts(shown: str) -> None:
    """Another letter case hides nothing, and 16 characters of it are too many."""
    secret = Secret("s3cret-s3cret-s3cret")
    assert secret.is_in(f"could not put {shown}!".encode())
    assert not secret.is_in(f"could not put {shown[:8]}!".encode())


def test_a_part_of_a_long_one() -> None:
    """However long it is, 16 characters in a row count, wherever in it they stand."""
    value = "".join(f"{number:03d}" for number in range(300))
    secret = Secret(value)
    assert all(secret.is_in(value[at : at + 16].encode()) for at in range(0, 885, 7))
