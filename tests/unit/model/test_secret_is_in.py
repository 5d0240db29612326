"""Whether a program's output shows a secret."""

import base64
import copy
import json
import pickle
import time
from random import Random
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from reconciler.model.secret import Met, Secret

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


def random_hex(draw: Random) -> str:
    """Return what a client's secret looks like."""
    return f"{draw.getrandbits(256):064x}"


def test_met_knows_all_of_them() -> None:
    """Any secret that was met is found, whole or 16 characters of it, in any spelling."""
    draw, met = Random(1), Met()
    values = [random_hex(draw) for _ in range(200)] + ["short", "päss wörd"]
    met.add(*(Secret(each) for each in values))
    for value in values:
        for said in (value, value.upper(), base64.b64encode(f"-{value}".encode()).decode()):
            assert met.is_in(f"failed for {said}, alas".encode())
    for at in range(48):
        assert met.is_in(f"failed for {values[7][at : at + 16]}...".encode())
        assert not met.is_in(f"failed for {values[7][at : at + 11]}...".encode())
    assert not met.is_in(random_hex(draw).encode())
    assert not met.is_in(b"vault is sealed")
    assert not Met().is_in(b"anything")


def test_met_is_cheap() -> None:
    """With ten thousand secrets and as many tokens met, a whole standard error takes moments."""
    draw, met = Random(1), Met()
    start = time.process_time()
    for _ in range(10_000):
        token = base64.urlsafe_b64encode(draw.randbytes(600)).decode()
        met.add(Secret(random_hex(draw)), Secret(f"eyJhbGciOiJIUzI1NiJ9.{token}"))
    added = time.process_time() - start
    said = " ".join(f"line {number}: {random_hex(draw)} eyJhbGciO.x" for number in range(85))
    start = time.process_time()
    assert not met.is_in(said.encode())
    searched = time.process_time() - start
    assert len(said) > 7000
    assert searched < added / 4  # a ratio, so that a slow machine changes nothing


def test_met_shows_nothing() -> None:
    """Neither its text form nor a copy holds what it knows."""
    met = Met()
    met.add(Secret("hunter2"))
    assert "hunter" not in repr(met)
    for leave in (pickle.dumps, copy.copy, copy.deepcopy, vars):
        with pytest.raises(TypeError):
            leave(met)
