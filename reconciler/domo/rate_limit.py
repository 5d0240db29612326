"""A rate for each host: requests are given slots at even distances, without a burst."""


class RateLimiter:
    """Hands out slots; `rate` is in requests a second for each host.

    One object is shared by all sessions, so that a hundred instances behind one host stay within
    its rate together. Nothing waits in here: who asks is told how long.
    """

    def __init__(self, rate: float) -> None:
        self._gap = 1.0 / rate
        self._free: dict[str, float] = {}

    def wait(self, host: str, now: float) -> float:
        """Take the next slot of `host` and return the seconds until it begins."""
        slot = max(now, self._free.get(host, now))
        self._free[host] = slot + self._gap
        return slot - now
