"""Laws of the state document and its journal."""

import json
import math
import zlib
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.address import Address
from reconciler.model.errors import StateRefused
from reconciler.model.secret import Secret
from reconciler.model.strings import is_one_line
from reconciler.state import codec, journal_codec
from reconciler.state.journal_records import (
    Abandoned,
    Created,
    Delivered,
    Header,
    Intent,
    NotCreated,
    Record,
    Revoked,
    RolledBack,
)
from reconciler.state.model import Entry, Plain, Retiring, Sealed, SinkDelivery, State, StoredSecret
from reconciler.state.working_state import WorkingState

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
words = text.filter(bool)
names = text.filter(is_one_line)
keys = st.from_regex(r"[a-z0-9][a-z0-9-]{0,8}", fullmatch=True)
addresses = st.builds(Address, keys, names)
domains = st.from_regex(r"[a-z0-9]{1,9}(\.[a-z]{2,5}){0,2}", fullmatch=True)
numbers = st.integers(0, 2**63 - 1)
serials = st.integers(0, 2**53 - 1)
lengths = st.floats(0, 1e12)
stamps = st.integers(-30_610_224_000, 253_402_300_799).map(
    lambda seconds: (
        f"{datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}"
    )
)  # from the year 1000 to 9999
lineages = st.uuids().map(str)
scopes = st.lists(words, max_size=3).map(tuple)
sinks = st.lists(names, max_size=3, unique=True).map(tuple)
removals = st.sampled_from(["keep", "forget", "revoke"])
kept = st.builds(Plain, secret=words.map(Secret)) | st.builds(Sealed, text=words)

retired = st.builds(
    Retiring,
    live_name=words,
    client_id=words,
    id=st.none() | numbers,
    owner=st.none() | numbers,
    scope=scopes,
    nonce=st.none() | words,
    overlap=lengths,
)
entries = st.builds(
    Entry,
    domain=domains,
    live_name=words,
    client_id=words,
    scope=scopes,
    created_at=stamps,
    sinks=sinks,
    id=st.none() | numbers,
    owner=st.none() | numbers,
    description=text,
    nonce=st.none() | words,
    adopted=st.booleans(),
    delivered=st.dictionaries(names, st.builds(SinkDelivery, target=text, at=stamps), max_size=2),
    secret=st.none() | kept,
    protect=st.booleans(),
    on_remove=removals,
    overlap=lengths,
    retiring=st.lists(retired, max_size=2).map(tuple),
)
states = st.builds(
    State,
    lineage=lineages,
    serial=serials,
    clients=st.dictionaries(addresses, entries, max_size=3),
)
headers = st.builds(
    Header, run=words, lineage=lineages, serial=serials, plan_id=text, at=stamps, version=st.just(1)
)
records: st.SearchStrategy[Record] = st.one_of(
    st.builds(
        Intent,
        address=addresses,
        nonce=words,
        domain=domains,
        live_name=words,
        scope=scopes,
        sinks=sinks,
        at=stamps,
        principal=text,
        owner=st.none() | numbers,
        description=text,
        predecessor=st.none() | words,
        on_remove=removals,
        overlap=lengths,
    ),
    st.builds(
        Created,
        nonce=words,
        client_id=words,
        secret=kept,
        at=stamps,
        owner=st.none() | numbers,
        id=st.none() | numbers,
    ),
    st.builds(Delivered, address=addresses, client_id=words, sink=names, target=text, at=stamps),
    st.builds(NotCreated, nonce=words),
    st.builds(RolledBack, nonce=words),
    st.builds(Revoked, address=addresses, client_id=words),
    st.builds(Abandoned, key=words, how=st.sampled_from(["revoked", "abandon", "output"])),
)


def shown(value: Any) -> Any:
    """Return a value with its secrets in plain, so that two of them can be compared."""
    match value:
        case Secret():
            return value.reveal()
        case Plain():
            return ("plain", value.secret.reveal())
        case Entry():
            return (shown(value.secret), replace(value, secret=None))
        case Created():
            return (shown(value.secret), replace(value, secret=Sealed(text="")))
        case dict():
            return {label: shown(each) for label, each in value.items()}
        case _:
            return value


@given(states)
def test_reading_undoes_writing(state: State) -> None:
    """Any state comes back as it was, and is written the same way again."""
    data = codec.encode(state)
    found = codec.decode(data, name="s")
    assert (found.lineage, found.serial) == (state.lineage, state.serial)
    assert shown(dict(found.clients)) == shown(dict(state.clients))
    assert codec.encode(found) == data


@given(headers, st.lists(records, max_size=5))
def test_reading_a_journal_undoes_writing_it(header: Header, written: list[Record]) -> None:
    """Any journal comes back as it was."""
    data = journal_codec.encode_header(header)
    data += b"".join(map(journal_codec.encode_record, written))
    found = journal_codec.decode(data, name="j")
    assert (found.header, found.torn) == (header, False)
    assert [shown(each) for each in found.records] == [shown(each) for each in written]


@given(headers, st.lists(records, max_size=3), st.data())
def test_a_journal_cut_anywhere_keeps_its_whole_lines(
    header: Header, written: list[Record], data: st.DataObject
) -> None:
    """Wherever a crash cuts the file, what was durable before is read."""
    lines = [journal_codec.encode_header(header), *map(journal_codec.encode_record, written)]
    whole = b"".join(lines)
    cut = data.draw(st.integers(0, len(whole)))
    found = journal_codec.decode(whole[:cut], name="j")
    expected = whole[: cut + 1].count(b"\n") if cut < len(whole) else len(lines)
    assert (found.header is not None) + len(found.records) == expected


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.binary())
def test_any_bytes_are_a_state_or_refused(data: bytes) -> None:
    """No file makes the reader fail in any other way."""
    with pytest.raises(StateRefused):
        codec.decode(data, name="s")


@given(st.binary(), st.binary())
def test_any_bytes_are_a_journal_or_refused(before: bytes, after: bytes) -> None:
    """No file makes the reader fail in any other way, whole lines among the junk or not."""
    framed = b"%08x %b\n%b" % (zlib.crc32(before), before, after)
    for data in (before, before + b"\n" + after, framed):
        with suppress(StateRefused):
            assert journal_codec.decode(data, name="j").records == ()


@given(states, st.data(), json_values)
def test_a_state_with_a_foreign_value_is_a_state_or_refused(
    state: State, data: st.DataObject, value: Any
) -> None:
    """Whatever JSON stands in the place of any part, the reader says so or takes it."""
    document = json.loads(codec.encode(state))
    place, steps = document, 0
    while isinstance(place, dict | list) and place and steps < 5:
        label = data.draw(
            st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place)))
        )
        if data.draw(st.booleans()) or not isinstance(place[label], dict | list):
            place[label] = value
            break
        place, steps = place[label], steps + 1
    try:
        found = codec.decode(json.dumps(document).encode(), name="s")
    except StateRefused:
        return
    assert codec.decode(codec.encode(found), name="s").serial == found.serial


@given(states, st.data())
def test_a_flipped_bit_is_refused_or_a_state(state: State, data: st.DataObject) -> None:
    """A changed bit never makes the reader fail, and what it reads can be written."""
    found = bytearray(codec.encode(state))
    found[data.draw(st.integers(0, len(found) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    try:
        again = codec.decode(bytes(found), name="s")
    except StateRefused:
        return
    assert all(math.isfinite(entry.overlap) for entry in again.clients.values())
    codec.encode(again)


HERE = Address("acme", "Reporting")


@st.composite
def lives(draw: st.DrawFn) -> list[Record]:
    """Draw a journal as the engine writes one: attempts at one address, each with its end."""
    at, present, found, retiring = "2026-01-31T08:00:00Z", None, list[Record](), list[str]()
    for number in range(draw(st.integers(1, 5))):
        nonce, client_id = f"n{number}", f"c{number}"
        names = draw(st.sampled_from([("ops",), ("ops", "b"), ("state",), ("state", "ops")]))
        found.append(
            Intent(
                address=HERE,
                nonce=nonce,
                domain="acme.domo.com",
                live_name=f"R ({number})",
                scope=("data",),
                sinks=names,
                at=at,
                principal="p",
                predecessor=present,
            )
        )
        end = draw(st.sampled_from(["made", "made", "made", "absent", "withdrawn", "open"]))
        if end == "absent":
            found.append(NotCreated(nonce=nonce))
        elif end == "withdrawn":
            found.append(RolledBack(nonce=nonce))
        elif end == "made":
            ways: list[StoredSecret] = [Plain(secret=Secret(client_id)), Sealed(text=client_id)]
            secret = draw(st.sampled_from(ways))
            found.append(Created(nonce=nonce, client_id=client_id, secret=secret, at=at))
            if present is not None:
                retiring.append(present)
            present = client_id
            for sink in draw(st.lists(st.sampled_from(names), unique=True)):
                found.append(
                    Delivered(address=HERE, client_id=client_id, sink=sink, target=sink, at=at)
                )
            for old in draw(st.lists(st.sampled_from(retiring), unique=True)) if retiring else ():
                found.append(Revoked(address=HERE, client_id=old))
                retiring.remove(old)
    return found


def known(working: WorkingState) -> Any:
    """Return all that is known, comparable."""
    made = {key: [shown(each) for each in one.records()] for key, one in working.made.items()}
    orphans = {key: list(one.records()) for key, one in working.orphans.items()}
    return shown(working.clients), working.open, made, sorted(orphans)


@given(lives())
def test_replaying_a_journal_twice_changes_nothing(life: list[Record]) -> None:
    """A run that reads a journal a second time knows what it knew."""
    working = WorkingState.of(State(lineage="l"))
    for record in life:
        working.apply(record)
    before = known(working)
    for record in life:
        working.apply(record)
    assert known(working) == before


@given(lives())
def test_replaying_over_the_state_that_it_made_changes_nothing(life: list[Record]) -> None:
    """A journal that was not removed in time leaves the state as it is."""
    working = WorkingState.of(State(lineage="l"))
    for record in life:
        working.apply(record)
    state = working.state(serial=1)
    again = WorkingState.of(state)
    for record in life:
        again.apply(record)
    assert shown(again.clients) == shown(dict(state.clients))
    assert again.open == working.open


@given(lives(), st.data())
def test_a_compacted_journal_says_the_same(life: list[Record], data: st.DataObject) -> None:
    """The state and what it does not hold, together, are all that was known at any moment."""
    working = WorkingState.of(State(lineage="l"))
    for record in life[: data.draw(st.integers(0, len(life)))]:
        working.apply(record)
    again = WorkingState.of(working.state(serial=1))
    for record in list(working.unrecorded()):
        again.apply(record)
    assert shown(again.clients) == shown(working.clients)
    assert again.open == working.open
