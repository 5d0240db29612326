"""Two creates that return the same client id: an error, and both secrets are kept separately."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pyrage  # type: ignore[import-untyped]  # it ships no types
import pytest

from reconciler.model.address import Address
from reconciler.plan.action import Kind
from reconciler.sinks.definitions import FileSink
from reconciler.state.journal_records import Created
from reconciler.state.model import Plain
from reconciler.stores.encryption import AgeSealing, identities_from

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


def lost(shop: Any, client: Any, create: Any) -> None:
    """Let the answer to a create be lost, and every list after it, so that it stays open."""
    shop.served.fault("lost_answer", route="create*")
    shop.served.fault("error_before", route="list", after=1, times=None)
    shop.apply(shop.desired(client), create)
    shop.served.clear_faults()


def test_the_client_id_of_a_lost_create_is_believed_only_after_the_secret_signs_in(
    workshop: Make, make_client: Make, make_action: Make
) -> None:
    """Lists hide client ids and the lost client: the secret is kept, and not delivered."""
    shop = workshop(mask_client_ids="null")
    first, second = make_client("A"), make_client("B")
    desired = shop.desired(first, second)
    lost(shop, first, make_action(Kind.CREATE, first))
    shop.served.fault("list_hides", route="list", named="A", times=None)
    shop.served.fault("same_client_id", route="create*")

    report = shop.apply(desired, make_action(Kind.CREATE, second))
    again = shop.apply(desired, make_action(Kind.CREATE, second))

    assert [each.cause.code for each in report.failed] == ["not-proven"]
    assert "does not sign in" in report.failed[0].cause.message
    assert [each.cause.code for each in again.unresolved] == ["not-proven"]
    assert "state settle 'i1/B' --revoked" in (again.unresolved[0].cause.hint or "")
    assert not (shop.root / "i1-b").exists()
    assert kept(shop) == [shop.secret("B")]
    assert shop.names() == ["A", "B"]
    assert shop.served.count(route="revoke") == 0


@pytest.mark.parametrize("sink", ["files", "state"])
def test_a_secret_that_was_set_aside_is_delivered_once_it_signs_in(
    sink: str, workshop: Make, make_client: Make, make_action: Make
) -> None:
    """An unknown outcome keeps it; the next run asks again, and creates nothing more."""
    shop = workshop()
    first, second = make_client("A"), make_client("B", sinks=(sink,))
    desired = shop.desired(first, second)
    lost(shop, first, make_action(Kind.CREATE, first))
    shop.served.fault("error_before", route="token", status=503, times=None)
    create = make_action(Kind.CREATE, second)

    report = shop.apply(desired, create)
    assert [each.cause.code for each in report.failed] == ["not-proven"]
    assert second.address not in shop.clients
    shop.served.clear_faults()
    again = shop.apply(desired, create)

    assert again.complete
    assert shop.clients[second.address].waiting == ()
    if sink == "files":
        assert json.loads((shop.root / "i1-b").read_bytes())["client_secret"] == shop.secret("B")
    assert shop.names() == ["B"]
    assert shop.journals == []


def test_a_rotation_while_an_answer_is_lost_keeps_the_old_secret_until_the_new_one_signs_in(
    workshop: Make, make_client: Make, make_action: Make
) -> None:
    """The state is the only sink: it has the old client and its secret for so long."""
    shop = workshop()
    client, other = make_client("A", sinks=("state",)), make_client("B")
    desired = shop.desired(client, other)
    assert shop.apply(desired, make_action(Kind.CREATE, client)).complete
    before = shop.clients[client.address]
    lost(shop, other, make_action(Kind.CREATE, other))
    shop.served.fault("error_before", route="token", status=503, times=None)
    rotate = make_action(Kind.ROTATE, client, live_name="A (2)", client_id=before.client_id)

    shop.apply(desired, rotate)
    held = shop.clients[client.address]
    assert (held.client_id, held.secret.secret.reveal()) == (before.client_id, shop.secret("A"))
    shop.served.clear_faults()
    assert shop.apply(desired, rotate).complete

    after = shop.clients[client.address]
    assert (after.live_name, after.secret.secret.reveal()) == ("A (2)", shop.secret("A (2)"))
    assert shop.names() == ["A (2)"]


def test_a_secret_that_was_set_aside_and_is_sealed_waits_for_the_key(
    workshop: Make, make_client: Make, make_action: Make
) -> None:
    """Without the key it cannot sign in, and the message names the option."""
    identity = pyrage.x25519.Identity.generate()
    keys = identities_from(str(identity), name="key")
    recipients = (str(identity.to_public()),)
    shop = workshop()
    first, second = make_client("A"), make_client("B")
    desired = replace(shop.desired(first, second), recipients=recipients)
    shop.sealing = AgeSealing(recipients)
    lost(shop, first, make_action(Kind.CREATE, first))
    shop.served.fault("error_before", route="token", status=503, times=None)
    create = make_action(Kind.CREATE, second)
    shop.apply(desired, create)
    shop.served.clear_faults()

    report = shop.apply(desired, create)
    assert "--identity" in (report.unresolved[0].cause.hint or "")
    assert not (shop.root / "i1-b").exists()
    shop.sealing = AgeSealing(recipients, keys)

    assert shop.apply(desired, create).complete
    assert json.loads((shop.root / "i1-b").read_bytes())["client_secret"] == shop.secret("B")


def test_a_list_that_shows_the_nonce_with_another_client_id_sets_the_client_aside(
    workshop: Make, make_client: Make, make_action: Make
) -> None:
    """No create was lost in this run, and the first list lacked the client that has the id."""
    shop = workshop()
    first, second = make_client("A"), make_client("B")
    desired = shop.desired(first, second)
    lost(shop, first, make_action(Kind.CREATE, first))
    shop.served.fault("list_hides", route="list", named="A", times=None)
    assert shop.apply(desired).unresolved == ()
    shop.served.clear_faults()
    shop.served.fault("list_hides", route="list", named="A", times=1)
    shop.served.fault("same_client_id", route="create*")

    report = shop.apply(desired, make_action(Kind.CREATE, second))

    assert [each.cause.code for each in report.unresolved] == ["client-id-taken"]
    assert second.address not in shop.clients
    assert kept(shop) == [shop.secret("B")]
    again = shop.apply(desired, make_action(Kind.CREATE, second))
    assert [str(each.address) for each in again.unresolved] == ["i1/B"]
    assert shop.names() == ["A", "B"]
    assert shop.served.count(route="revoke") == 0


def test_a_secret_of_an_earlier_run_is_set_aside_if_the_list_shows_another_client_id(
    workshop: Make, make_client: Make, make_action: Make
) -> None:
    """The run that created it died before its last list: nothing is delivered any more."""
    shop = workshop()
    first, second = make_client("A"), make_client("B")
    desired = shop.desired(first, second)
    lost(shop, first, make_action(Kind.CREATE, first))
    shop.served.fault("list_hides", route="list", named="A", times=None)
    shop.apply(desired)
    shop.served.fault("same_client_id", route="create*")
    shop.sinks["files"] = FileSink(name="files", path="closed/{instance}-{client_slug}")
    (shop.root / "closed").write_text("a file")
    shop.apply(desired, make_action(Kind.CREATE, second))
    shop.served.clear_faults()
    del shop.sinks["files"]
    shop.sinks["files"] = FileSink(name="files", path="{instance}-{client_slug}")

    report = shop.apply(desired, make_action(Kind.DELIVER, second))

    assert [str(each.address) for each in report.unresolved] == ["i1/B"]
    assert not (shop.root / "i1-b").exists()
    assert kept(shop) == [shop.secret("B")]
    assert shop.served.count(route="revoke") == 0
