"""Retry decisions: what is safe to send again, and how long to wait. Nothing waits here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum
from random import Random
from typing import Final

import httpx

from reconciler.domo.errors import UNSENT, is_permanent

THROTTLED: Final = 429
_TROUBLE: Final = frozenset({408, 500, 502, 503, 504})
_LONGEST: Final = 86400.0 * 365


class Resend(Enum):
    """What a request allows. A request that declares nothing is `UNSENT`."""

    READING = "reading"
    """Sending twice is harmless: after time-outs, broken connections, 429 and 5xx."""

    UNSENT = "unsent"
    """Only after a failure that certainly did nothing: no connection, or a refusal with 429."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """One try that did not succeed, `elapsed` seconds after the first began.

    `what` is the answer's status or the failure; `retry_after` is that header in seconds.
    """

    what: int | httpx.RequestError
    tries: int
    elapsed: float
    retry_after: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How long to keep trying, in seconds.

    The limit is longer for a server that sends `Retry-After` (`throttled`) than for one that does
    not answer (`trouble`). Without that header the wait is random between zero and `first`, doubled
    at each try, up to `longest`: random, so that the tasks of a fleet do not return together.
    """

    first: float = 0.5
    longest: float = 20.0
    trouble: float = 20.0
    throttled: float = 180.0

    def wait(self, resend: Resend, failed: Failed, rng: Random) -> float | None:
        """Return the seconds until the next try, None if there must be none."""
        if not _is_safe(resend, failed.what):
            return None
        wait = self._as_asked(failed.retry_after, rng) or self._drawn(failed.tries, rng)
        until = self.throttled if failed.what == THROTTLED else self.trouble
        return wait if failed.elapsed + wait <= until else None

    def _as_asked(self, seconds: float | None, rng: Random) -> float:
        # Up to a tenth longer, so that a fleet with the same answer does not return at one instant.
        return seconds * rng.uniform(1.0, 1.1) if seconds else 0.0

    def _drawn(self, tries: int, rng: Random) -> float:
        return rng.uniform(0.0, min(self.longest, self.first * 2.0 ** min(tries - 1, 30)))


def _is_safe(resend: Resend, what: int | httpx.RequestError) -> bool:
    if isinstance(what, int):
        return what == THROTTLED or (resend is Resend.READING and what in _TROUBLE)
    if is_permanent(what):
        return False
    if resend is Resend.READING:
        return isinstance(what, httpx.TransportError)
    return isinstance(what, UNSENT)


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds that an answer asks to wait, None if it has no such header.

    Both forms are read. A date is compared with the answer's own `Date`, so that a wrong clock on
    either side does not matter; one that is past is zero.
    """
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdecimal():
        return min(float(value[:12]), _LONGEST)
    until = _date(value)
    if until is None:
        return None
    seconds = (until - (_date(headers.get("date", "")) or now)).total_seconds()
    return min(max(seconds, 0.0), _LONGEST)


def _date(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
