"""The table of `check`: what it says of ends and of sight."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from reconciler.apply.check import InstanceCheck, Sight, SignOn
from reconciler.cli.views.console import Console
from reconciler.cli.views.forecast import Forecast, show

NOW = datetime(2026, 3, 1, tzinfo=UTC)
Written = Callable[[Console], tuple[str, str]]


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        (-1, "ended"),
        (0.5, "within the hour"),
        (1.5, "in 1 hour"),
        (3.5, "in 3 hours"),
        (47.9, "in 47 hours"),
        (48, "in 2 days"),
        (2400, "in 100 days"),
    ],
)
def test_an_end_that_is_near_is_told_in_hours(
    hours: float, said: str, make_console: Callable[..., Console], written: Written
) -> None:
    """Below two days a count of days would hide how near it is."""
    found = InstanceCheck(
        key="acme",
        credential=True,
        sign_on=SignOn.WORKS,
        sight=Sight.OWN,
        ends=NOW + timedelta(hours=hours),
    )
    console = make_console()
    show(console, Forecast(instances=[found], sinks=(), now=NOW))
    row = written(console)[0].splitlines()[1]
    assert row == f"acme      present     works    its own, or no others  {said}"
