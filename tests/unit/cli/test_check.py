"""The table of `check`: what it says of ends and of sight."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from reconciler.apply.check import InstanceCheck, Sight, SignOn
from reconciler.cli.views.check import Forecast, show
from reconciler.cli.views.console import Console

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
        method="cookie",
        credential=True,
        sign_on=SignOn.WORKS,
        sight=Sight.OWN,
        ends=NOW + timedelta(hours=hours),
    )
    console = make_console()
    show(console, Forecast(instances=[found], sinks=(), now=NOW))
    row = written(console)[0].splitlines()[1]
    assert row == f"acme      cookie  present     works    its own, or no others  {said}"


def token(key: str, days: float | None, method: str = "token") -> InstanceCheck:
    """Return an instance whose credential ends in so many days."""
    ends = None if days is None else NOW + timedelta(days=days)
    return InstanceCheck(
        key=key, method=method, credential=True, sign_on=SignOn.WORKS, sight=Sight.ALL, ends=ends
    )


def test_the_ends_of_a_fleet_are_one_row(
    make_console: Callable[..., Console], written: Written
) -> None:
    """Equal instances are one row, with the first and the last end of their tokens."""
    fleet = [token(f"t{number:04}", 10 + number) for number in range(1000)]
    console = make_console()
    show(console, Forecast(instances=fleet, sinks=(), now=NOW))
    rows = written(console)[0].splitlines()
    assert len(rows) == 5
    assert rows[1].startswith("t0000, t0001 and 998 more  token   present     works    all clients")
    assert rows[1].endswith("in 10 days to 1,009 days")


def test_an_end_that_is_not_shown_is_unknown(
    make_console: Callable[..., Console], written: Written
) -> None:
    """A token always has an end; of a password none can be seen."""
    console = make_console()
    fleet = [token("a", None), token("b", None, "password"), token("c", None, "cookie")]
    show(console, Forecast(instances=fleet, sinks=(), now=NOW))
    rows = [line.split() for line in written(console)[0].splitlines()]
    assert [rows[1][-1], rows[2][-1], rows[3][-1]] == ["unknown", "-", "unknown"]


def test_a_fleet_without_ends_has_no_column_for_them(
    make_console: Callable[..., Console], written: Written
) -> None:
    """The column would only make the rows longer."""
    console = make_console()
    show(console, Forecast(instances=[token("b", None, "password")], sinks=(), now=NOW))
    assert "ENDS" not in written(console)[0]
