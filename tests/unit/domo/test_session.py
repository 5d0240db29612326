"""List, revoke and prove: what each answer means."""

from __future__ import annotations

import base64
import gzip
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.model.client import ListedClient
from reconciler.model.errors import Unreachable
from reconciler.model.secret import Secret
from reconciler.ports import (
    Ambiguous,
    ClientCreated,
    ClientRevoked,
    Credential,
    Inconclusive,
    Invalid,
    Listing,
    NotApplied,
    ProofOutcome,
    RevokeOutcome,
    Valid,
)

if TYPE_CHECKING:
    from reconciler.domo.session import HttpSession
    from tests.unit.domo.conftest import Stage

SIGN_ON = "POST /instance/api/content/v2/authentication"
LIST = "GET /instance/api/identity/v1/developer-tokens"
CREATE = "POST /instance/api/identity/v1/developer-tokens"
CREATE_ON_API = "POST /api/clients"
REVOKE = "DELETE /instance/api/identity/v1/developer-tokens/1234"
PROVE = "POST /api/oauth/token"
PROVE_BY_GET = "GET /api/oauth/token"
CLIENT_ID = "0b6ed1a5-1111-4222-8333-444455556666"
ENTRY = {
    "id": 1234,
    "name": "Reporting",
    "description": "Nightly",
    "clientId": CLIENT_ID,
    "userId": 27,
    "scopes": ["user", "data"],
    "new": {"field": 1},
}


def listing(stage: Stage, credential: Credential | None = None) -> Listing:
    """List the clients of the stage."""

    async def work(session: HttpSession) -> Listing:
        return await session.list_clients()

    return stage.run(work, credential)


def revoke(stage: Stage) -> RevokeOutcome:
    """Revoke the client 1234."""

    async def work(session: HttpSession) -> RevokeOutcome:
        return await session.revoke(1234)

    return stage.run(work, stage.token)


def prove(stage: Stage, scope: tuple[str, ...] = ("data", "user")) -> ProofOutcome:
    """Sign in with a client's secret."""

    async def work(session: HttpSession) -> ProofOutcome:
        return await session.prove(client_id=CLIENT_ID, secret=Secret("5ec7e7"), scope=scope)

    return stage.run(work, stage.token)


@pytest.mark.parametrize("body", [[ENTRY], {"entries": [ENTRY]}], ids=["array", "entries"])
def test_both_shapes_of_a_list_are_read(stage: Stage, body: Any) -> None:
    """A list is an array, or an object with `entries` as it was before."""
    stage.signs_on()
    stage.on(LIST, stage.answer(200, body))

    found = listing(stage)

    assert found == Listing(
        clients=(
            ListedClient(
                id=1234,
                name="Reporting",
                description="Nightly",
                client_id=CLIENT_ID,
                owner=27,
                scope=("data", "user"),
            ),
        ),
        principal="user:27",
        user=27,
    )
    assert stage.asked[-1].headers["x-domo-authentication"] == "s3ssion-one"


def test_a_token_lists_and_learns_its_user_from_its_own_create(stage: Stage) -> None:
    """Whose token it is becomes known with the first client that it makes."""
    made = {"id": 1, "name": "N", "userId": 27, "clientId": CLIENT_ID, "clientSecret": "5ec7e7"}

    async def work(session: HttpSession) -> tuple[Listing, Listing]:
        before = await session.list_clients()
        await session.create(name="N", description="", scope=("data",))
        return before, await session.list_clients()

    stage.on(LIST, stage.answer(200, []))
    stage.on(CREATE, stage.answer(201, made))

    before, after = stage.run(work, stage.token)

    assert (before.user, after.user) == (None, 27)
    assert before.principal == after.principal
    assert stage.asked[0].headers["x-domo-developer-token"] == "t0ken-of-an-administrator"


def test_a_list_is_read_again_after_trouble(stage: Stage) -> None:
    """Reading is safe, so 5xx, 429 and a lost answer are only delays."""
    stage.signs_on()
    stage.on(
        LIST,
        stage.answer(500),
        stage.answer(429, Retry_After="1"),
        stage.reset(),
        stage.answer(200, []),
    )

    assert listing(stage).clients == ()
    assert stage.count(LIST) == 4


def test_trouble_without_end_is_unreachable(stage: Stage) -> None:
    """A server that stays broken is given up after the policy's patience."""
    stage.signs_on()
    stage.on(LIST, stage.answer(503, {"message": "maintenance"}))

    with pytest.raises(Unreachable, match="503: maintenance"):
        listing(stage)
    assert stage.count(LIST) > 3
    assert stage.clock.passed <= 20


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"{}"),
        (200, b'{"entries": {}}'),
        (200, b""),
        (200, b'"text"'),
        (200, b"[{"),
        (200, b"<html>"),
        (200, b"[" * 100_000),
        (302, b""),
        (403, b"Forbidden"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_list_that_cannot_be_used_is_unreachable(stage: Stage, status: int, body: bytes) -> None:
    """What is no list must not be taken for an empty one: absence would prove something."""
    stage.signs_on()
    stage.on(LIST, stage.answer(status, body, Location="https://elsewhere.example/"))

    with pytest.raises(Unreachable, match="acme-prod"):
        listing(stage)
    assert stage.count(LIST) == 1


@pytest.mark.parametrize("fault", ["huge", "gzip", "layers", "brotli", "drip", "hang"])
def test_a_hostile_list_is_unreachable(stage: Stage, fault: str) -> None:
    """Neither size nor slowness nor a broken coding gets further than one error."""
    faults = {
        "huge": stage.answer(200, b" " * 16_100_000),
        "gzip": stage.answer(200, b"not gzip", Content_Encoding="gzip"),
        "layers": stage.answer(
            200, gzip.compress(gzip.compress(b"[]")), Content_Encoding="gzip, gzip"
        ),
        "brotli": stage.answer(200, b"[]", Content_Encoding="br"),
        "drip": stage.drip(b" " * 100),
        "hang": stage.hang(),
    }
    stage.signs_on()
    stage.on(LIST, faults[fault], stage.answer(403))

    with pytest.raises(Unreachable, match="acme-prod"):
        listing(stage)


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        ((204, b""), ClientRevoked()),
        ((200, b""), ClientRevoked()),
        ((400, b""), NotApplied(reason="Domo answered 400", status=400)),
        ((404, b"nope"), NotApplied(reason="Domo answered 404: nope", status=404)),
        ((500, b""), Ambiguous(reason="Domo answered 500", status=500)),
        ((202, b""), Ambiguous(reason="Domo answered 202", status=202)),
    ],
    ids=str,
)
def test_what_an_answer_to_a_revoke_means(
    stage: Stage, behaviour: tuple[int, bytes], expected: RevokeOutcome
) -> None:
    """204 ends a client, a refusal did nothing, and anything else only a list tells."""
    stage.on(REVOKE, stage.answer(*behaviour))

    assert revoke(stage) == expected
    assert stage.count(REVOKE) == 1


def test_a_revoke_that_was_cut_off_is_ambiguous(stage: Stage) -> None:
    """A lost answer is not asked for again from here."""
    stage.on(REVOKE, stage.reset())

    assert isinstance(revoke(stage), Ambiguous)
    assert stage.count(REVOKE) == 1


def test_a_revoke_that_was_turned_away_is_sent_again(stage: Stage) -> None:
    """429 revoked nothing."""
    stage.on(REVOKE, stage.answer(429, Retry_After="1"), stage.answer(204))

    assert revoke(stage) == ClientRevoked()


def test_a_working_secret_is_proved_by_signing_in(stage: Stage) -> None:
    """The proof is a sign-in by Basic authorization, without the session's own header."""
    stage.on(PROVE, stage.answer(200, {"access_token": "ey.token", "token_type": "bearer"}))

    assert prove(stage) == Valid()
    (asked,) = stage.asked
    assert asked.path == "/api/oauth/token"
    assert asked.body == b"grant_type=client_credentials"
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
    scheme, _, value = asked.headers["authorization"].partition(" ")
    assert scheme == "Basic"
    assert base64.b64decode(value).decode() == f"{CLIENT_ID}:5ec7e7"
    assert "x-domo-developer-token" not in asked.headers


def test_an_endpoint_that_refuses_post_is_asked_by_get(stage: Stage) -> None:
    """Domo documents GET and its SDKs send POST; 405 says nothing about the secret."""
    stage.on(PROVE, stage.answer(405))
    stage.on(PROVE_BY_GET, stage.answer(200, {"access_token": "ey.token"}))

    assert prove(stage) == Valid()
    assert stage.asked[1].path == "/api/oauth/token?grant_type=client_credentials"


def test_an_invalid_client_is_refused(stage: Stage) -> None:
    """OAuth may answer 400 for a wrong secret, and then names the client as the cause."""
    stage.on(PROVE, stage.answer(400, {"error": "invalid_client"}))

    assert isinstance(prove(stage), Invalid)


@pytest.mark.parametrize("status", [404, 405, 410])
def test_a_retired_create_endpoint_is_replaced_by_the_instance(stage: Stage, status: int) -> None:
    """The instance's own endpoint accepts the session, and later creates use it at once."""
    stage.signs_on()
    stage.on(CREATE_ON_API, stage.answer(status, {"status": status}))
    made = {"id": 7, "clientId": CLIENT_ID, "clientSecret": "5ec7e7"}
    stage.on(CREATE, stage.answer(201, made))

    async def work(session: HttpSession) -> list[object]:
        return [
            await session.create(name=name, description="", scope=("data",)) for name in ("A", "B")
        ]

    first, second = stage.run(work)

    assert isinstance(first, ClientCreated)
    assert isinstance(second, ClientCreated)
    assert stage.count(CREATE_ON_API) == 1
    assert stage.count(CREATE) == 2


def test_a_wrong_secret_is_refused_at_once(stage: Stage) -> None:
    """401 is an answer; whether a fresh client only lags is for the caller to say."""
    stage.on(PROVE, stage.answer(401, {"error": "not 5ec7e7"}))

    assert prove(stage) == Invalid(reason="Domo answered 401: …")
    assert stage.count(PROVE) == 1


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, b"<html>"), (200, b"{}"), (200, b"[]"), (400, b""), (403, b""), (302, b"")],
    ids=str,
)
def test_other_answers_prove_nothing(stage: Stage, status: int, body: bytes) -> None:
    """Only an access token proves, and only 401 disproves."""
    stage.on(PROVE, stage.answer(status, body))

    assert isinstance(prove(stage), Inconclusive)


def test_a_proof_is_tried_again_after_trouble(stage: Stage) -> None:
    """Signing in is reading: a lost answer is asked for again."""
    stage.on(PROVE, stage.reset(), stage.answer(200, {"access_token": "ey.token"}))

    assert prove(stage) == Valid()


def test_a_proof_that_never_arrives_is_unproven(stage: Stage) -> None:
    """A broken API host says nothing about the secret."""
    stage.on(PROVE, stage.raw(b""))

    assert prove(stage) == Inconclusive(
        reason="the connection was closed before the answer was complete"
    )


@pytest.mark.parametrize(("status", "body"), [(204, b""), (200, None), (404, None)])
def test_an_empty_instance_may_answer_without_a_list(
    stage: Stage, status: int, body: bytes | None
) -> None:
    """204, `null` and 404 are lists without clients; a 404 proves nothing about absence."""
    stage.signs_on()
    stage.on(LIST, stage.answer(status, body))
    found = listing(stage)
    assert found.clients == ()
    assert bool(found.missing) == (status == 404)


def _entries(*numbers: int, **figures: int | bool) -> dict[str, Any]:
    ids = {each: f"{each:08x}-1111-4222-8333-444455556666" for each in numbers}
    return {
        "entries": [ENTRY | {"id": each, "clientId": ids[each]} for each in numbers],
        **figures,
    }


def test_every_page_of_a_list_is_read(stage: Stage) -> None:
    """A list with a total is read until it is complete, with offset and limit."""
    stage.signs_on()
    stage.on(
        LIST,
        stage.answer(200, _entries(1, 2, totalCount=5, limit=2, offset=0)),
        stage.answer(200, _entries(3, 4, totalCount=5, limit=2, offset=2)),
        stage.answer(200, _entries(5, totalCount=5, limit=2, offset=4)),
    )
    found = listing(stage)
    assert ([each.id for each in found.clients], found.missing) == ([1, 2, 3, 4, 5], "")
    assert stage.asked[-1].path.endswith("?offset=4&limit=2")


@pytest.mark.parametrize(
    "pages",
    [
        [_entries(1, 2, totalCount=5, limit=2, offset=0)],
        [_entries(1, 2, totalCount=3), _entries(totalCount=3)],
        [_entries(1, 2, totalCount=3), _entries(3, 4, totalCount=4)],
        [_entries(total=3)],
        [_entries(1, hasMore=True)],
        [{"entries": [ENTRY, None]}],
        [_entries(1, 2, limit=2)],
    ],
    ids=["repeated", "ends early", "changed", "total", "marked", "unreadable entry", "full page"],
)
def test_an_incomplete_list_proves_nothing(stage: Stage, pages: list[Any]) -> None:
    """A list that does not show everything is used for what it shows, not for what it lacks."""
    stage.signs_on()
    stage.on(LIST, *(stage.answer(200, each) for each in pages))
    found = listing(stage)
    assert "incomplete" in found.missing
    assert not found.proves_absence_of(owner=27, principal="user:27")
