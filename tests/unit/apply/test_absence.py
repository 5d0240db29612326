"""What a run may conclude from a list that lacks a client."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from reconciler.credentials.references import EnvRef
from reconciler.model.auth import TokenAuth
from reconciler.plan.action import Kind

Make = Callable[..., Any]


def made(shop: Any, make_action: Make, *clients: Any) -> None:
    """Create clients."""
    acts = [make_action(Kind.CREATE, each) for each in clients]
    assert shop.apply(shop.desired(*clients), *acts).complete


def ending(shop: Any, make_action: Make, client: Any) -> Any:
    """Return the revoke of a known client."""
    return make_action(
        Kind.REVOKE, client, client_id=shop.clients[client.address].client_id, sinks=()
    )


def test_a_list_without_any_known_client_proves_nothing(
    workshop: Make, make_client: Make, make_action: Make
) -> None:
    """It may be another instance's answer; only an operator's word makes it count."""
    shop, one, two = workshop(), make_client("One"), make_client("Two")
    made(shop, make_action, one, two)
    for name in ("One", "Two"):
        shop.served.remove_client("i1.domo.com", name)
    act = ending(shop, make_action, one)
    report = shop.apply(shop.desired(two), act)
    assert [each.cause.code for each in report.failed] == ["not-visible"]
    assert "shows none of the 2 clients" in report.failed[0].cause.message
    assert len(shop.clients) == 2
    shop.settings = replace(shop.settings, accept_missing=frozenset({"i1"}))
    assert shop.apply(shop.desired(two), act).complete
    assert list(shop.clients) == [two.address]


def test_a_gone_client_that_a_list_shows_again_is_not_created_twice(
    workshop: Make, make_client: Make, make_action: Make
) -> None:
    """A plan took it for gone; apply looks again before it posts."""
    shop, client = workshop(), make_client("One")
    made(shop, make_action, client)
    act = make_action(Kind.CREATE, client, live_name="One (2)", reason="gone from the instance")
    report = shop.apply(shop.desired(client), act)
    assert [each.cause.code for each in report.failed] == ["not-gone"]
    assert shop.names() == ["One"]


def test_a_client_that_the_plan_took_for_gone_is_not_forgotten_if_it_is_listed(
    workshop: Make, make_client: Make, make_action: Make
) -> None:
    """A forget because of absence needs the same proof."""
    shop, client = workshop(), make_client("One")
    made(shop, make_action, client)
    act = make_action(
        Kind.FORGET, client, reason="gone from the instance, and not wanted", sinks=()
    )
    report = shop.apply(shop.desired(), act)
    assert [each.cause.code for each in report.failed] == ["not-gone"]
    assert list(shop.clients) == [client.address]


def test_the_list_of_another_instance_stops_the_instance(
    workshop: Make, make_client: Make, make_action: Make
) -> None:
    """A list that shows a client known on another instance is that one's answer."""
    shop, one, two = workshop(), make_client("One"), make_client("Two", "i2")
    shop.auth = TokenAuth(token=EnvRef(name="TOKEN"))
    made(shop, make_action, one)
    desired = shop.desired(one, two)
    wrong = replace(desired.instances["i2"], endpoints=desired.instances["i1"].endpoints)
    desired = replace(desired, instances={**desired.instances, "i2": wrong})
    before = shop.served.count(route="create*")
    report = shop.apply(desired, make_action(Kind.CREATE, two))
    assert "is a client of i1" in report.instances_failed[0].cause.message
    assert shop.served.count(route="create*") == before


def test_a_revoke_that_lists_do_not_confirm_keeps_the_client_in_the_state(
    workshop: Make, make_client: Make, make_action: Make
) -> None:
    """Domo answered 204, and a list still shows the client at the end of the window."""
    shop, client = workshop(revoke_lag=60.0), make_client("One")
    made(shop, make_action, client)
    report = shop.apply(shop.desired(), ending(shop, make_action, client))
    assert [each.cause.code for each in report.failed] == ["revoke-unconfirmed"]
    assert list(shop.clients) == [client.address]
    assert shop.served.count(route="revoke") == 1


def test_the_list_of_another_instance_confirms_no_revoke(
    workshop: Make, make_client: Make, make_action: Make
) -> None:
    """Domo answered 204 without an effect, and the list after it was the other instance's."""
    shop, client, other = workshop(), make_client("One"), make_client("Two", "i2")
    made(shop, make_action, client)
    made(shop, make_action, other)
    shop.served.fault("no_effect", route="revoke")
    shop.served.fault("other_instance", route="list", instance="i1*", other="i2*", after=1)
    report = shop.apply(shop.desired(other), ending(shop, make_action, client))
    assert [each.cause.code for each in report.failed] == ["revoke-unconfirmed"]
    assert "is a client of i2" in report.failed[0].cause.message
    assert client.address in shop.clients
    assert shop.names() == ["One"]
