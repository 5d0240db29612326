"""How the difference between a client and its successor is described."""

from reconciler.plan.field_diff import successor_phrase


def test_a_successor_is_described_by_what_changes() -> None:
    """The scope is shown before and after; a description, which may be long, is only named."""
    assert successor_phrase((("data",), "a"), (("data", "user"), "a")) == "scope data → data user"
    assert successor_phrase((("data",), "a"), (("data",), "b")) == "description changed"
    both = successor_phrase((("data",), "a"), (("user",), "b"))
    assert both == "scope data → user; description changed"
    assert successor_phrase((("data",), "a"), (("data",), "a")) == ""


def test_a_phrase_cannot_move_the_cursor() -> None:
    """A scope that a server made up is escaped."""
    phrase = successor_phrase((("\x1b[2J",), ""), (("data",), ""))
    assert phrase == "scope \\x1b[2J → data"
