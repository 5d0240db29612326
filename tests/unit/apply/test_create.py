"""Creates: what is durable when, and what an answer that was lost leads to."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from reconciler.model.address import Address
from reconciler.plan.action import Kind

Make = Callable[..., Any]


def test_a_create_is_delivered_recorded_and_forgotten_by_the_journal(
    workshop: Make, make_client: Make, make_action: Make
) -> None:
    """After a create the sink and the state have it, and no journal is left."""
    shop, client = workshop(), make_client("Reporting", description="für alle")
    report = shop.apply(shop.desired(client), make_action(Kind.CREATE, client))
    assert report.complete
    delivered = json.loads((shop.root / "i1-reporting").read_bytes())
    assert delivered["client_secret"] == shop.secret("Reporting")
    assert delivered["description"] == "für alle"
    entry = shop.clients[Address("i1", "Reporting")]
    assert (entry.secret, entry.waiting) == (None, ())
    assert entry.id == shop.served.clients("i1.domo.com")[0].id
    assert shop.journals == []


def test_the_description_at_domo_ends_in_the_ownership_mark(
    workshop: Make, make_client: Make, make_action: Make
) -> None:
    """Domo stores the mark, and the state knows its nonce."""
    shop, client = workshop(), make_client("Reporting", description="ETL")
    shop.apply(shop.desired(client), make_action(Kind.CREATE, client))
    stored = shop.served.clients("i1.domo.com")[0].description
    nonce = shop.clients[client.address].nonce
    assert stored.startswith("ETL [reconciler:")
    assert stored.endswith(f"-{nonce}]")


def test_no_mark_is_sent_where_the_manifest_turns_it_off(
    workshop: Make, make_client: Make, make_action: Make
) -> None:
    """With `mark: false` Domo stores what the user wrote."""
    shop, client = workshop(), make_client("Reporting", description="ETL")
    shop.mark = False
    shop.apply(shop.desired(client), make_action(Kind.CREATE, client))
    assert shop.served.clients("i1.domo.com")[0].description == "ETL"


@pytest.mark.parametrize(
    "fault",
    [
        {"what": "lost_answer"},
        {"what": "reset_before"},
        {"what": "error_before", "status": 500},
        {"what": "error_after", "status": 502},
        {"what": "garbage", "form": "truncated"},
        {"what": "garbage", "form": "text"},
        {"what": "garbage", "form": "html"},
        {"what": "truncated"},
        {"what": "no_secret"},
        {"what": "wrong_name"},
        {"what": "redirect"},
        {"what": "deep_json"},
    ],
    ids=lambda fault: "-".join(str(each) for each in fault.values()),
)
@pytest.mark.parametrize("masked", [False, True], ids=["plain", "masked"])
def test_an_unknown_outcome_ends_with_one_client_whose_secret_is_delivered(
    workshop: Make, make_client: Make, make_action: Make, fault: dict[str, Any], masked: bool
) -> None:
    """Whatever the answer's fate, there is one client in the end, and its secret is in the sink."""
    shop, client = workshop(mask_client_ids=masked), make_client("Reporting")
    shop.served.fault(**fault, route="create*")
    report = shop.apply(shop.desired(client), make_action(Kind.CREATE, client))
    assert report.complete, report
    assert shop.names() == ["Reporting"]
    delivered = json.loads((shop.root / "i1-reporting").read_bytes())
    assert delivered["client_secret"] == shop.secret("Reporting")
    assert shop.journals == []


def test_a_create_that_keeps_failing_gives_up_and_leaves_nothing(
    workshop: Make, make_client: Make, make_action: Make
) -> None:
    """After its attempts the action fails, no client is left, and the next apply makes it."""
    shop, client = workshop(), make_client("Reporting")
    shop.served.fault("error_after", route="create*", times=None)
    desired, create = shop.desired(client), make_action(Kind.CREATE, client)
    report = shop.apply(desired, create)
    assert [each.cause.code for each in report.failed] == ["create-failed"]
    assert shop.names() == []
    assert len(shop.served.revoked("i1.domo.com")) == shop.settings.attempts
    shop.served.clear_faults()
    assert shop.apply(desired, create).complete
    assert shop.names() == ["Reporting"]


def test_a_taken_name_is_a_conflict_that_names_import(
    workshop: Make, make_client: Make, make_action: Make
) -> None:
    """A stranger's client of the wanted name is reported, and nothing is posted or touched."""
    shop, client = workshop(), make_client("Reporting")
    shop.served.add_client("i1.domo.com", "Reporting")
    report = shop.apply(shop.desired(client), make_action(Kind.CREATE, client))
    assert [each.cause.code for each in report.failed] == ["conflict"]
    assert "reconciler import 'i1/Reporting'" in (report.failed[0].cause.hint or "")
    assert shop.served.count(route="create*") == 0
    assert len(shop.served.clients("i1.domo.com")) == 1


def test_a_name_taken_after_the_list_is_left_alone(
    workshop: Make, make_client: Make, make_action: Make
) -> None:
    """A 400 for a name that the list did not show is resolved by listing."""
    shop, client = workshop(list_lag=0.2), make_client("Reporting")
    stranger = shop.served.add_client("i1.domo.com", "Reporting")
    report = shop.apply(shop.desired(client), make_action(Kind.CREATE, client))
    assert not report.complete
    assert [each.client_id for each in shop.served.clients("i1.domo.com")] == [stranger.client_id]
    assert shop.served.count(route="create*") == 1


def test_our_own_unknown_client_is_a_suspected_orphan(
    workshop: Make, make_client: Make, make_action: Make
) -> None:
    """A client with this state's mark that the state does not know blocks its address."""
    shop, client = workshop(), make_client("Reporting")
    desired, create = shop.desired(client), make_action(Kind.CREATE, client)
    shop.apply(desired, create)
    state = shop.store.read()
    shop.store.write(type(state)(lineage=state.lineage, serial=9), replacing=state)
    report = shop.apply(desired, create)
    assert [each.cause.code for each in report.failed] == ["suspected-orphan"]
    assert shop.served.count(route="create*") == 1


def test_a_sink_that_fails_leaves_the_secret_in_the_journal(
    workshop: Make, make_client: Make, make_action: Make
) -> None:
    """A secret that no sink took is kept, and the next run delivers it."""
    from reconciler.sinks.definitions import ExecSink

    shop = workshop()
    shop.sinks["cli"] = ExecSink(name="cli", command=("/bin/sh", "-c", "test -e open && cat > got"))
    client = make_client("Reporting", sinks=("cli",))
    desired = shop.desired(client)
    report = shop.apply(desired, make_action(Kind.CREATE, client))
    assert [each.cause.code for each in report.failed] == ["sink-failed"]
    assert len(shop.journals) == 1
    assert shop.clients[client.address].secret is None
    (shop.root / "open").touch()
    again = shop.apply(desired, make_action(Kind.DELIVER, client))
    assert again.complete
    got = json.loads((shop.root / "got").read_bytes())
    assert got["client_secret"] == shop.secret("Reporting")
    assert shop.journals == []
    assert shop.served.count(route="create*") == 1


def test_a_wrong_password_stops_only_its_instance(
    workshop: Make, make_client: Make, make_action: Make
) -> None:
    """The other instances are done, and the password is sent once."""
    shop = workshop()
    clients = [make_client("Reporting", key) for key in ("i1", "i2", "i3")]
    user = {"email": "ops@i.example", "password": "changed"}
    shop.served.configure("i2.domo.com", users=[user])
    actions = [make_action(Kind.CREATE, each) for each in clients]
    report = shop.apply(shop.desired(*clients), *actions)
    assert [each.address.instance for each in report.done] == ["i1", "i3"]
    assert [each.instance for each in report.instances_failed] == ["i2"]
    assert [each.address.instance for each in report.skipped] == ["i2"]
    assert shop.served.count(route="sign*", instance="i2.domo.com") == 1


def test_an_access_token_creates_through_the_instance(
    workshop: Make, make_client: Make, make_action: Make
) -> None:
    """With a token the developer-tokens endpoint makes the client, and its id is known."""
    shop, client = workshop(), make_client("Reporting")
    from reconciler.credentials.references import EnvRef
    from reconciler.model.auth import TokenAuth

    shop.auth = TokenAuth(token=EnvRef(name="TOKEN"))
    report = shop.apply(shop.desired(client), make_action(Kind.CREATE, client))
    assert report.complete
    assert shop.names() == ["Reporting"]
    assert shop.served.clients("i1.domo.com")[0].made_by != "create"


def test_an_interrupt_starts_nothing_new_and_records_what_was_done(
    workshop: Make, make_client: Make, make_action: Make
) -> None:
    """After a stop the rest is skipped, and applying again does only the rest."""
    shop = workshop(latency=0.05)
    clients = [make_client(f"Client {n}") for n in range(4)]
    desired = shop.desired(*clients)
    actions = [make_action(Kind.CREATE, each) for each in clients]
    report = shop.apply(desired, *actions, stop_at="ActionDone")
    assert report.stopped
    assert report.done
    assert report.skipped
    made = len(shop.names())
    assert made == len(report.done)
    rest = [each for each in actions if each.address not in shop.clients]
    assert shop.apply(desired, *rest).complete
    assert len(shop.names()) == 4
    assert shop.served.count(route="create*") == 4
