"""Successors and ends: create first, prove, deliver, and revoke only what a list shows."""

import cProfile
import json
import pstats
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from reconciler.plan.action import Kind

Make = Callable[..., Any]


def made(shop: Any, client: Any, make_action: Make) -> Any:
    """Create one client and return its entry."""
    report = shop.apply(shop.desired(client), make_action(Kind.CREATE, client))
    assert report.complete, report
    return shop.clients[client.address]


@pytest.mark.parametrize("masked", [False, True], ids=["plain", "masked"])
def test_a_replace_delivers_a_working_successor_and_then_revokes(
    workshop: Make, make_client: Make, make_action: Make, masked: bool
) -> None:
    """The new client has the next number and the new scope, the old one is gone."""
    shop, client = workshop(mask_client_ids=masked), make_client("Reporting")
    old = made(shop, client, make_action)
    wider = replace(client, scope=("audit", "data"))
    act = make_action(
        Kind.REPLACE, wider, live_name="Reporting (2)", client_id=old.client_id, scope=wider.scope
    )
    report = shop.apply(shop.desired(wider), act)
    assert report.complete, report
    assert shop.names() == ["Reporting (2)"]
    delivered = json.loads((shop.root / "i1-reporting").read_bytes())
    assert delivered["client_secret"] == shop.secret("Reporting (2)")
    assert (delivered["name"], delivered["live_name"]) == ("Reporting", "Reporting (2)")
    assert shop.clients[client.address].retiring == ()
    routes = [each["route"] for each in shop.served.requests()][-5:]
    assert routes.index("token") < routes.index("revoke")


def test_an_overlap_keeps_the_predecessor(
    workshop: Make, make_client: Make, make_action: Make
) -> None:
    """With an overlap the old client lives on and the state knows that it is retiring."""
    shop, client = workshop(), make_client("Reporting", overlap=3600.0)
    old = made(shop, client, make_action)
    act = make_action(Kind.ROTATE, client, live_name="Reporting (2)", client_id=old.client_id)
    assert shop.apply(shop.desired(client), act).complete
    assert shop.names() == ["Reporting", "Reporting (2)"]
    (retiring,) = shop.clients[client.address].retiring
    assert (retiring.client_id, retiring.overlap) == (old.client_id, 3600.0)


def test_a_successor_that_does_not_sign_in_is_not_delivered(
    workshop: Make, make_client: Make, make_action: Make
) -> None:
    """The sink keeps the secret that works, and the old client stays."""
    shop, client = workshop(), make_client("Reporting")
    old = made(shop, client, make_action)
    before = (shop.root / "i1-reporting").read_bytes()
    shop.served.fault("garbage", route="token", times=None)
    act = make_action(Kind.ROTATE, client, live_name="Reporting (2)", client_id=old.client_id)
    report = shop.apply(shop.desired(client), act)
    assert [each.cause.code for each in report.failed] == ["not-proven"]
    assert (shop.root / "i1-reporting").read_bytes() == before
    assert shop.names() == ["Reporting", "Reporting (2)"]
    shop.served.clear_faults()
    again = shop.apply(shop.desired(client), make_action(Kind.DELIVER, client))
    assert again.complete
    delivered = json.loads((shop.root / "i1-reporting").read_bytes())
    assert delivered["client_secret"] == shop.secret("Reporting (2)")


def test_revoke_first_keeps_the_name(workshop: Make, make_client: Make, make_action: Make) -> None:
    """The old client ends before the new one of the same name is made."""
    shop, client = workshop(), make_client("Reporting", replace="revoke_first")
    old = made(shop, client, make_action)
    wider = replace(client, scope=("audit", "data"))
    act = make_action(Kind.REPLACE, wider, client_id=old.client_id, scope=wider.scope)
    assert shop.apply(shop.desired(wider), act).complete
    assert shop.names() == ["Reporting"]
    assert shop.clients[client.address].client_id != old.client_id
    delivered = json.loads((shop.root / "i1-reporting").read_bytes())
    assert delivered["client_secret"] == shop.secret("Reporting")


def test_revoke_first_sees_who_took_the_name_of_a_client_that_was_gone(
    workshop: Make, make_client: Make, make_action: Make
) -> None:
    """The name is not free although our client of it has ended: nothing is posted."""
    shop, client = workshop(), make_client("Reporting", replace="revoke_first")
    old = made(shop, client, make_action)
    shop.served.remove_client("i1.domo.com", "Reporting")
    shop.served.add_client("i1.domo.com", "Reporting")
    wider = replace(client, scope=("audit", "data"))
    act = make_action(Kind.REPLACE, wider, client_id=old.client_id, scope=wider.scope)
    report = shop.apply(shop.desired(wider), act)
    assert [each.cause.code for each in report.failed] == ["conflict"]
    assert shop.served.count(route="create*") == 1
    assert shop.names() == ["Reporting"]
    assert shop.journals == []


def test_a_client_that_left_the_manifest_is_revoked(
    workshop: Make, make_client: Make, make_action: Make
) -> None:
    """A revoke needs the list to show it; then the state forgets it."""
    shop, client = workshop(), make_client("Reporting")
    entry = made(shop, client, make_action)
    act = make_action(Kind.REVOKE, client, client_id=entry.client_id, sinks=())
    assert shop.apply(shop.desired(), act).complete
    assert shop.names() == []
    assert shop.clients == {}


def test_a_stranger_who_took_the_name_is_not_revoked(
    workshop: Make, make_client: Make, make_action: Make
) -> None:
    """A client of the same name with another client id is somebody else's."""
    shop, client = workshop(), make_client("Reporting")
    entry = made(shop, client, make_action)
    shop.served.remove_client("i1.domo.com", "Reporting")
    stranger = shop.served.add_client("i1.domo.com", "Reporting")
    act = make_action(Kind.REVOKE, client, client_id=entry.client_id, sinks=())
    report = shop.apply(shop.desired(), act)
    assert report.complete
    assert [each.client_id for each in shop.served.clients("i1.domo.com")] == [stranger.client_id]
    assert shop.served.count(route="revoke*") == 0
    assert shop.clients == {}


def test_a_masked_stranger_is_not_revoked(
    workshop: Make, make_client: Make, make_action: Make
) -> None:
    """The visible parts of its id show that it is another client, so the known one is gone."""
    shop, client = workshop(mask_client_ids=True), make_client("Reporting")
    entry = made(shop, client, make_action)
    shop.served.remove_client("i1.domo.com", "Reporting")
    shop.served.add_client("i1.domo.com", "Reporting")
    act = make_action(Kind.REVOKE, client, client_id=entry.client_id, sinks=())
    assert shop.apply(shop.desired(), act).complete
    assert shop.served.count(route="revoke*") == 0
    assert (shop.names(), shop.clients) == (["Reporting"], {})


@pytest.mark.parametrize("what", ["lost_answer", "error_after", "error_before", "reset_before"])
def test_a_revoke_whose_answer_is_lost_is_resolved_by_listing(
    workshop: Make, make_client: Make, make_action: Make, what: str
) -> None:
    """Whether it happened or not, in the end the client is gone and the state knows."""
    shop, client = workshop(), make_client("Reporting")
    entry = made(shop, client, make_action)
    shop.served.fault(what, route="revoke*")
    act = make_action(Kind.REVOKE, client, client_id=entry.client_id, sinks=())
    assert shop.apply(shop.desired(), act).complete
    assert shop.names() == []
    assert shop.clients == {}


def test_forgetting_asks_nobody(workshop: Make, make_client: Make, make_action: Make) -> None:
    """A forget needs no sign-on, and the client lives on."""
    shop, client = workshop(), make_client("Reporting")
    made(shop, client, make_action)
    before = shop.served.count()
    assert shop.apply(shop.desired(), make_action(Kind.FORGET, client, sinks=())).complete
    assert shop.served.count() == before
    assert shop.names() == ["Reporting"]
    assert shop.clients == {}


def test_a_successor_in_the_state_alone_is_proved_before_the_old_one_ends(
    workshop: Make, make_client: Make, make_action: Make
) -> None:
    """A secret that only the state has must sign in, too, in this run or in a later one."""
    shop, client = workshop(), make_client("Reporting", sinks=("state",))
    old = made(shop, client, make_action)
    shop.served.fault("garbage", route="token", times=None)
    act = make_action(Kind.ROTATE, client, live_name="Reporting (2)", client_id=old.client_id)
    report = shop.apply(shop.desired(client), act)
    assert [each.cause.code for each in report.failed] == ["not-proven"]
    end = make_action(
        Kind.REVOKE, client, live_name="Reporting", client_id=old.client_id, sinks=(), retires=True
    )
    again = shop.apply(shop.desired(client), end)
    assert [each.cause.code for each in again.failed] == ["not-proven"]
    assert shop.names() == ["Reporting", "Reporting (2)"]
    shop.served.clear_faults()
    assert shop.apply(shop.desired(client), end).complete
    assert shop.names() == ["Reporting (2)"]


def test_many_revokes_index_each_list_once(
    workshop: Make, make_client: Make, make_action: Make
) -> None:
    """The work on a list does not grow with the number of clients that are revoked."""
    shop = workshop()
    clients = [make_client(f"C{number}") for number in range(12)]
    shop.apply(shop.desired(*clients), *(make_action(Kind.CREATE, each) for each in clients))
    known = shop.clients
    acts = [
        make_action(Kind.REVOKE, each, client_id=known[each.address].client_id, sinks=())
        for each in clients
    ]
    with cProfile.Profile() as profile:
        assert shop.apply(shop.desired(), *acts).complete
    assert shop.names() == []
    stats = pstats.Stats(profile).stats  # type: ignore[attr-defined]  # typeshed leaves it out
    indexed = [row[0] for (file, _, name), row in stats.items() if (name, file[-10:]) == _VIEW_OF]
    assert sum(indexed) <= 4


_VIEW_OF = ("of", "observe.py")


def test_a_secret_of_an_earlier_run_waits_and_says_why(
    workshop: Make, make_client: Make, make_action: Make
) -> None:
    """It is delivered only after it has signed in, also if its sink is empty."""
    shop, client = workshop(), make_client("Reporting")
    (shop.root / "i1-reporting").mkdir()
    assert not shop.apply(shop.desired(client), make_action(Kind.CREATE, client)).complete
    (shop.root / "i1-reporting").rmdir()
    shop.served.fault("garbage", route="token", times=None)
    report = shop.apply(shop.desired(client), make_action(Kind.DELIVER, client))
    (failed,) = report.failed
    assert failed.cause.code == "not-proven"
    assert "of an earlier run is delivered only after it has signed in" in failed.cause.message
    assert not (shop.root / "i1-reporting").exists()
