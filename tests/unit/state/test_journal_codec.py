"""A journal as bytes: what is kept of a broken one, and what is refused."""

import zlib
from collections.abc import Callable
from typing import Any

import pytest

from reconciler.model.address import Address
from reconciler.model.errors import StateRefused, StateUnwritable
from reconciler.state.journal_codec import decode, encode_header, encode_record
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
from reconciler.state.model import Plain


def line(body: bytes) -> bytes:
    """Return a line whose checksum is right."""
    return b"%08x %b\n" % (zlib.crc32(body), body)


@pytest.fixture
def whole(
    header: Header, intent: Callable[..., Intent], created: Callable[..., Created]
) -> list[bytes]:
    """Return the lines of a journal: a header, an intent, a created client."""
    return [encode_header(header), encode_record(intent()), encode_record(created())]


def test_every_record_comes_back(
    header: Header,
    address: Address,
    intent: Callable[..., Intent],
    created: Callable[..., Created],
    delivered: Callable[..., Delivered],
) -> None:
    """Each kind of record survives, with and without its optional fields."""
    records: list[Record] = [
        intent(),
        intent("n2", owner=5, predecessor="c0", marked=False, overlap=1.5, on_remove="revoke"),
        created(sealed=True),
        delivered(),
        NotCreated(nonce="n3"),
        RolledBack(nonce="n4"),
        Revoked(address=address, client_id="c0"),
        Abandoned(key="n5", how="abandon"),
    ]
    data = encode_header(header) + b"".join(map(encode_record, records))
    assert decode(data, name="j") == (header, tuple(records), False)


def test_a_plain_secret_comes_back(whole: list[bytes]) -> None:
    """A secret that no sink has is whole in the journal."""
    record = decode(b"".join(whole), name="j").records[-1]
    assert isinstance(record, Created)
    assert isinstance(record.secret, Plain)
    assert record.secret.secret.reveal() == "secret of c1"


def test_each_record_is_one_line_with_its_checksum(whole: list[bytes]) -> None:
    """A line feed ends a record and nothing else."""
    for each in whole:
        assert each.count(b"\n") == 1
        assert each[:8] == b"%08x" % zlib.crc32(each[9:-1])


def test_nothing_was_begun_in_an_empty_file() -> None:
    """No header, no records, and nothing is wrong."""
    assert decode(b"", name="j") == (None, (), False)


def test_nothing_was_begun_where_the_header_is_cut_off(whole: list[bytes]) -> None:
    """Every beginning of a header is torn and not an error."""
    for length in range(1, len(whole[0]) - 1):
        assert decode(whole[0][:length], name="j") == (None, (), True)


def test_a_torn_last_line_is_left_out(whole: list[bytes]) -> None:
    """Wherever the last line is cut, the records before it are kept."""
    before = b"".join(whole[:2])
    for length in range(1, len(whole[2]) - 1):
        found = decode(before + whole[2][:length], name="j")
        assert found.torn
        assert len(found.records) == 1


def test_a_last_line_that_lacks_only_its_line_feed_is_kept(whole: list[bytes]) -> None:
    """The checksum proves the record whole: its secret is not thrown away."""
    found = decode(b"".join(whole)[:-1], name="j")
    assert (len(found.records), found.torn) == (2, False)


def test_zeros_behind_the_end_are_torn(whole: list[bytes]) -> None:
    """A file system that grew the file before it wrote the bytes leaves zeros."""
    found = decode(b"".join(whole) + bytes(100), name="j")
    assert (len(found.records), found.torn) == (2, True)


def test_a_flipped_bit_is_refused_wherever_it_is(whole: list[bytes]) -> None:
    """What was durable and changed is said, by line, and never taken for a torn end."""
    data = b"".join(whole)
    for place in range(len(data)):
        for bit in range(8):
            broken = bytearray(data)
            broken[place] ^= 1 << bit
            with pytest.raises(StateRefused, match=r"corrupt: line \d was changed") as caught:
                decode(bytes(broken), name="j")
            assert "move it away" in (caught.value.hint or "")
            assert "secret of" not in str(caught.value)


def test_a_newer_journal_is_refused(whole: list[bytes]) -> None:
    """A journal of a later release says so before its records are looked at."""
    data = whole[0].partition(b" ")[2].strip().replace(b'"version":1', b'"version":2')
    with pytest.raises(StateRefused, match="written by a newer reconciler: version 2"):
        decode(line(data) + line(b'{"record":"unheard-of"}'), name="j")


def test_a_version_that_never_was_is_refused(whole: list[bytes]) -> None:
    """Version 0 is not taken for version 1."""
    data = whole[0].partition(b" ")[2].strip().replace(b'"version":1', b'"version":0')
    with pytest.raises(StateRefused, match="line 1: there is no version 0"):
        decode(line(data), name="j")


WRONG: list[tuple[bytes, str]] = [
    (b"[]", "line 2: there is no such record"),
    (b'{"record":"unheard-of"}', "line 2: there is no such record"),
    (b'{"record":[]}', "line 2: there is no such record"),
    (b'{"record":"absent"}', "line 2: nonce: this key is missing"),
    (b'{"record":"absent","nonce":1}', "line 2: nonce: a text is expected"),
    (b'{"record":"abandoned","key":"n","how":"so"}', "line 2: how: one of revoked"),
    (
        b'{"record":"created","nonce":"n","client_id":"c","at":"2026-01-31T08:00:00Z"}',
        "line 2: client_secret: this key is missing",
    ),
    (b"{", "is not a journal"),
]


@pytest.mark.parametrize(("body", "said"), WRONG)
def test_a_wrong_record_is_refused_at_its_line(whole: list[bytes], body: bytes, said: str) -> None:
    """A record that is whole and makes no sense was not written by this release."""
    with pytest.raises(StateRefused) as caught:
        decode(whole[0] + line(body) + whole[1], name="j")
    assert said in caught.value.message


@pytest.mark.parametrize("body", [b"{}", b"[]", b"1", b'{"record":"absent","nonce":"n"}'])
def test_a_first_line_that_is_no_header_is_refused(body: bytes) -> None:
    """A journal begins with its header."""
    with pytest.raises(StateRefused, match="line 1: a header is expected"):
        decode(line(body), name="j")


def test_a_wrong_header_is_refused(header: Header) -> None:
    """A header's fields are checked, too."""
    wrong: dict[str, Any] = {"lineage": b'"lineage":"x"', "serial": b'"serial":-1'}
    body = encode_header(header)[9:-1]
    for name, value in wrong.items():
        start = body.index(f'"{name}"'.encode())
        end = body.index(b",", start)
        with pytest.raises(StateRefused, match=f"line 1: {name}: "):
            decode(line(body[:start] + value + body[end:]), name="j")


def test_text_that_is_not_unicode_is_not_written(intent: Callable[..., Intent]) -> None:
    """Half a surrogate pair is an error before anything is written."""
    with pytest.raises(StateUnwritable, match="cannot be written as JSON"):
        encode_record(intent(description="\ud800"))
