"""The ledger: its chain, what breaks it, and what a disk or a killed run does to it."""

import errno
import json
import os
import resource
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.errors import LockHeld, ReconcilerError
from reconciler.stores.ledger import START, Anchor, Ledger, verify


def written(path: Path, *words: str) -> Anchor:
    """Append one line for each word and return how far the ledger reaches."""
    with Ledger(path) as ledger:
        for word in words:
            ledger.append({"word": word})
    assert ledger.failure is None
    return ledger.anchor


def test_runs_continue_one_chain(tmp_path: Path) -> None:
    """A second run goes on where the first one ended, and the whole is valid."""
    path = tmp_path / "ledger.jsonl"
    first = written(path, "a", "b")
    second = written(path, "c")
    found = verify(path, first)
    assert (found.broken, found.torn, found.anchor) == ((), (), second)
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert [each["line"] for each in lines] == [1, 2, 3]
    assert (lines[0]["previous"], lines[2]["previous"]) == (START, first.head)


def test_a_run_that_does_nothing_leaves_the_ledger_as_it_is(tmp_path: Path) -> None:
    """Opening it writes no byte."""
    path = tmp_path / "ledger.jsonl"
    before = written(path, "a")
    data = path.read_bytes()
    assert written(path) == before
    assert path.read_bytes() == data
    assert verify(tmp_path / "ledger.jsonl", Anchor()).broken == ()


def change(lines: list[bytes]) -> list[bytes]:
    """Change one word of the second line."""
    return [lines[0], lines[1].replace(b'"b"', b'"x"'), *lines[2:]]


def change_first(lines: list[bytes]) -> list[bytes]:
    """Change the first line's digest."""
    return [lines[0].replace(START.encode(), b"1" * 64), *lines[1:]]


def cut(lines: list[bytes]) -> list[bytes]:
    """Take the second line out."""
    return [lines[0], *lines[2:]]


def behead(lines: list[bytes]) -> list[bytes]:
    """Take the first line out."""
    return lines[1:]


def swap(lines: list[bytes]) -> list[bytes]:
    """Exchange two lines."""
    return [lines[0], lines[2], lines[1], *lines[3:]]


def repeat(lines: list[bytes]) -> list[bytes]:
    """Write a line twice."""
    return [*lines[:2], lines[1], *lines[2:]]


def garble(lines: list[bytes]) -> list[bytes]:
    """Make a line into no line of a ledger."""
    return [lines[0], b"[1]\n", *lines[2:]]


def garble_last(lines: list[bytes]) -> list[bytes]:
    """Cut the last line in its middle, and give it a line feed that no killed run writes."""
    return [*lines[:-1], lines[-1][:100] + b"\n"]


@pytest.mark.parametrize(
    ("tamper", "line", "word"),
    [
        (change, 3, "line 2 is not the one"),
        (change_first, 1, "not the beginning"),
        (cut, 2, "it was line 3"),
        (behead, 1, "it was line 2"),
        (swap, 2, "it was line 3"),
        (repeat, 3, "it was line 2"),
        (garble, 2, "no line of a ledger"),
        (garble_last, 4, "no line of a ledger"),
    ],
)
def test_a_change_a_cut_and_a_reorder_are_found(
    tamper: Callable[[list[bytes]], list[bytes]], line: int, word: str, tmp_path: Path
) -> None:
    """The first break is at the place where the ledger was touched."""
    path = tmp_path / "ledger.jsonl"
    written(path, "a", "b", "c", "d")
    path.write_bytes(b"".join(tamper(path.read_bytes().splitlines(keepends=True))))
    first = verify(path).broken[0]
    assert (first.line, word in first.why) == (line, True)


@given(data=st.data())
def test_no_byte_can_be_changed_unseen(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """With its anchor any change of any byte is found."""
    path = tmp_path_factory.mktemp("ledger") / "ledger.jsonl"
    anchor = written(path, "a", "b", "c")
    whole = path.read_bytes()[:-1]  # the last line end is not part of what was written
    place = data.draw(st.integers(0, len(whole) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda each: each != whole[place]))
    path.write_bytes(whole[:place] + bytes([other]) + whole[place + 1 :] + b"\n")
    assert verify(path, anchor).broken != ()


def test_a_cut_at_the_end_is_found_with_an_anchor(tmp_path: Path) -> None:
    """The chain alone cannot tell; the count, the head, or both can."""
    path = tmp_path / "ledger.jsonl"
    anchor = written(path, "a", "b", "c")
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:2]))
    assert verify(path).broken == ()
    for each in (anchor, Anchor(count=3), Anchor(head=anchor.head)):
        assert [broken.line for broken in verify(path, each).broken] == [0]
    another = written(path, "x")
    assert [broken.line for broken in verify(path, anchor).broken] == [3]
    assert verify(path, another).broken == ()


def test_a_line_that_a_killed_run_left_is_covered_by_the_next(tmp_path: Path) -> None:
    """Half a line stays, is told, and cannot be changed or removed later."""
    path = tmp_path / "ledger.jsonl"
    written(path, "a")
    with path.open("ab") as stream:
        stream.write(b'{"format": "reconciler.led')
    assert verify(path).torn == (2,)
    anchor = written(path, "b")
    found = verify(path, anchor)
    assert (found.broken, found.torn, found.anchor.count) == ((), (2,), 3)
    path.write_bytes(path.read_bytes().replace(b".led\n", b".lad\n"))
    assert [each.line for each in verify(path).broken] == [2, 3]


def test_a_ledger_has_one_writer(tmp_path: Path) -> None:
    """A second run is refused while the first one has it, and the first is not disturbed."""
    path = tmp_path / "ledger.jsonl"
    with Ledger(path) as ledger:
        ledger.append({"word": "a"})
        with pytest.raises(LockHeld, match="another run"), Ledger(path):
            pass
        ledger.append({"word": "b"})
    assert verify(path, ledger.anchor).broken == ()


def test_another_file_is_not_appended_to(tmp_path: Path) -> None:
    """A file that is no ledger is refused and stays as it is."""
    path = tmp_path / "notes.txt"
    path.write_text("hello\n")
    with pytest.raises(ReconcilerError, match="not a ledger"), Ledger(path):
        pass
    assert path.read_text() == "hello\n"


def test_a_ledger_that_cannot_be_opened_is_said(tmp_path: Path) -> None:
    """A folder in its place is an error for the writer and for the check."""
    with pytest.raises(ReconcilerError, match="cannot be written"), Ledger(tmp_path):
        pass
    with pytest.raises(ReconcilerError, match="cannot be read"):
        verify(tmp_path / "none.jsonl")
    endless = tmp_path / "endless"
    endless.symlink_to("/dev/zero")
    with pytest.raises(ReconcilerError, match="regular file"), Ledger(endless):
        pass
    with pytest.raises(ReconcilerError, match="regular file"):
        verify(endless)


def test_what_the_disk_refuses_is_known_and_tried_again(tmp_path: Path) -> None:
    """A limit on the file's size stops no run; once it is lifted every line is there."""
    path, before = tmp_path / "ledger.jsonl", resource.getrlimit(resource.RLIMIT_FSIZE)
    with Ledger(path) as ledger:
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (200, before[1]))
            ledger.append({"word": "a"})
            ledger.append({"word": "b"})
            refused = ledger.failure
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        ledger.append({"word": "c"})
    assert (refused, ledger.failure) == (os.strerror(errno.EFBIG), None)
    found = verify(path, ledger.anchor)
    assert (found.broken, found.torn, found.anchor.count) == ((), (), 3)


@pytest.mark.parametrize("line", [b"", b"\0" * 9, b"[1]", b"hello", b"{}", b"[" * 100_000])
@pytest.mark.parametrize("place", [0, 1])
def test_nonsense_that_ends_in_a_line_feed_is_no_torn_line(
    line: bytes, place: int, tmp_path: Path
) -> None:
    """A line that was put into the place of the last one is a break, whatever stands there."""
    path = tmp_path / "ledger.jsonl"
    written(path, "a", "b")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:place], line + b"\n"]))
    found = verify(path)
    assert ([each.line for each in found.broken], found.torn) == ([place + 1], ())


def test_nonsense_without_a_line_feed_is_no_torn_line(tmp_path: Path) -> None:
    """What a killed run left begins as a line of a ledger does."""
    path = tmp_path / "ledger.jsonl"
    written(path, "a")
    whole = path.read_bytes()
    for rest, torn in ((b'{"format": "reconc', (2,)), (b"{", (2,)), (b"hello", ()), (b"[1]", ())):
        path.write_bytes(whole + rest)
        assert (verify(path).torn, bool(verify(path).broken)) == (torn, not torn)


def test_a_file_of_wrong_lines_is_read_to_a_limit(tmp_path: Path) -> None:
    """Ten thousand wrong lines show that a file is no ledger; millions more cost nothing."""
    path = tmp_path / "ledger.jsonl"
    path.write_bytes(b"{}\n" * 30_000)
    found = verify(path)
    assert found.anchor.count == 10_000
    assert found.broken[-1].why == ("10,000 lines are wrong: what follows line 10,000 was not read")


def test_a_line_that_is_too_long_is_wrong_and_the_chain_goes_over_all_of_it(tmp_path: Path) -> None:
    """Its digest is that of the whole line, of which only the beginning is kept in memory."""
    path = tmp_path / "ledger.jsonl"
    long = b'{"format": "reconciler.ledger", "x": "' + b"x" * (3 << 20) + b'"}'
    path.write_bytes(long + b"\n")
    found = verify(path)
    assert [each.line for each in found.broken] == [1]
    assert found.anchor == Anchor(count=1, head=sha256(long).hexdigest())
    with pytest.raises(ReconcilerError, match="is not a ledger"), Ledger(path):
        pass
    assert path.read_bytes() == long + b"\n"
