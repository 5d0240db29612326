"""Ends that are told as they are: overlaps at the as-of, masked ids, cut-off and half-done work."""

from collections.abc import Callable
from typing import Any

import pytest

from reconciler.cli.views.report import summary
from reconciler.plan.action import Kind
from reconciler.sinks.definitions import ExecSink

Make = Callable[..., Any]


def rotated(shop: Any, client: Any, make_action: Make) -> Any:
    """Make a client and its successor; return the predecessor's entry."""
    report = shop.apply(shop.desired(client), make_action(Kind.CREATE, client))
    assert report.complete, report
    old = shop.clients[client.address]
    act = make_action(Kind.ROTATE, client, live_name="Reporting (2)", client_id=old.client_id)
    report = shop.apply(shop.desired(client), act)
    assert report.complete, report
    return old


@pytest.mark.parametrize(("as_of", "ends"), [("2026-01-01", False), ("2099-01-01", True)])
def test_an_overlap_is_over_when_the_plan_says_so(
    workshop: Make, make_client: Make, make_action: Make, as_of: str, ends: bool
) -> None:
    """Time is an input: what was reviewed at its as-of is done, and nothing at an earlier one."""
    shop, client = workshop(), make_client("Reporting", overlap=86400.0)
    old = rotated(shop, client, make_action)
    shop.as_of = f"{as_of}T00:00:00Z"
    end = make_action(
        Kind.REVOKE, client, live_name="Reporting", client_id=old.client_id, sinks=(), retires=True
    )
    report = shop.apply(shop.desired(client), end)
    assert report.complete is ends
    assert ("Reporting" in shop.names()) is not ends


def test_an_overlap_begins_with_the_delivery(
    workshop: Make, make_client: Make, make_action: Make
) -> None:
    """A plan of a later day may say what is due, and never ends what this run promised to keep."""
    shop, client = workshop(), make_client("Reporting", overlap=86400.0)
    shop.as_of = "2099-01-01T00:00:00Z"
    rotated(shop, client, make_action)
    assert shop.names() == ["Reporting", "Reporting (2)"]


def test_what_had_ended_before_is_told_so(
    workshop: Make, make_client: Make, make_action: Make
) -> None:
    """Nobody reads in a log or a ledger that this run revoked what a stranger did."""
    shop, client = workshop(), make_client("Reporting", overlap=86400.0)
    old = rotated(shop, client, make_action)
    shop.served.remove_client("i1.domo.com", "Reporting")
    end = make_action(
        Kind.REVOKE, client, live_name="Reporting", client_id=old.client_id, sinks=(), retires=True
    )
    assert shop.apply(shop.desired(client), end).complete
    (ended,) = [each for each in shop.events if type(each).__name__ == "ActionDone"][-1:]
    assert (ended.gone, shop.served.count(route="revoke*")) == (True, 0)
    assert shop.clients[client.address].retiring == ()


def test_who_is_revoked_first_is_missed_where_no_successor_comes(
    workshop: Make, make_client: Make, make_action: Make
) -> None:
    """The report says that consumers have no client until the next apply."""
    shop, client = workshop(), make_client("Reporting", replace="revoke_first")
    assert shop.apply(shop.desired(client), make_action(Kind.CREATE, client)).complete
    old = shop.clients[client.address]
    shop.served.fault("error_before", route="create*", times=None)
    act = make_action(Kind.ROTATE, client, client_id=old.client_id)
    (failed,) = shop.apply(shop.desired(client), act).failed
    assert "the old client is revoked, and the address has no client until the next apply" in (
        failed.cause.message
    )
    assert shop.names() == []


def test_masked_clients_without_a_mark_are_known_by_name_and_owner(
    workshop: Make, make_client: Make, make_action: Make
) -> None:
    """What this run made is the one new client of its name and owner; so it can end, too."""
    shop, client = workshop(mask_client_ids=True), make_client("Reporting")
    shop.mark = False
    rotated(shop, client, make_action)
    assert shop.names() == ["Reporting (2)"]
    entry = shop.clients[client.address]
    (alive,) = shop.served.clients("i1.domo.com")
    assert (entry.id, entry.retiring) == (alive.id, ())


def test_a_client_that_was_there_is_never_taken_for_the_new_one(
    workshop: Make, make_client: Make, make_action: Make
) -> None:
    """Where a stranger's client takes the name in between, nobody learns its id as ours."""
    shop, client = workshop(mask_client_ids=True), make_client("Reporting")
    shop.mark = False
    stranger = shop.served.add_client("i1.domo.com", "Else")
    assert shop.apply(shop.desired(client), make_action(Kind.CREATE, client)).complete
    assert shop.clients[client.address].id != stranger.id


def test_a_refusal_after_the_create_is_made_again(
    workshop: Make, make_client: Make, make_action: Make
) -> None:
    """A 400 that came with a client is ambiguous: that client is revoked, and a new one made."""
    shop, client = workshop(), make_client("Reporting")
    shop.served.fault("error_after", route="create*", status=400)
    report = shop.apply(shop.desired(client), make_action(Kind.CREATE, client))
    assert report.complete, report
    assert (shop.names(), len(shop.served.revoked("i1.domo.com"))) == (["Reporting"], 1)


def test_what_failed_after_the_create_says_what_is_done(
    workshop: Make, make_client: Make, make_action: Make
) -> None:
    """Neither a sink nor a revoke that fails hides the client that was made."""
    shop, client = workshop(), make_client("Reporting")
    assert shop.apply(shop.desired(client), make_action(Kind.CREATE, client)).complete
    old = shop.clients[client.address]
    shop.served.fault("error_before", route="revoke*", times=None)
    act = make_action(Kind.ROTATE, client, live_name="Reporting (2)", client_id=old.client_id)
    report = shop.apply(shop.desired(client), act)
    (failed,) = report.failed
    start = "created and delivered, but the old client is not revoked: Domo"
    assert failed.cause.message.startswith(start)
    assert summary(report) == "Applied: 1 created; 1 of them not finished."
    shop.served.clear_faults()
    shop.sinks["cli"] = ExecSink(name="cli", command=("/bin/sh", "-c", "exit 3"))
    other = make_client("Other", sinks=("cli",))
    report = shop.apply(shop.desired(client, other), make_action(Kind.CREATE, other))
    (failed,) = report.failed
    assert failed.cause.message.startswith("created, but not delivered: ")
    assert (failed.created, report.created) == (True, (failed.action,))
    assert summary(report) == "Applied: 1 created; 1 of them not finished."


def test_what_was_cut_off_is_not_told_as_never_begun(
    workshop: Make, make_client: Make, make_action: Make
) -> None:
    """A client whose delivery an interrupt ends was made, and the next run goes on with it."""
    shop = workshop()
    shop.settings = type(shop.settings)(window=0.3, grace=0.5)
    shop.sinks["cli"] = ExecSink(name="cli", command=("/bin/sh", "-c", "test -e open || sleep 9"))
    clients = [make_client("Reporting", sinks=("cli",)), make_client("Later", "i2", sinks=("cli",))]
    shop.settings = type(shop.settings)(window=0.3, grace=0.5, concurrency=1)
    actions = [make_action(Kind.CREATE, each) for each in clients]
    report = shop.apply(shop.desired(*clients), *actions, stop_at="InstanceStarted")
    assert (report.under_way, report.skipped) == ((), tuple(actions))
    report = shop.apply(shop.desired(*clients), *actions, stop_at=None, stop_after=1.0)
    assert [each.address.client for each in report.under_way] == ["Reporting"]
    assert [each.address.client for each in report.skipped] == ["Later"]
    assert (report.done, report.event.under_way, report.event.not_begun) == ((), 1, 1)
    (shop.root / "open").touch()
    assert shop.apply(shop.desired(*clients), make_action(Kind.DELIVER, clients[0])).complete


def test_an_interrupt_sends_nothing_again(
    workshop: Make, make_client: Make, make_action: Make
) -> None:
    """A create that is turned away is not tried any more, and the run ends at once."""
    shop, client = workshop(), make_client("Reporting")
    shop.served.fault("rate_limited", route="create*", seconds=1, times=None)
    create = make_action(Kind.CREATE, client)
    report = shop.apply(shop.desired(client), create, stop_after=0.5)
    assert (report.stopped, shop.served.count(route="create*"), shop.journals) == (True, 1, [])
