"""How two records differ."""

from reconciler.plan.field_diff import Difference, differences, successor_phrase


def test_every_difference_has_its_path() -> None:
    """Changed, added and removed values are found at any depth, sorted by path."""
    before = {"a": 1, "list": [1, 2], "deep": {"gone": None, "same": "x"}}
    after = {"a": "1", "list": [1, 3, 4], "deep": {"new": 5, "same": "x"}}
    assert differences(before, after) == (
        Difference(path="a", before=1, after="1"),
        Difference(path="deep.gone", before=None, after=None),
        Difference(path="deep.new", before=None, after=5),
        Difference(path="list.1", before=2, after=3),
        Difference(path="list.2", before=None, after=4),
    )


def test_equal_records_do_not_differ() -> None:
    """The order of keys is no difference."""
    assert differences({"a": 1, "b": [2]}, {"b": [2], "a": 1}) == ()


def test_a_successor_is_described_by_what_changes() -> None:
    """The scope is shown before and after; a description, which may be long, is only named."""
    assert successor_phrase((("data",), "a"), (("data", "user"), "a")) == "scope data → data user"
    assert successor_phrase((("data",), "a"), (("data",), "b")) == "description changed"


def test_a_phrase_cannot_move_the_cursor() -> None:
    """A scope that a server made up is escaped."""
    phrase = successor_phrase((("\x1b[2J",), ""), (("data",), ""))
    assert phrase == "scope \\x1b[2J → data"
