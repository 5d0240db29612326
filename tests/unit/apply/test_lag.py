"""A list that lags behind a create proves nothing about a client that it has never shown."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from reconciler.plan.action import Kind

Make = Callable[..., Any]


def test_a_client_that_no_list_has_shown_yet_is_looked_for(
    workshop: Make, make_client: Make, make_action: Make
) -> None:
    """It is revoked once the list has it, and not dropped as if it were gone."""
    shop, client = workshop(list_lag=0.8), make_client("Reporting")
    shop.settings = replace(shop.settings, window=3.0)
    assert shop.apply(shop.desired(client), make_action(Kind.CREATE, client)).complete
    entry = shop.clients[client.address]
    assert entry.id is None
    act = make_action(Kind.REVOKE, client, client_id=entry.client_id, sinks=())
    assert shop.apply(shop.desired(), act).complete
    assert (shop.names(), shop.clients) == ([], {})
    assert len(shop.served.revoked("i1.domo.com")) == 1


def test_a_client_that_a_list_has_shown_is_looked_for_again(
    workshop: Make, make_client: Make, make_action: Make
) -> None:
    """One list without it proves nothing: it is gone if no list over the window shows it."""
    shop, client = workshop(), make_client("Reporting")
    assert shop.apply(shop.desired(client), make_action(Kind.CREATE, client)).complete
    entry = shop.clients[client.address]
    shop.served.remove_client("i1.domo.com", "Reporting")
    before = shop.served.count(route="list")
    act = make_action(Kind.REVOKE, client, client_id=entry.client_id, sinks=())
    assert shop.apply(shop.desired(), act).complete
    assert shop.clients == {}
    assert shop.served.count(route="list") > before + 2
