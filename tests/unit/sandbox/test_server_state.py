"""Configs: what a world is made from, and what is said about a wrong one."""

import json
from dataclasses import fields
from typing import Any

import pytest

from reconciler.documents.schema import schema_folder
from reconciler.sandbox.config import fleet, login
from reconciler.sandbox.entities import Rules, User
from reconciler.sandbox.faults import Fault
from reconciler.sandbox.server_state import Placement, SandboxState

DOMAIN = "acme.domo.com"
OPS = {"email": "ops@acme.example", "password": "right"}


def world(**instance: Any) -> SandboxState:
    """Make a world of one instance."""
    return SandboxState.from_config({"seed": 7, "instances": {DOMAIN: instance}})


def test_an_empty_config_is_an_empty_world() -> None:
    """Everything has a default."""
    made = SandboxState.from_config({})
    assert (made.instances, made.latency, list(made.faults)) == ({}, 0.0, [])


def test_a_config_says_everything() -> None:
    """Latency, faults, rules, users and clients arrive where they belong."""
    made = SandboxState.from_config(
        {
            "latency": 0.5,
            "jitter": 1,
            "faults": [{"what": "hang", "times": 3}],
            "instances": {
                DOMAIN: {
                    "list_lag": 2,
                    "users": [{**OPS, "id": 9}],
                    "clients": [
                        {"name": "a", "scope": ["data"], "owner": OPS["email"], "id": 5},
                        {"name": "b", "scope": ["user"], "client_id": "i", "client_secret": "s"},
                    ],
                }
            },
        }
    )
    instance = made.known(DOMAIN)
    assert (made.latency, made.jitter) == (0.5, 1)
    assert [each.fault.times for each in made.faults] == [3]
    assert instance.rules == Rules(list_lag=2)
    first, second = instance.clients.values()
    assert (first.id, first.owner, first.scope) == (5, 9, ("data",))
    assert (second.owner, second.client_id, second.client_secret) == (instance.stranger, "i", "s")
    assert (first.order, second.order) == (1, 2)


def test_clients_of_a_config_are_listed_at_once() -> None:
    """They were there before anybody looked."""
    made = world(users=[OPS], list_lag=60, clients=[{"name": "a", "scope": ["data"]}])
    instance = made.known(DOMAIN)
    assert len(list(instance.seen_by(instance.users[OPS["email"]], now=1.0))) == 1


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ([], "an object is expected, not a list"),
        ({"speed": 1}, "speed: there is no such key"),
        ({"latency": "1s"}, "latency: a number from 0 is expected, not a text"),
        ({"latency": -1}, "latency: a number from 0 is expected"),
        ({"latency": True}, "latency: a number from 0 is expected, not true or false"),
        ({"seed": 1.5}, "seed: a whole number from 0 or null is expected"),
        ({"faults": {}}, "faults: a list is expected"),
        ({"instances": []}, "instances: an object is expected"),
        ({"instances": {1: {}}}, "an object with a key that is not a text"),
        (
            {"instances": {DOMAIN: {"list_shape": "tree"}}},
            "list_shape: one of array, entries, pages",
        ),
        ({"instances": {DOMAIN: {"trim": 1}}}, "trim: true or false is expected"),
        ({"instances": {DOMAIN: {"users": [{}]}}}, "users[0].email: this key is missing"),
        ({"instances": {DOMAIN: {"users": [7]}}}, "users[0]: an object is expected"),
        ({"instances": {DOMAIN: {"tokens": {"a": 1}}}}, "tokens.a: a text is expected"),
        ({"instances": {DOMAIN: {"end_sessions": 3}}}, "end_sessions: true or false is expected"),
        (
            {"instances": {DOMAIN: {"clients": [{"name": "a"}]}}},
            "clients[0].scope: this key is missing",
        ),
    ],
)
def test_a_wrong_config_is_said(config: Any, said: str) -> None:
    """The message says where and what."""
    with pytest.raises(ValueError, match=r".+") as raised:
        SandboxState.from_config(config)
    assert said in str(raised.value)


@pytest.mark.parametrize(
    ("second", "said"),
    [
        ({"name": "a"}, "a client `a` or its id exists already"),
        ({"name": "b", "id": 5}, "a client `b` or its id exists already"),
        ({"name": "b", "client_id": "i"}, "client id `i` is taken"),
        ({"name": "b", "owner": "who@acme.example"}, "no user `who@acme.example`"),
        ({"name": "b", "scope": []}, "`scope` is a list of"),
        ({"name": "b", "scope": [{}]}, "`scope` is a list of"),
        ({"name": "b", "scope": ["dta"]}, "`scope` is a list of"),
    ],
)
def test_a_client_that_does_not_fit_is_said(second: dict[str, Any], said: str) -> None:
    """A config obeys the rules that requests obey."""
    first = {"name": "a", "scope": ["data"], "id": 5, "client_id": "i"}
    with pytest.raises(ValueError, match=r".+") as raised:
        world(clients=[first, {"scope": ["data"], **second}])
    assert said in str(raised.value)


def test_ids_that_are_drawn_do_not_meet_ids_that_were_given() -> None:
    """A config may give an id that the counter would have reached."""
    given = {"name": "a", "scope": ["data"], "id": 1001}
    made = world(clients=[given, {"name": "b", "scope": ["data"]}])
    assert len({each.id for each in made.known(DOMAIN).clients.values()}) == 2


def test_a_change_that_fails_changes_nothing() -> None:
    """Rules, users and credentials are checked before any is taken over."""
    made = world(users=[OPS], tokens={"t": OPS["email"]})
    instance = made.known(DOMAIN)
    before = (instance.rules, dict(instance.users), dict(instance.tokens))
    changes = {"users": [{**OPS, "locked": True}], "tokens": {}, "list_lag": "long"}
    with pytest.raises(ValueError, match="list_lag: a number from 0 is expected"):
        made.configure(instance, changes)
    assert (instance.rules, dict(instance.users), dict(instance.tokens)) == before


def test_unlocking_a_user_forgives_wrong_passwords() -> None:
    """The other users, and what is not named, stay as they were."""
    made = world(users=[{**OPS, "locked": True, "wrong": 5}, {**OPS, "email": "joe@acme.example"}])
    instance = made.known(DOMAIN)
    before = instance.users[OPS["email"]]
    made.configure(instance, {"users": [{"email": OPS["email"], "locked": False}]})
    user = instance.users[OPS["email"]]
    assert (user.locked, user.wrong, user.id, user.password) == (False, 0, before.id, "right")
    assert len(instance.users) == 2


def test_a_reset_begins_again() -> None:
    """Clients, the log and faults go; the same ids are drawn again."""
    made = world(users=[OPS], clients=[{"name": "a", "scope": ["data"]}])
    instance = made.known(DOMAIN)
    first = instance.named("a")
    made.remove(instance, instance.clients[1001].id, by="control", now=0)
    made.reset()
    assert made.known(DOMAIN).named("a") == first
    assert made.known(DOMAIN).revoked == []


def test_a_reset_to_a_wrong_config_changes_nothing() -> None:
    """The world is as it was."""
    made = world(clients=[{"name": "a", "scope": ["data"]}])
    with pytest.raises(ValueError, match="there is no such key"):
        made.reset({"nonsense": 1})
    assert made.known(DOMAIN).named("a") is not None


def test_a_fleet_has_every_way_to_sign_on() -> None:
    """Each instance has credentials of its own, and the rules of all."""
    config = fleet(["acme-prod", "globex"], seed=1, list_shape="entries")
    made = SandboxState.from_config(config)
    acme, globex = (login(config, f"{key}.domo.com") for key in ("acme-prod", "globex"))
    instance = made.known("acme-prod.domo.com")
    assert acme.email == "ops@acme-prod.example"
    assert instance.users[acme.email].password == acme.password
    assert instance.cookies == {acme.cookie: acme.email}
    assert instance.tokens == {acme.token: acme.email}
    assert instance.rules.list_shape == "entries"
    assert not {acme.password, acme.cookie, acme.token} & {
        globex.password,
        globex.cookie,
        globex.token,
    }


def test_a_fleet_repeats_with_its_seed() -> None:
    """Without one, passwords differ each time."""
    assert fleet(["a"], seed=1) == fleet(["a"], seed=1)
    assert fleet(["a"]) != fleet(["a"])


def test_a_fleet_can_have_other_domains() -> None:
    """For a manifest that names its own."""
    assert list(fleet(["a"], domain="{key}.example.domo.com")["instances"]) == [
        "a.example.domo.com"
    ]


def test_a_new_user_needs_a_password() -> None:
    """A change of a known user need not repeat it."""
    with pytest.raises(ValueError, match="needs a password"):
        world(users=[{"email": "joe@acme.example"}])


def test_a_change_adds_no_clients() -> None:
    """A client that is added later has a route of its own."""
    made = world(users=[OPS])
    with pytest.raises(ValueError, match="clients are added one by one"):
        made.configure(made.known(DOMAIN), {"clients": [{"name": "a", "scope": ["data"]}]})


@pytest.mark.parametrize(
    ("part", "kind"), [("instance", Rules), ("user", User), ("client", Placement), ("fault", Fault)]
)
def test_the_schema_has_every_setting(part: str, kind: Any) -> None:
    """A setting that the sandbox knows is published, with a description."""
    schema = json.loads((schema_folder() / "sandbox.v1.schema.json").read_bytes())
    properties = schema["$defs"][part]["properties"]
    assert {each.name for each in fields(kind)} <= properties.keys()
    assert all(each["description"] for each in properties.values())
