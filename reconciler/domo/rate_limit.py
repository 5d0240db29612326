"""A rate limit for each host: requests get evenly spaced slots, without a burst."""


class RateLimiter:
    """Assigns slots; `rate` is in requests per second for each host.

    All sessions share one object, so that a hundred instances behind one host keep its rate
    together. The object does not wait itself: it returns the time that the caller must wait.
    """

    def __init__(self, rate: float) -> None:
        self._gap = 1.0 / rate
        self._free: dict[str, float] = {}

    def wait(self, host: str, now: float) -> float:
        """Take the next slot of `host` and return the seconds until it begins."""
        slot = max(now, self._free.get(host, now))
        self._free[host] = slot + self._gap
        return slot - now
