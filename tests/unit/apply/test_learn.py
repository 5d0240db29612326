"""New clients that Domo spells differently from what was sent: kept, followed and noted once."""

from collections.abc import Callable
from typing import Any

import pytest

from reconciler.model.address import Address
from reconciler.plan.action import Kind

Make = Callable[..., Any]
NAME = "Ops  & Büro"
ADDRESS = Address("i1", NAME)


@pytest.mark.parametrize(
    ("rules", "live"),
    [
        ({"stored_as": "upper"}, "OPS  & BÜRO"),
        ({"stored_as": "escaped"}, "Ops  &amp; Büro"),
        ({"stored_as": "nfd"}, "Ops  & Bu\u0308ro"),
        ({"stored_as": "collapsed"}, "Ops & Büro"),
        ({"name_limit": 5}, "Ops  "),
    ],
)
@pytest.mark.parametrize("masked", [False, True], ids=["plain", "masked"])
def test_a_stored_name_that_differs_is_recorded_and_noted_once(
    workshop: Make,
    make_client: Make,
    make_action: Make,
    rules: dict[str, Any],
    live: str,
    masked: bool,
) -> None:
    """The secret is delivered, the state follows the list, and the next run has nothing to say."""
    shop, client = workshop(mask_client_ids=masked, **rules), make_client(NAME)

    report = shop.apply(shop.desired(client), make_action(Kind.CREATE, client))

    assert report.complete
    how = "in another Unicode form" if rules == {"stored_as": "nfd"} else f"as `{live}`"
    assert (f"Domo lists the name `{NAME}` {how}", ADDRESS) in report.notes
    assert shop.clients[ADDRESS].live_name == live
    assert shop.clients[ADDRESS].id is not None
    assert shop.apply(shop.desired(client)).notes == ()


def test_a_successor_of_a_name_that_is_stored_as_html_gets_the_next_number(
    workshop: Make, make_client: Make, make_action: Make
) -> None:
    """The old client is revoked, and the one after it is not called the same again."""
    from reconciler.model.client_name import successor

    shop, client = workshop(stored_as="escaped"), make_client("A & B")
    shop.apply(shop.desired(client), make_action(Kind.CREATE, client))
    entry = shop.clients[client.address]
    rotate = make_action(
        Kind.ROTATE, client, live_name=successor("A & B", entry.live_name, ()),
        client_id=entry.client_id,
    )  # fmt: skip
    assert shop.apply(shop.desired(client), rotate).complete
    live = shop.clients[client.address].live_name
    assert (live, shop.names()) == ("A &amp; B (2)", ["A &amp; B (2)"])
    assert successor("A & B", live, ()) == "A & B (3)"


@pytest.mark.parametrize("echo", ["upper", "cut", "escaped", "nfd"])
def test_a_response_that_repeats_another_name_is_noted(
    workshop: Make, make_client: Make, make_action: Make, echo: str
) -> None:
    """The list shows what was sent, so the state keeps that."""
    shop, client = workshop(echo=echo), make_client("Büro & Ops")
    report = shop.apply(shop.desired(client), make_action(Kind.CREATE, client))
    assert report.complete
    assert any("the response to the create repeats the name" in text for text, _ in report.notes)
    assert shop.clients[client.address].live_name == "Büro & Ops"


@pytest.mark.parametrize("echo", ["stored", "sent", "null", "absent"])
def test_a_response_without_another_spelling_is_not_noted(
    workshop: Make, make_client: Make, make_action: Make, echo: str
) -> None:
    """There is nothing to note about values that are equal or missing."""
    shop, client = workshop(echo=echo), make_client("Reporting", description="Nightly")
    report = shop.apply(shop.desired(client), make_action(Kind.CREATE, client))
    assert (report.complete, report.notes) == (True, ())


@pytest.mark.parametrize(
    ("rules", "note", "kept"),
    [
        ({"scope_case": "upper"}, (), ()),
        ({"added_scopes": "buzz"}, ("Domo lists the scope data as buzz data",), ("buzz", "data")),
    ],
)
def test_a_scope_is_compared_without_case_and_an_added_one_is_noted(
    workshop: Make,
    make_client: Make,
    make_action: Make,
    rules: dict[str, Any],
    note: tuple[str, ...],
    kept: tuple[str, ...],
) -> None:
    """The state keeps the scope that was asked for, and beside it what the list shows."""
    shop, client = workshop(**rules), make_client("Reporting")
    report = shop.apply(shop.desired(client), make_action(Kind.CREATE, client))
    assert (report.complete, tuple(text for text, _ in report.notes)) == (True, note)
    entry = shop.clients[client.address]
    assert (entry.scope, entry.live_scope) == (("data",), kept)


def test_a_description_that_lost_its_mark_is_noted(
    workshop: Make, make_client: Make, make_action: Make
) -> None:
    """Without the mark an interrupted create could not be recognised."""
    shop, client = (
        workshop(description_limit=8),
        make_client("Reporting", description="Nightly ETL"),
    )
    report = shop.apply(shop.desired(client), make_action(Kind.CREATE, client))
    assert [text for text, _ in report.notes] == [
        "Domo stored the description without its ownership mark"
    ]


def test_a_mark_in_upper_case_is_still_recognised(
    workshop: Make, make_client: Make, make_action: Make
) -> None:
    """A create whose answer is lost is found by its mark, revoked and sent again."""
    shop, client = workshop(stored_as="upper"), make_client("Reporting")
    shop.served.fault("lost_answer", route="create*")
    assert shop.apply(shop.desired(client), make_action(Kind.CREATE, client)).complete
    assert shop.names() == ["REPORTING"]
    assert len(shop.served.revoked("i1.domo.com")) == 1
