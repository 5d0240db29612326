"""What an instance keeps and repeats: creates that answer in another spelling than was sent."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from reconciler.sandbox.faults import Fault
from reconciler.sandbox.server_state import Placement

Make = Callable[..., Any]
DOMAIN = "acme.domo.com"
KEY = {"x-domo-developer-token": "key"}
NAME = "Cafe\u0301 & Reports "
COMPOSED = "Caf\u00e9 & Reports "


@pytest.mark.parametrize("by", ["rule", "fault"])
@pytest.mark.parametrize(
    ("echo", "name", "scope"),
    [
        ("sent", NAME, ["data"]),
        ("trimmed", NAME.strip(), ["data"]),
        ("upper", NAME.upper(), ["DATA"]),
        ("lower", NAME.lower(), ["data"]),
        ("nfc", COMPOSED, ["data"]),
        ("nfd", NAME, ["data"]),
        ("cut", NAME[:8], ["data"]),
        ("escaped", NAME.replace("&", "&amp;"), ["data"]),
        ("null", None, None),
    ],
)
def test_a_create_repeats_values_in_another_spelling(
    desk: Make, by: str, echo: Any, name: str | None, scope: list[str] | None
) -> None:
    """The client is kept under the name that was sent, and its secret is in the response."""
    world = desk(**({"echo": echo} if by == "rule" else {}))
    if by == "fault":
        world.world.faults.add(Fault(what="echoed", route="create", echo=echo))
    made = json.loads(world.create(world.session(), NAME, description=NAME).body)
    assert (made["name"], made["description"], made["scope"]) == (name, name, scope)
    (kept,) = world.world.known(DOMAIN).clients.values()
    assert (kept.name, kept.scope) == (NAME, ("data",))
    assert (made["client_id"], made["client_secret"]) == (kept.client_id, kept.client_secret)


def test_a_create_can_repeat_nothing(desk: Make) -> None:
    """Both endpoints then answer ids and secret only."""
    world = desk(echo="absent")
    session = json.loads(world.create(world.session()).body)
    token = json.loads(world.create_on_instance(KEY, "Other").body)
    assert session.keys().isdisjoint({"name", "description", "scope"})
    assert token.keys() == {"id", "userId", "clientId", "clientSecret"}


@pytest.mark.parametrize(
    ("stored", "name"),
    [
        ("nfc", COMPOSED),
        ("lower", NAME.lower()),
        ("escaped", NAME.replace("&", "&amp;")),
        ("collapsed", NAME.strip()),
    ],
)
def test_an_instance_keeps_names_in_its_own_spelling(desk: Make, stored: str, name: str) -> None:
    """Lists show what is kept."""
    world = desk(stored_as=stored)
    world.create_on_instance(KEY, NAME)
    assert [each["name"] for each in world.list(KEY)] == [name]


@pytest.mark.parametrize(
    ("rule", "name", "status"),
    [
        ("exact", NAME.upper(), 201),
        ("exact", NAME, 400),
        ("case", NAME.upper(), 400),
        ("case", NAME.strip(), 201),
        ("unicode", COMPOSED, 400),
        ("blanks", f"  {NAME}", 400),
        ("all", f"  {COMPOSED.upper()}", 400),
        ("all", "Another", 201),
    ],
)
def test_names_are_taken_if_the_instance_treats_them_as_the_same(
    desk: Make, rule: str, name: str, status: int
) -> None:
    """No source says which names Domo treats as the same."""
    world = desk(same_names=rule)
    assert world.create_on_instance(KEY, NAME).status == 201
    assert world.create_on_instance(KEY, name).status == status


def test_scopes_can_be_kept_in_another_case_and_with_more(desk: Make) -> None:
    """The instance changes what it was sent, and lists show it."""
    world = desk(scope_case="upper", added_scopes="user audit")
    made = json.loads(world.create_on_instance(KEY, "ETL").body)
    assert made["scopes"] == world.list(KEY)[0]["scopes"] == ["DATA", "USER", "AUDIT"]
    assert world.sign_in(made["clientId"], made["clientSecret"]).status == 200


@pytest.mark.parametrize(("more", "status"), [("", 400), ("cards", 201)])
def test_an_instance_can_know_more_scopes(desk: Make, more: str, status: int) -> None:
    """The list of scopes is open-ended."""
    world = desk(more_scopes=more)
    assert world.create_on_instance(KEY, "ETL", scopes=["cards"]).status == status


def test_two_creates_can_answer_the_same_client_id(desk: Make) -> None:
    """The second response repeats the first id beside a secret of its own."""
    world = desk()
    first = json.loads(world.create_on_instance(KEY, "a").body)
    world.world.faults.add(Fault(what="same_client_id"))
    second = json.loads(world.create_on_instance(KEY, "b").body)
    assert second["clientId"] == first["clientId"]
    assert second["clientSecret"] != first["clientSecret"]
    assert len(world.world.known(DOMAIN).clients) == 2


def test_a_first_create_has_no_client_id_to_repeat(desk: Make) -> None:
    """Clients that were there before count for nothing: two creates have the same id."""
    world = desk()
    old = Placement(name="old", scope=("data",))
    world.world.add_client(old, DOMAIN, by="config", now=0)
    world.world.faults.add(Fault(what="same_client_id"))
    made = json.loads(world.create_on_instance(KEY, "a").body)
    assert made["clientId"] == world.list(KEY)[1]["clientId"]


@pytest.mark.parametrize("status", [404, 405, 410])
def test_the_create_endpoint_of_the_api_can_be_retired(desk: Make, status: int) -> None:
    """The instance's own endpoint takes the same session."""
    world = desk(create_retired=status)
    session = world.session()
    assert world.create(session).status == status
    assert world.create_on_instance(session, "ETL").status == 201
