"""Slots of a rate."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from reconciler.domo.rate_limit import RateLimiter


def test_slots_are_even_and_without_a_burst() -> None:
    """Four requests at once at two a second begin half a second apart."""
    pace = RateLimiter(2.0)

    assert [pace.wait("a", 10.0) for _ in range(4)] == [0.0, 0.5, 1.0, 1.5]


def test_a_pause_saves_nothing_up() -> None:
    """Time that passed unused does not let the next requests go faster."""
    pace = RateLimiter(2.0)
    pace.wait("a", 0.0)

    assert [pace.wait("a", 100.0) for _ in range(2)] == [0.0, 0.5]


def test_each_host_has_a_rate_of_its_own() -> None:
    """A busy host does not slow another one."""
    pace = RateLimiter(1.0)
    pace.wait("a", 0.0)

    assert pace.wait("b", 0.0) == 0.0


@given(st.floats(0.1, 100), st.lists(st.floats(0, 10), max_size=30))
def test_no_two_slots_are_nearer_than_the_rate_allows(rate: float, gaps: list[float]) -> None:
    """Whenever requests come, they begin at least one gap apart."""
    pace, now, begins = RateLimiter(rate), 0.0, []
    for gap in gaps:
        now += gap
        begins.append(now + pace.wait("a", now))

    assert all(b - a >= 1 / rate - 1e-6 for a, b in pairwise(begins))
