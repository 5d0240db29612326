"""Instants far away."""

import pytest

from reconciler.model.instant import later


@pytest.mark.parametrize("seconds", [1e12, 1e308])
def test_what_is_too_far_away_is_the_last_instant(seconds: float) -> None:
    """An overlap of a million years never ends, and breaks nothing."""
    assert later("2026-01-31T08:00:00Z", seconds) == "9999-12-31T23:59:59Z"
