"""Documents of older versions."""

import pytest

from reconciler.model.errors import StateRefused
from reconciler.state.upgrade import upgrade

STEPS = {
    1: lambda old: old | {"version": 2, "two": True},
    2: lambda old: old | {"version": 3, "three": True},
}


def test_the_steps_between_are_taken_in_order() -> None:
    """A document goes through every version up to the one that is asked for."""
    old = {"version": 1}
    found = upgrade(old, name="s", steps=STEPS, to=3)
    assert found == {"version": 3, "two": True, "three": True}
    assert old == {"version": 1}


def test_a_document_of_this_version_is_returned_as_it_is() -> None:
    """No step is taken where none is needed."""
    new = {"version": 3}
    assert upgrade(new, name="s", steps=STEPS, to=3) is new


def test_a_gap_in_the_steps_is_refused() -> None:
    """A version from which nothing leads here is not guessed at."""
    with pytest.raises(StateRefused, match="version 0, which no reconciler has written"):
        upgrade({"version": 0}, name="s", steps=STEPS, to=3)
