"""Faults: when they strike, what was done by then, and what would go over the socket."""

import json
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from reconciler.sandbox.fault_responses import Closed, CutShort, Dripped, Held, Padded, Whole
from reconciler.sandbox.faults import Fault, Faults

Make = Callable[..., Any]
DOMAIN = "acme.domo.com"
KEY = {"x-domo-developer-token": "key"}
LIST = f"/instances/{DOMAIN}/api/identity/v1/developer-tokens"


def post(desk: Any, **fault: Any) -> Any:
    """Send one create that a fault strikes; return what goes over the socket."""
    desk.world.faults.add(Fault(**fault))
    document = {"name": "ETL", "scopes": ["data"]}
    return desk.send("POST", LIST, headers=KEY, document=document)


def names(desk: Any) -> list[str]:
    """Return the names of the clients that are there."""
    return [each.name for each in desk.world.known(DOMAIN).clients.values()]


@pytest.mark.parametrize(
    ("fault", "done", "sending"),
    [
        ({"what": "lost_answer"}, True, Closed(reset=False)),
        ({"what": "reset_before"}, False, Closed(reset=True)),
        ({"what": "hang"}, True, Held(seconds=3600)),
        ({"what": "hang", "done": False, "seconds": 2}, False, Held(seconds=2)),
    ],
)
def test_faults_without_an_answer(
    desk: Make, fault: dict[str, Any], done: bool, sending: object
) -> None:
    """The client sees the same, whether or not the create was carried out."""
    world = desk()
    assert post(world, **fault) == sending
    assert names(world) == (["ETL"] if done else [])
    assert world.world.log[-1].status is None
    assert world.world.log[-1].fault == fault["what"]


@pytest.mark.parametrize(
    ("fault", "done", "status"),
    [
        ({"what": "error_before"}, False, 500),
        ({"what": "error_before", "status": 520}, False, 520),
        ({"what": "error_after", "status": 503}, True, 503),
        ({"what": "error_after"}, True, 500),
        ({"what": "rate_limited"}, False, 429),
        ({"what": "redirect"}, False, 302),
        ({"what": "redirect", "status": 307}, False, 307),
        ({"what": "expired_session"}, False, 401),
        ({"what": "garbage"}, True, 201),
        ({"what": "deep_json"}, True, 201),
        ({"what": "no_secret"}, True, 201),
        ({"what": "wrong_name"}, True, 201),
    ],
)
def test_faults_with_an_answer(desk: Make, fault: dict[str, Any], done: bool, status: int) -> None:
    """Each has its status, and its create done or not."""
    world = desk()
    sending = post(world, **fault)
    assert isinstance(sending, Whole)
    assert sending.response.status == status
    assert names(world) == (["ETL"] if done else [])
    assert world.world.log[-1].status == status


def test_faults_of_the_body_carry_the_right_answer(desk: Make) -> None:
    """What drips, is cut or is padded is what the create answered."""
    world = desk()
    dripped = post(world, what="slow_drip", seconds=0.5)
    assert isinstance(dripped, Dripped)
    assert (dripped.seconds, dripped.response.status) == (0.5, 201)
    world = desk()
    cut = post(world, what="truncated")
    assert isinstance(cut, CutShort)
    assert cut.response == dripped.response
    world = desk()
    padded = post(world, what="huge", megabytes=0.5)
    assert isinstance(padded, Padded)
    assert (padded.padding, padded.response) == (500_000, dripped.response)


@pytest.mark.parametrize("form", ["truncated", "text", "html"])
def test_garbage_is_never_json(desk: Make, form: str) -> None:
    """Whatever its form, nobody can read the secret from it."""
    sending = post(desk(), what="garbage", form=form)
    with pytest.raises(ValueError, match=r".+"):
        json.loads(sending.response.body)


def test_deep_json_is_as_deep_as_asked(desk: Make) -> None:
    """It is right JSON, which a recursive reader does not survive."""
    sending = post(desk(), what="deep_json", depth=5)
    assert json.loads(sending.response.body) == [[[[[]]]]]


def test_an_answer_can_come_without_its_secret(desk: Make) -> None:
    """The rest of it is right."""
    body = json.loads(post(desk(), what="no_secret").response.body)
    assert "clientSecret" not in body
    assert body["name"] == "ETL"


def test_an_answer_can_come_with_another_name(desk: Make) -> None:
    """The client is kept under the right one."""
    world = desk()
    body = json.loads(post(world, what="wrong_name").response.body)
    assert body["name"] != "ETL"
    assert names(world) == ["ETL"]


@pytest.mark.parametrize("what", ["no_secret", "wrong_name"])
def test_edits_leave_other_answers_alone(desk: Make, what: Any) -> None:
    """A list has no name and no secret to lose."""
    world = desk(clients=[{"name": "a", "scope": ["data"]}])
    world.world.faults.add(Fault(what=what))
    assert [each["name"] for each in world.list(KEY)] == ["a"]


@pytest.mark.parametrize("what", ["garbage", "deep_json", "huge", "truncated"])
def test_a_spoiled_revoke_has_a_body_to_spoil(desk: Make, what: Any) -> None:
    """204 may not have one, so the status is 200, and the client is gone."""
    world = desk(clients=[{"name": "a", "scope": ["data"], "id": 5}])
    world.world.faults.add(Fault(what=what))
    assert world.send("DELETE", f"{LIST}/5", headers=KEY).response.status == 200
    assert names(world) == []


@pytest.mark.parametrize(
    ("form", "seconds", "header"),
    [("seconds", 3, "3"), ("seconds", 0.2, "1"), ("seconds", None, "1"), ("absent", 3, None)],
)
def test_retry_after_can_be_seconds_or_absent(
    desk: Make, form: Any, seconds: float | None, header: str | None
) -> None:
    """Seconds are whole ones, rounded up."""
    sending = post(desk(), what="rate_limited", retry_after=form, seconds=seconds)
    assert sending.response.headers.get("retry-after") == header


def test_retry_after_can_be_a_date(desk: Make) -> None:
    """It is in HTTP's format, and not before the time asked for."""
    world = desk()
    sending = post(world, what="rate_limited", retry_after="date", seconds=3)
    date = parsedate_to_datetime(sending.response.headers["retry-after"])
    assert date.timestamp() == world.now + 3


def test_a_redirect_says_where_to(desk: Make) -> None:
    """The target is up to the test."""
    sending = post(desk(), what="redirect", location="http://127.0.0.1:9/")
    assert sending.response.headers == {"location": "http://127.0.0.1:9/"}


def test_an_expired_session_stays_expired(desk: Make) -> None:
    """The 401 is no hiccup: the same session is refused again."""
    world = desk()
    session = world.session()
    world.world.faults.add(Fault(what="expired_session", route="create"))
    assert [world.create(session).status for _ in range(2)] == [401, 401]
    assert world.create(world.session()).status == 201


@pytest.mark.parametrize(
    ("filters", "strikes"),
    [
        ({}, True),
        ({"route": "create*"}, True),
        ({"route": "create"}, False),
        ({"route": "list"}, False),
        ({"instance": "acme.*"}, True),
        ({"instance": "other.*"}, False),
        ({"instance": "acme"}, True),
        ({"instance": "acm"}, False),
        ({"instance": "domo"}, False),
        ({"client": "E*"}, True),
        ({"client": "e*"}, False),
    ],
)
def test_a_fault_strikes_what_its_globs_match(
    desk: Make, filters: dict[str, str], strikes: bool
) -> None:
    """Route, instance and client must all match."""
    sending = post(desk(), what="error_before", **filters)
    assert sending.response.status == (500 if strikes else 201)


def test_a_fault_matches_the_client_that_is_revoked(desk: Make) -> None:
    """The path has only its number."""
    world = desk(
        clients=[{"name": name, "scope": ["data"], "id": at} for at, name in ((5, "a"), (6, "b"))]
    )
    world.world.faults.add(Fault(what="error_before", client="b"))
    statuses = [world.ask("DELETE", f"{LIST}/{at}", headers=KEY).status for at in (5, 6)]
    assert statuses == [204, 500]


@pytest.mark.parametrize(
    ("after", "times", "struck"),
    [
        (0, 1, [True, False, False, False]),
        (1, 2, [False, True, True, False]),
        (2, None, [False, False, True, True]),
        (0, 0, [False, False, False, False]),
    ],
)
def test_a_fault_waits_and_then_strikes_so_often(
    after: int, times: int | None, struck: list[bool]
) -> None:
    """Only requests that match are counted."""
    faults = Faults([Fault(what="hang", route="list", after=after, times=times)])
    seen = []
    for _ in range(4):
        assert faults.match(route="create", instance=None, client=None) is None
        seen.append(faults.match(route="list", instance="a", client=None) is not None)
    assert seen == struck


def test_of_two_faults_the_first_strikes_first() -> None:
    """The second has its turn when the first is used up."""
    faults = Faults([Fault(what="hang"), Fault(what="redirect")])
    chosen = [faults.match(route="list", instance=None, client=None) for _ in range(3)]
    assert [each.what if each else None for each in chosen] == ["hang", "redirect", None]


def test_faults_can_be_cleared() -> None:
    """Then everything goes right."""
    faults = Faults([Fault(what="hang", times=None)])
    faults.clear()
    assert faults.match(route="list", instance=None, client=None) is None
    assert list(faults) == []


def test_a_fault_can_be_written_on_one_line() -> None:
    """For the command line: a name, and keys after a colon."""
    assert Fault.parse("lost_answer") == Fault(what="lost_answer")
    text = (
        "error_after:route=create, status=503,times=always,instance=acme-*,seconds=0.5,done=false"
    )
    assert Fault.parse(text) == Fault(
        what="error_after",
        route="create",
        status=503,
        times=None,
        instance="acme-*",
        seconds=0.5,
        done=False,
    )


@pytest.mark.parametrize("route", ["creat", "CREATE", "", "sign-on"])
def test_a_route_that_there_is_not_is_said(route: str) -> None:
    """A fault that could strike nothing is an error that lists the routes."""
    with pytest.raises(ValueError, match=r"the routes are sign_on, create, .*wrong_method"):
        Fault(what="hang", route=route)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "what: one of lost_answer, reset_before"),
        ("explode", "what: one of lost_answer, reset_before"),
        ("hang:often=1", "the keys are after, body, client"),
        ("hang:what=redirect", "the keys are after, body, client"),
        ("hang:times=many", "times: a whole number from 0 or null is expected"),
        ("hang:seconds=-1", "seconds: a number from 0 or null is expected"),
        ("error_after:status=204", "cannot answer with status 204"),
        ("error_after:status=304", "cannot answer with status 304"),
    ],
)
def test_a_wrong_fault_is_said(text: str, said: str) -> None:
    """The message names the key and what is wrong with it."""
    with pytest.raises(ValueError, match=r".+") as raised:
        Fault.parse(text)
    assert said in str(raised.value)
