"""Lists that end in a count."""

from reconciler.model.strings import join_limited, lines_limited


def test_join_limited_counts_what_it_leaves_out() -> None:
    """The first names are written, and the number of the others."""
    assert join_limited(["a", "b"], 2) == "a, b"
    assert join_limited(["a", "b", "c"], 2, str.upper) == "A, B and 1 more"
    assert join_limited(["a"] * 2_000, 1) == "a and 1,999 more"


def test_lines_limited_counts_what_it_leaves_out() -> None:
    """Each line is indented, and the count of the others is a line of its own."""
    assert lines_limited(["a", "b"], 2) == "\n  a\n  b"
    assert lines_limited(["a", "b", "c"], 1) == "\n  a\n  and 2 more"
    assert lines_limited([]) == ""
