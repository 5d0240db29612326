"""Instants as users write them, and those that are far away."""

import pytest

from reconciler.model.timestamps import format_utc, later, parse


@pytest.mark.parametrize("seconds", [1e12, 1e308])
def test_what_is_too_far_away_is_the_last_instant(seconds: float) -> None:
    """An overlap of a million years never ends, and breaks nothing."""
    assert later("2026-01-31T08:00:00Z", seconds) == "9999-12-31T23:59:59Z"


@pytest.mark.parametrize("text", ["0001-01-01", "0999-12-31", "0001-01-01T00:00:00+14:00"])
def test_years_that_cannot_be_written_are_refused(text: str) -> None:
    """Whatever its offset says, an instant before the year 1000 is a mistake with a message."""
    with pytest.raises(ValueError, match="is before the year 1000"):
        parse(text)
    assert format_utc(parse("1000-01-01")) == "1000-01-01T00:00:00Z"
