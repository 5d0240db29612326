"""When access tokens end: an endpoint that is not documented, so nothing depends on it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.domo.session import HttpSession
    from tests.unit.domo.conftest import Stage

TOKENS = "GET /instance/api/data/v1/accesstokens"
END = 1_800_000_000_000
ENDS = datetime.fromtimestamp(END / 1000, UTC)


async def ends(session: HttpSession) -> Sequence[datetime | None]:
    """Ask when the tokens end."""
    return await session.token_ends()


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ([{"id": 1, "expires": END}], (ENDS,)),
        ([{"id": 1, "expiration": END}], (ENDS,)),
        ({"entries": [{"id": 1, "expires": END}]}, (ENDS,)),
        ([{"id": 1, "expires": END}, {"id": 2}], (ENDS, None)),
        ([{"id": 1, "expires": "soon"}, {"expires": True}, {"expires": 1e300}], (None,) * 3),
        ([], ()),
        (["x"], ()),
        ({"message": "no"}, ()),
        (b"<html>", ()),
    ],
)
def test_the_list_shows_ends(stage: Stage, body: Any, found: Sequence[datetime | None]) -> None:
    """In milliseconds; an end that cannot be read is unknown."""
    stage.on(TOKENS, stage.answer(200, body))
    assert tuple(stage.run(ends, stage.token)) == found


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_a_refused_list_shows_none(stage: Stage, status: int) -> None:
    """It is asked once, whatever it answers."""
    stage.on(TOKENS, stage.answer(status))
    assert stage.run(ends, stage.token) == ()
    assert stage.count(TOKENS) == 1


def test_a_broken_connection_shows_none(stage: Stage) -> None:
    """A check does not fail for it."""
    stage.on(TOKENS, stage.reset())
    assert stage.run(ends, stage.token) == ()


def test_a_session_asks_nothing(stage: Stage) -> None:
    """Only an access token has an end in this list."""
    stage.signs_on()
    assert stage.run(ends, stage.password) == ()
    assert stage.count(TOKENS) == 0
