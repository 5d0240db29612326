"""What the next apply makes of a journal that a dead run left."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from reconciler.model.ownership_mark import Mark, with_mark
from reconciler.plan.action import Kind
from reconciler.state.journal_records import Header, Intent
from reconciler.state.model import State

Make = Callable[..., Any]
LINEAGE = "5f0c8a52-2f0e-4f1e-9a53-9d6a1a0c0001"


def leave_intent(shop: Any, client: Any, *, owner: int | None = None) -> Intent:
    """Leave the state and the journal of a run that died after its intent."""
    shop.store.write(State(lineage=LINEAGE, serial=1), replacing=None)
    header = Header(run="dead", lineage=LINEAGE, serial=1, plan_id="p", at="2026-01-01T00:00:00Z")
    intent = Intent(
        address=client.address,
        nonce="0a0b0c0d",
        domain="i1.domo.com",
        live_name=client.address.client,
        scope=client.scope,
        sinks=client.sinks,
        at="2026-01-01T00:00:00Z",
        principal=f"user:{owner}" if owner else "user:unknown",
        owner=owner,
    )
    asyncio.run(append(shop, header, intent))
    return intent


async def append(shop: Any, header: Header, intent: Intent) -> None:
    """Write a journal as a run does."""
    await shop.store.journal(header).append(intent)


def our_mark() -> str:
    """Return the description that the dead run sent."""
    return with_mark("", Mark.of(lineage=LINEAGE, domain="i1.domo.com", nonce="0a0b0c0d"))


def add_lost(shop: Any) -> Any:
    """Let the instance have the client of which the dead run lost the answer."""
    return shop.served.add_client(
        "i1.domo.com", "Reporting", description=our_mark(), owner="ops@i.example"
    )


def owner(shop: Any) -> int:
    """Return the id of the user who signs on."""
    shop.served.add_client("i1.domo.com", "probe", owner="ops@i.example")
    found: int = shop.served.clients("i1.domo.com")[0].owner
    shop.served.remove_client("i1.domo.com", "probe")
    return found


@pytest.mark.parametrize("masked", [False, True], ids=["plain", "masked"])
def test_a_client_with_the_nonce_is_revoked_and_made_again(
    workshop: Make, make_client: Make, make_action: Make, masked: bool
) -> None:
    """Its secret was never received, so it ends, and its successor is delivered."""
    shop, client = workshop(mask_client_ids=masked), make_client("Reporting")
    leave_intent(shop, client, owner=owner(shop))
    lost = shop.served.add_client(
        "i1.domo.com", "Reporting", description=our_mark(), owner="ops@i.example"
    )
    report = shop.apply(shop.desired(client), make_action(Kind.CREATE, client))
    assert report.complete, report
    assert shop.served.revoked("i1.domo.com")[-1].client_id == lost.client_id
    delivered = json.loads((shop.root / "i1-reporting").read_bytes())
    assert delivered["client_secret"] == shop.secret("Reporting")
    assert shop.journals == []


def test_an_intent_that_made_nothing_is_dropped(
    workshop: Make, make_client: Make, make_action: Make
) -> None:
    """Its owner's lists do not show it for the whole window, so the create is safe."""
    shop, client = workshop(), make_client("Reporting")
    leave_intent(shop, client, owner=owner(shop))
    report = shop.apply(shop.desired(client), make_action(Kind.CREATE, client))
    assert report.complete
    assert shop.served.count(route="list*") >= 3
    assert shop.names() == ["Reporting"]
    assert shop.journals == []


def test_an_intent_is_settled_without_any_action(workshop: Make, make_client: Make) -> None:
    """A plan with nothing to do still finds out what became of it, and ends the client."""
    shop, client = workshop(), make_client("Reporting")
    leave_intent(shop, client, owner=owner(shop))
    shop.served.add_client(
        "i1.domo.com", "Reporting", description=our_mark(), owner="ops@i.example"
    )
    assert shop.apply(shop.desired()).complete
    assert shop.names() == []
    assert shop.journals == []


def test_a_withdrawal_that_outlasts_the_window_proves_no_other_absence(
    workshop: Make, make_client: Make
) -> None:
    """A client that the first list lacks is looked for in a list from after the window."""
    shop = workshop(latency=0.2)
    clients = make_client("Reporting"), make_client("Later")
    first = leave_intent(shop, clients[0], owner=owner(shop))
    other = replace(first, address=clients[1].address, live_name="Later", nonce="1a0b0c0d")
    header = Header(run="gone", lineage=LINEAGE, serial=1, plan_id="p", at="2026-01-01T00:00:00Z")
    asyncio.run(append(shop, header, other))
    add_lost(shop)
    mark = Mark.of(lineage=LINEAGE, domain="i1.domo.com", nonce="1a0b0c0d")
    shop.served.add_client(
        "i1.domo.com", "Later", description=with_mark("", mark), owner="ops@i.example"
    )
    shop.served.fault(what="list_hides", route="list", named="Later")
    assert shop.apply(shop.desired()).complete
    assert shop.names() == []
    assert shop.journals == []


def test_a_client_without_the_nonce_is_not_touched(
    workshop: Make, make_client: Make, make_action: Make
) -> None:
    """A stranger holds the name: unresolved, reported with the command that ends it, kept."""
    shop, client = workshop(), make_client("Reporting")
    leave_intent(shop, client, owner=owner(shop))
    shop.served.add_client("i1.domo.com", "Reporting")
    report = shop.apply(shop.desired(client), make_action(Kind.CREATE, client))
    assert [each.address for each in report.unresolved] == [client.address]
    assert "state settle 'i1/Reporting'" in (report.unresolved[0].cause.hint or "")
    assert shop.names() == ["Reporting"]
    assert shop.served.count(route="create*") == 0
    assert len(shop.journals) == 1


def test_a_suspected_orphan_of_the_name_is_not_the_attempts_client(
    workshop: Make, make_client: Make, make_action: Make
) -> None:
    """Our mark with another nonce: the attempt made nothing, and the orphan blocks by itself."""
    shop, client = workshop(), make_client("Reporting")
    leave_intent(shop, client, owner=owner(shop))
    mark = Mark.of(lineage=LINEAGE, domain="i1.domo.com", nonce="99999999")
    shop.served.add_client("i1.domo.com", "Reporting", description=with_mark("", mark))
    report = shop.apply(shop.desired(client), make_action(Kind.CREATE, client))
    assert report.unresolved == ()
    assert [each.cause.code for each in report.failed] == ["suspected-orphan"]
    assert shop.names() == ["Reporting"]
    assert shop.served.count(route="create*") == 0
    assert shop.journals == []


def test_absence_proves_nothing_to_another_user_who_sees_only_his_own(
    workshop: Make, make_client: Make, make_action: Make
) -> None:
    """A client of somebody else may be there unseen, so nothing is posted."""
    shop, client = workshop(admin=False), make_client("Reporting")
    leave_intent(shop, client, owner=987654)
    report = shop.apply(shop.desired(client), make_action(Kind.CREATE, client))
    assert [each.address for each in report.unresolved] == [client.address]
    assert shop.served.count(route="create*") == 0
    assert len(shop.journals) == 1


def test_a_client_that_the_lists_show_late_is_found(
    workshop: Make, make_client: Make, make_action: Make
) -> None:
    """One look at a lagging list is not enough to call a client absent."""
    shop, client = workshop(list_lag=0.2), make_client("Reporting")
    leave_intent(shop, client, owner=owner(shop))
    shop.served.add_client(
        "i1.domo.com", "Reporting", description=our_mark(), owner="ops@i.example"
    )
    report = shop.apply(shop.desired(client), make_action(Kind.CREATE, client))
    assert report.complete
    assert [each.name for each in shop.served.revoked("i1.domo.com")] == ["probe", "Reporting"]
    assert shop.names() == ["Reporting"]


def test_an_attempt_on_an_instance_that_left_the_manifest_is_reported(
    workshop: Make, make_client: Make
) -> None:
    """Nobody can sign on to it any more, so it stays open and the message says what to do."""
    shop, client = workshop(), make_client("Reporting", "i9")
    leave_intent(shop, client)
    report = shop.apply(shop.desired())
    assert [each.instance for each in report.instances_failed] == ["i9"]
    assert "clients: []" in (report.instances_failed[0].cause.hint or "")
    assert len(shop.journals) == 1


def test_a_secret_that_died_meanwhile_is_not_delivered(
    workshop: Make, make_client: Make, make_action: Make
) -> None:
    """A state that was restored from before may know a dead secret: it overwrites nothing."""
    shop, client = workshop(), make_client("Reporting", sinks=("state",))
    assert shop.apply(shop.desired(client), make_action(Kind.CREATE, client)).complete
    shop.served.remove_client("i1.domo.com", "Reporting")
    (shop.root / "i1-reporting").write_text("the secret that works")
    wider = make_client("Reporting", sinks=("state", "files"))
    report = shop.apply(shop.desired(wider), make_action(Kind.DELIVER, wider))
    assert [each.cause.code for each in report.failed] == ["not-proven"]
    assert (shop.root / "i1-reporting").read_text() == "the secret that works"
