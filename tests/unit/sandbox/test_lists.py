"""Lists in every shape and state that an instance may answer: section 4 of the wire contract."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from reconciler.sandbox.faults import Fault
from reconciler.sandbox.server_state import Placement

Make = Callable[..., Any]
DOMAIN = "acme.domo.com"
LIST = f"/instances/{DOMAIN}/api/identity/v1/developer-tokens"
KEY = {"x-domo-developer-token": "key"}
ID = "12345678-9abc-4def-8123-456789abcdef"
THREE = [{"name": name, "scope": ["data"]} for name in ("a", "b", "c")]


def names(entries: Any) -> list[str]:
    """Return the names of a list's entries."""
    return [each["name"] for each in entries]


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ({}, ["a", "b"]),
        ({"offset": "2"}, ["c"]),
        ({"offset": "1", "limit": "1"}, ["b"]),
        ({"offset": "9"}, []),
        ({"limit": "100"}, ["a", "b"]),
        ({"offset": "x"}, ["a", "b"]),
    ],
)
def test_pages_honour_offset_and_limit(desk: Make, query: dict[str, str], shown: list[str]) -> None:
    """Each page contains the total, so a reader knows whether it has everything."""
    world = desk(list_shape="pages", list_page=2, clients=THREE)
    page = json.loads(world.ask("GET", LIST, headers=KEY, query=query).body)
    assert names(page["entries"]) == shown
    assert page["totalCount"] == 3
    assert page["limit"] <= 2


def test_pages_can_ignore_the_offset(desk: Make) -> None:
    """The first page again and again: such a list is never complete."""
    world = desk(list_shape="pages", list_page=2, list_ignores_offset=True, clients=THREE)
    page = json.loads(world.ask("GET", LIST, headers=KEY, query={"offset": "2"}).body)
    assert (names(page["entries"]), page["offset"], page["totalCount"]) == (["a", "b"], 0, 3)


@pytest.mark.parametrize("shape", ["array", "entries", "pages"])
def test_a_cut_list_is_marked_as_incomplete(desk: Make, shape: str) -> None:
    """The total is the true one in every shape."""
    world = desk(list_shape=shape, clients=THREE)
    world.world.faults.add(Fault(what="list_cut", keep=1))
    cut = world.list(KEY)
    assert (names(cut["entries"]), cut["totalCount"]) == (["a"], 3)
    assert len(world.world.known(DOMAIN).clients) == 3


@pytest.mark.parametrize("shape", ["array", "entries", "pages"])
def test_a_list_can_hide_clients_without_a_mark(desk: Make, shape: str) -> None:
    """One list hides the client, and the next one shows it."""
    world = desk(list_shape=shape, clients=THREE)
    world.world.faults.add(Fault(what="list_hides", named="b"))
    listed = [world.list(KEY) for _ in range(2)]
    entries = [each if shape == "array" else each["entries"] for each in listed]
    assert [names(each) for each in entries] == [["a", "c"], ["a", "b", "c"]]
    if shape == "pages":
        assert listed[0]["totalCount"] == 2


def test_a_list_can_be_another_instance_s(desk: Make) -> None:
    """The answer is right in form and wrong in content."""
    world = desk(clients=THREE)
    theirs = Placement(name="theirs", scope=["data"])
    world.world.add_client(theirs, "other.domo.com", by="control", now=world.now)
    world.world.faults.add(Fault(what="other_instance", other="other.*"))
    assert names(world.list(KEY)) == ["theirs"]
    assert names(world.list(KEY)) == ["a", "b", "c"]


def test_a_list_of_another_instance_needs_one(desk: Make) -> None:
    """If no other instance matches, the list is empty."""
    world = desk(clients=THREE)
    world.world.faults.add(Fault(what="other_instance", other="nothing.*"))
    assert world.list(KEY) == []


@pytest.mark.parametrize(
    ("form", "status", "body"),
    [
        ("array", 200, b"[]"),
        ("no_content", 204, b""),
        ("not_found", 404, None),
        ("null", 200, b"null"),
    ],
)
def test_an_empty_instance_has_four_answers(
    desk: Make, form: str, status: int, body: bytes | None
) -> None:
    """The form concerns instances without clients only."""
    world = desk(empty_list=form)
    response = world.ask("GET", LIST, headers=KEY)
    assert response.status == status
    assert body is None or response.body == body
    world.create_on_instance(KEY, "ETL")
    assert names(world.list(KEY)) == ["ETL"]


def test_a_revoked_client_can_stay_listed(desk: Make) -> None:
    """The client is gone, although lists still show it for a while."""
    world = desk(revoke_lag=5, clients=[{"name": "a", "scope": ["data"], "id": 5}])
    assert world.ask("DELETE", f"{LIST}/5", headers=KEY).status == 204
    assert names(world.list(KEY)) == ["a"]
    assert world.ask("DELETE", f"{LIST}/5", headers=KEY).status == 400
    world.now += 5
    assert world.list(KEY) == []


def test_a_revoke_can_be_without_effect(desk: Make) -> None:
    """204, and the client stays until the next attempt."""
    world = desk(clients=[{"name": "a", "scope": ["data"], "id": 5}])
    world.world.faults.add(Fault(what="no_effect", route="revoke"))
    assert world.ask("DELETE", f"{LIST}/5", headers=KEY).status == 204
    assert names(world.list(KEY)) == ["a"]
    assert world.ask("DELETE", f"{LIST}/5", headers=KEY).status == 204
    assert world.list(KEY) == []


@pytest.mark.parametrize(
    ("mask", "shown"),
    [
        (False, ID),
        (True, "********cdef"),
        ("null", None),
        ("prefix", "12345678"),
        ("ellipsis", "12345678…"),
        ("bullets", "••••••••cdef"),
        ("asterisks", "12345678-****-****-****-************"),
        ("zeros", "12345678-0000-0000-0000-000000000000"),
        ("upper", ID.upper()),
        ("bare", ID.replace("-", "")),
    ],
)
def test_client_ids_are_hidden_in_the_form_asked_for(
    desk: Make, mask: str | bool, shown: str | None
) -> None:
    """No source says which form Domo uses."""
    world = desk(mask_client_ids=mask, clients=[{**THREE[0], "client_id": ID}])
    assert world.list(KEY)[0]["clientId"] == shown


def test_client_ids_can_be_absent(desk: Make) -> None:
    """Then the key is missing, too."""
    assert "clientId" not in desk(mask_client_ids="absent", clients=THREE).list(KEY)[0]


def test_access_tokens_are_listed_with_their_ends(desk: Make) -> None:
    """An administrator sees all of them, a plain user their own; values are never shown."""
    world = desk(token_expiries={"key": 1_800_000_000_000})
    path = f"/instances/{DOMAIN}/api/data/v1/accesstokens"
    listed = json.loads(world.ask("GET", path, headers=KEY).body)
    assert [(each["ownerId"], each["expires"]) for each in listed] == [
        (1, 1_800_000_000_000),
        (2, None),
    ]
    own = world.ask("GET", path, headers={"x-domo-developer-token": "joes-key"}).body
    assert [each["ownerId"] for each in json.loads(own)] == [2]
    assert b"joes-key" not in own


@pytest.mark.parametrize(("rule", "status"), [("forbidden", 403), ("not_found", 404)])
def test_access_tokens_can_be_refused(desk: Make, rule: str, status: int) -> None:
    """The endpoint was observed, never documented."""
    path = f"/instances/{DOMAIN}/api/data/v1/accesstokens"
    assert desk(access_tokens=rule).ask("GET", path, headers=KEY).status == status


def test_an_expired_access_token_is_refused(desk: Make) -> None:
    """Its end is in milliseconds; up to then it works."""
    world = desk()
    world.world.configure(
        world.world.known(DOMAIN), {"token_expiries": {"key": int(world.now * 1000) + 1}}
    )
    assert world.ask("GET", LIST, headers=KEY).status == 200
    world.now += 1
    assert world.ask("GET", LIST, headers=KEY).status == 401
