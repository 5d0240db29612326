"""What is sent again, after which wait."""

import socket
from datetime import UTC, datetime
from random import Random

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.domo.errors import TooLarge
from reconciler.domo.retry import Failed, Resend, RetryPolicy, retry_after

NOW = datetime(2026, 1, 31, 8, tzinfo=UTC)
POLICY = RetryPolicy()


def wait(resend: Resend, what: int | httpx.RequestError) -> float | None:
    """Return the wait after a first try."""
    return POLICY.wait(resend, Failed(what=what, tries=1, elapsed=0.0), Random(1))


def unknown_host() -> httpx.ConnectError:
    """Return the failure of a host that does not exist."""
    failure = httpx.ConnectError("x")
    failure.__cause__ = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return failure


@pytest.mark.parametrize(
    "what",
    [
        429,
        httpx.ConnectError("x"),
        httpx.ConnectTimeout("x"),
        httpx.PoolTimeout("x"),
        httpx.ProxyError("x"),
    ],
    ids=repr,
)
@pytest.mark.parametrize("resend", list(Resend))
def test_what_did_nothing_is_always_sent_again(
    resend: Resend, what: int | httpx.RequestError
) -> None:
    """Turned away or never left: safe for every request."""
    assert wait(resend, what) is not None


@pytest.mark.parametrize(
    "what",
    [
        500,
        502,
        503,
        504,
        httpx.ReadTimeout("x"),
        httpx.WriteTimeout("x"),
        httpx.ReadError("x"),
        httpx.WriteError("x"),
        httpx.RemoteProtocolError("x"),
    ],
    ids=repr,
)
def test_what_may_have_arrived_is_sent_again_only_for_reading(
    what: int | httpx.RequestError,
) -> None:
    """A change that may have happened is never repeated blindly."""
    assert wait(Resend.READING, what) is not None
    assert wait(Resend.UNSENT, what) is None


@pytest.mark.parametrize(
    "what",
    [
        400,
        401,
        403,
        404,
        501,
        TooLarge("x"),
        httpx.DecodingError("x"),
        httpx.UnsupportedProtocol("x"),
        unknown_host(),
    ],
    ids=repr,
)
@pytest.mark.parametrize("resend", list(Resend))
def test_what_would_fail_again_is_not_sent_again(
    resend: Resend, what: int | httpx.RequestError
) -> None:
    """An answer, or a failure that the next try must share, ends the trying."""
    assert wait(resend, what) is None


@given(
    tries=st.integers(1, 10_000),
    elapsed=st.floats(0, 1000),
    told=st.none() | st.floats(0, 1e6),
    seed=st.integers(),
    what=st.sampled_from([429, 503]),
)
def test_a_wait_keeps_its_bounds(
    tries: int, elapsed: float, told: float | None, seed: int, what: int
) -> None:
    """No wait is negative, shorter than told, or ends after the deadline."""
    failed = Failed(what=what, tries=tries, elapsed=elapsed, retry_after=told)
    found = POLICY.wait(Resend.READING, failed, Random(seed))

    if found is not None:
        assert found >= (told or 0.0)
        assert elapsed + found <= (POLICY.throttled if what == 429 else POLICY.trouble)
        assert told or found <= POLICY.longest


def test_waits_without_a_word_grow() -> None:
    """Back-off is exponential: the mean of the fifth wait is sixteen times the first."""
    rng = Random(5)
    means = [
        sum(
            POLICY.wait(Resend.READING, Failed(what=503, tries=tries, elapsed=0.0), rng) or 0.0
            for _ in range(500)
        )
        / 500
        for tries in (1, 5)
    ]

    assert 12 < means[1] / means[0] < 20


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": " 0 "}, 0.0),
        ({"retry-after": "9" * 400}, 86400.0 * 365),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "٣"}, None),
        ({"retry-after": "Sat, 31 Jan 2026 08:00:30 GMT"}, 30.0),
        ({"retry-after": "Sat, 31 Jan 2026 08:00:30 -0000"}, 30.0),
        ({"retry-after": "Sat, 31 Jan 2026 07:00:00 GMT"}, 0.0),
        ({"retry-after": "Sat, 99 Jan 2026 08:00:30 GMT"}, None),
        (
            {
                "retry-after": "Sat, 31 Jan 2026 10:00:05 GMT",
                "date": "Sat, 31 Jan 2026 10:00:00 GMT",
            },
            5.0,
        ),
    ],
    ids=str,
)
def test_retry_after_in_both_forms(headers: dict[str, str], seconds: float | None) -> None:
    """Seconds or a date, which is measured by the server's own clock where it shows it."""
    assert retry_after(headers, NOW) == seconds


@given(st.text(max_size=40))
def test_any_retry_after_is_read_or_passed_over(value: str) -> None:
    """Nonsense in a header is no error."""
    found = retry_after({"retry-after": value}, NOW)

    assert found is None or found >= 0
