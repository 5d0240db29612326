"""Time, as the engine sees it."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """The only place at which the engine reads the time or waits.

    The adapter promises that `monotonic` never runs backwards. The engine measures pauses with
    `monotonic` and writes instants from `now`.
    """

    def now(self) -> datetime:
        """Return the current instant in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds since an arbitrary start; they never run backwards."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds`."""
        ...
