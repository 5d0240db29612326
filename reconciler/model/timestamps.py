"""UTC instants as text, and the as-of of a plan."""

from datetime import UTC, datetime, timedelta
from typing import Final

FIRST: Final = 1000
"""Earlier years have no form that all readers share."""


def format_utc(moment: datetime) -> str:
    """Write an instant as `2026-01-31T08:00:00Z`, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse(text: str) -> datetime:
    """Read `2026-01-31` (its 00:00 UTC) or an instant that says its offset, as a UTC instant.

    Raises:
        ValueError: if it is neither.

    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f"`{text}` is not an instant: write 2026-01-31 or 2026-01-31T08:00:00Z"
        ) from None
    if len(text) == len("2026-01-31"):
        moment = moment.replace(tzinfo=UTC)
    if moment.tzinfo is None:
        raise ValueError(f"`{text}` does not say its offset: end it with Z for UTC")
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        moment = datetime.min.replace(tzinfo=UTC)
    if moment.year < FIRST:
        raise ValueError(f"`{text}` is before the year {FIRST}")
    return moment


def later(text: str, seconds: float) -> str:
    """Return the stamp that is `seconds` after the stamp `text`, at most the calendar's last."""
    try:
        return format_utc(parse(text) + timedelta(seconds=seconds))
    except OverflowError:
        return format_utc(datetime.max.replace(tzinfo=UTC))
