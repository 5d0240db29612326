"""Two creates that return the same client id: an error, and both secrets are kept separately."""

import json
from collections.abc import Callable
from typing import Any

from reconciler.model.address import Address
from reconciler.plan.action import Kind
from reconciler.state.journal_records import Created
from reconciler.state.model import Plain

Make = Callable[..., Any]


def kept(shop: Any) -> list[str]:
    """Return the secrets that the journals hold."""
    state = shop.store.read()
    return [
        record.secret.secret.reveal()
        for journal in shop.store.journals(state.lineage)
        for record in journal.records
        if isinstance(record, Created) and isinstance(record.secret, Plain)
    ]


def test_a_second_create_with_the_same_client_id_is_delivered_nowhere(
    workshop: Make, make_client: Make, make_action: Make
) -> None:
    """The first client stays as it is; the journal keeps the second one's secret."""
    shop = workshop()
    first, second = make_client("A"), make_client("B")
    desired = shop.desired(first, second)
    assert shop.apply(desired, make_action(Kind.CREATE, first)).complete
    shop.served.fault("same_client_id", route="create*")

    report = shop.apply(desired, make_action(Kind.CREATE, second))

    assert [each.cause.code for each in report.failed] == ["client-id-taken"]
    assert "which i1/A has" in report.failed[0].cause.message
    assert json.loads((shop.root / "i1-a").read_bytes())["client_secret"] == shop.secret("A")
    assert not (shop.root / "i1-b").exists()
    assert kept(shop) == [shop.secret("B")]
    assert list(shop.clients) == [Address("i1", "A")]


def test_two_creates_of_one_run_with_the_same_client_id_keep_both_secrets(
    workshop: Make, make_client: Make, make_action: Make
) -> None:
    """The next run reports the second one, posts nothing, and keeps its secret."""
    shop = workshop()
    first, second = make_client("A"), make_client("B")
    desired = shop.desired(first, second)
    creates = [make_action(Kind.CREATE, each) for each in (first, second)]
    shop.served.fault("same_client_id", route="create*", client="B")
    report = shop.apply(desired, *creates)
    assert [each.cause.code for each in report.failed] == ["client-id-taken"]
    assert json.loads((shop.root / "i1-a").read_bytes())["client_secret"] == shop.secret("A")

    again = shop.apply(desired, creates[1])

    assert [each.cause.code for each in again.unresolved] == ["orphan"]
    assert kept(shop) == [shop.secret("B")]
    assert shop.served.count(route="create*") == 2
    assert shop.served.count(route="revoke") == 0


def test_a_rotation_that_returns_its_predecessor_s_id_changes_nothing(
    workshop: Make, make_client: Make, make_action: Make
) -> None:
    """The old client stays, and its secret in the sink."""
    shop, client = workshop(), make_client("A")
    desired = shop.desired(client)
    assert shop.apply(desired, make_action(Kind.CREATE, client)).complete
    entry = shop.clients[client.address]
    shop.served.fault("same_client_id", route="create*")
    rotate = make_action(Kind.ROTATE, client, live_name="A (2)", client_id=entry.client_id)

    report = shop.apply(desired, rotate)

    assert [each.cause.code for each in report.failed] == ["client-id-taken"]
    assert shop.clients[client.address] == entry
    assert shop.names() == ["A", "A (2)"]
    assert json.loads((shop.root / "i1-a").read_bytes())["client_secret"] == shop.secret("A")
    assert kept(shop) == [shop.secret("A (2)")]
