"""Which action follows from which difference."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.model.address import Address
from reconciler.model.errors import UsageError
from reconciler.model.leftover import Leftover
from reconciler.model.secret import Secret
from reconciler.plan.action import Kind
from reconciler.state.model import Plain, Retiring, Sealed, SinkDelivery

if TYPE_CHECKING:
    from tests.unit.plan.conftest import Fleet

HERE = Address("acme", "Reporting")
MADE = "2026-01-01T00:00:00Z"
DAY = 86400.0


def test_what_the_state_does_not_know_is_created(fleet: "Fleet") -> None:
    """A client without an entry is created under its own name, with all that the manifest says."""
    client = fleet.want("acme/Reporting", "data", "user", description="Nightly", client_set="base")
    action = fleet.only()
    assert (action.kind, action.address, action.live_name) == (Kind.CREATE, HERE, "Reporting")
    assert (action.scope, action.sinks, action.client_id) == (("data", "user"), ("files",), None)
    assert (action.description, action.reason) == ("Nightly", "")
    assert action.origin is not None
    assert (action.origin.place, action.origin.client_set) == (client.place, "base")


def test_nothing_follows_from_what_is_as_wanted(fleet: "Fleet") -> None:
    """A client that is known, delivered and of the wanted scope is unchanged."""
    fleet.both("acme/Reporting")
    plan = fleet.plan()
    assert (plan.actions, plan.notices, plan.problems, plan.unchanged) == ((), (), (), 1)


def test_the_order_of_a_known_scope_is_nothing(fleet: "Fleet") -> None:
    """Two scopes are equal when their canonical forms are."""
    fleet.want("acme/Reporting", "audit", "data")
    fleet.know("acme/Reporting", "data", "audit")
    assert fleet.plan().actions == ()


def test_another_scope_is_a_replacement(fleet: "Fleet") -> None:
    """The successor gets the next name, and acts on the client that it succeeds."""
    fleet.want("acme/Reporting", "audit", "data")
    fleet.know("acme/Reporting", "data")
    action = fleet.only()
    assert (action.kind, action.live_name) == (Kind.REPLACE, "Reporting (2)")
    assert (action.client_id, action.scope) == ("id-reporting", ("audit", "data"))
    assert action.reason == "scope data → audit data"


def test_a_replacement_says_everything_that_differs(fleet: "Fleet") -> None:
    """The reason names the description too, and how long the old client lives on."""
    fleet.want("acme/Reporting", "user", description="New", overlap=DAY)
    fleet.know("acme/Reporting", "data", description="Old")
    assert fleet.only().reason == (
        "scope data → user; description changed; the old client keeps working for 1d"
    )


def test_revoke_first_keeps_the_name(fleet: "Fleet") -> None:
    """The user who accepts the gap gets the same live name again."""
    fleet.want("acme/Reporting", "user", replace="revoke_first")
    fleet.know("acme/Reporting", "data", live_name="Reporting (4)")
    action = fleet.only()
    assert (action.kind, action.live_name) == (Kind.REPLACE, "Reporting (4)")
    assert action.reason == "scope data → user; the old client is revoked first"


def test_a_protected_client_is_never_revoked_first(fleet: "Fleet") -> None:
    """Its rotation makes the successor first, whatever `replace` says."""
    fleet.want("acme/Reporting", replace="revoke_first", protect=True)
    fleet.know("acme/Reporting")
    assert fleet.kinds(rotations=frozenset({HERE})) == [(Kind.ROTATE, "Reporting (2)")]


@pytest.mark.parametrize(
    ("known", "chosen"),
    [
        ({}, "Reporting (2)"),
        ({"acme/Other": "Reporting (2)"}, "Reporting (3)"),
        ({"acme/Other": "Reporting (2)", "acme/More": "Reporting (3)"}, "Reporting (4)"),
        ({"globex/Other": "Reporting (2)"}, "Reporting (2)"),
    ],
)
def test_a_successor_takes_the_lowest_free_name(
    known: dict[str, str], chosen: str, fleet: "Fleet"
) -> None:
    """A live name that the state knows on this instance is passed over."""
    fleet.both("acme/Reporting")
    for text, name in known.items():
        fleet.both(text, live_name=name)
    assert fleet.kinds(rotations=frozenset({HERE})) == [(Kind.ROTATE, chosen)]


def test_a_successor_leaves_the_manifests_names_alone(fleet: "Fleet") -> None:
    """A name that this very plan may create is not given to a successor, either."""
    fleet.both("acme/Reporting")
    fleet.want("acme/Reporting (2)")
    assert fleet.kinds(rotations=frozenset({HERE})) == [
        (Kind.ROTATE, "Reporting (3)"),
        (Kind.CREATE, "Reporting (2)"),
    ]


def test_two_successors_never_get_one_name(fleet: "Fleet") -> None:
    """What a plan gave out is taken, also where two addresses could have it."""
    fleet.want("acme/A")
    fleet.want("acme/A (2)")
    fleet.know("acme/Old", live_name="A", on_remove="keep")
    fleet.know("acme/Older", live_name="A (2)", on_remove="keep")
    names = [name for _, name in fleet.kinds()]
    assert names == ["A (3)", "A (2) (2)"]


def test_a_create_passes_over_a_name_that_still_lives(
    fleet: "Fleet", predecessor: Retiring
) -> None:
    """A predecessor of a renamed client keeps its name until it ends."""
    fleet.both("acme/Renamed", live_name="Reporting (2)", retiring=(predecessor,))
    fleet.want("acme/Reporting")
    assert (Kind.CREATE, "Reporting (3)") in fleet.kinds()


@pytest.mark.parametrize(
    ("age", "due"), [(DAY, True), (59 * DAY, True), (59 * DAY + 1, False), (1e14, False)]
)
def test_age_is_judged_at_the_as_of(age: float, due: bool, fleet: "Fleet") -> None:
    """A client is due when the whole of `rotate_after` has passed since it was made."""
    fleet.want("acme/Reporting", rotate_after=age)
    fleet.know("acme/Reporting")
    assert bool(fleet.plan().actions) is due


def test_a_rotation_for_age_says_so(fleet: "Fleet") -> None:
    """The reason is the same for every client of one policy, so that they are one entry."""
    fleet.want("acme/Reporting", rotate_after=30 * DAY, protect=True)
    fleet.know("acme/Reporting", live_name="Reporting (2)")
    action = fleet.only()
    assert (action.kind, action.live_name) == (Kind.ROTATE, "Reporting (3)")
    assert (action.reason, action.client_id) == ("older than 30d", "id-reporting")


def test_a_rotation_of_what_is_not_wanted_is_a_usage_error(fleet: "Fleet") -> None:
    """An address that is not in the manifest cannot be rotated; the nearest one is named."""
    fleet.both("acme/Reporting")
    with pytest.raises(UsageError) as caught:
        fleet.plan(rotations=frozenset({Address("acme", "Reportin")}))
    assert "acme/Reportin" in caught.value.message
    assert caught.value.hint == "did you mean `acme/Reporting`?"


def test_a_replacement_wins_over_a_rotation(fleet: "Fleet") -> None:
    """One successor serves both."""
    fleet.want("acme/Reporting", "user", rotate_after=DAY)
    fleet.know("acme/Reporting", "data")
    assert fleet.kinds() == [(Kind.REPLACE, "Reporting (2)")]


def waiting(**terms: Any) -> dict[str, Any]:
    """Return the terms of an entry that no sink has had."""
    return {"delivered": {}, **terms}


@pytest.mark.parametrize(
    ("entry", "available_secrets"),
    [
        (waiting(), frozenset({"id-reporting"})),
        (waiting(secret=Plain(secret=Secret("s3cret"))), frozenset()),
        (waiting(secret=Sealed(text="age")), frozenset({"id-reporting"})),
    ],
    ids=["journal", "plain", "opened"],
)
def test_an_undelivered_secret_that_is_at_hand_is_delivered(
    entry: dict[str, Any], available_secrets: frozenset[str], fleet: "Fleet"
) -> None:
    """A secret from a journal, from the state or opened goes to the sinks that lack it."""
    fleet.both("acme/Reporting", **entry)
    action = fleet.only(available_secrets=available_secrets)
    assert (action.kind, action.live_name, action.sinks) == (Kind.DELIVER, "Reporting", ("files",))
    assert (action.client_id, action.reason) == ("id-reporting", "not delivered yet")


def test_a_secret_goes_only_where_it_lacks(fleet: "Fleet") -> None:
    """A sink that has it is left alone."""
    fleet.want("acme/Reporting", sinks=("files", "vault"))
    fleet.know("acme/Reporting")
    assert fleet.only(available_secrets=frozenset({"id-reporting"})).sinks == ("vault",)


def test_a_sink_that_points_elsewhere_is_filled_again(fleet: "Fleet") -> None:
    """The same sink's name with another target is a sink that changed."""
    fleet.both("acme/Reporting", delivered={"files": SinkDelivery(target="json file old", at=MADE)})
    action = fleet.only(available_secrets=frozenset({"id-reporting"}))
    assert (action.kind, action.reason) == (Kind.DELIVER, "the sink changed")


def test_a_dropped_sink_is_no_change(fleet: "Fleet") -> None:
    """Nothing follows from a sink that is no longer wanted."""
    fleet.both(
        "acme/Reporting",
        sinks=("files", "vault"),
        delivered={
            "files": SinkDelivery(target="json file secrets/acme/reporting.json", at=MADE),
            "vault": SinkDelivery(target="command ./put.sh Reporting", at=MADE),
        },
    )
    assert fleet.plan().actions == ()


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (waiting(), "its secret is lost: no sink ever had it"),
        (
            waiting(secret=Sealed(text="age")),
            "its secret is sealed, no identity is available, and no sink ever had it",
        ),
    ],
    ids=["lost", "sealed"],
)
def test_a_secret_that_nobody_has_is_made_anew(
    entry: dict[str, Any], reason: str, fleet: "Fleet"
) -> None:
    """Where no sink ever had a secret that cannot be had here, a rotation heals the address."""
    fleet.both("acme/Reporting", **entry)
    action = fleet.only()
    assert (action.kind, action.live_name, action.reason) == (
        Kind.ROTATE,
        "Reporting (2)",
        reason,
    )


@pytest.mark.parametrize(
    ("secret", "why"), [(None, "is not known"), (Sealed(text="age"), "is sealed")]
)
def test_a_new_sink_for_a_secret_that_is_not_at_hand_is_a_notice(
    secret: Sealed | None, why: str, fleet: "Fleet"
) -> None:
    """A working secret is not thrown away for a changed sink; the user is told how to."""
    fleet.want("acme/Reporting", sinks=("vault",))
    reached = {"old": SinkDelivery(target="command ./old.sh Reporting", at=MADE)}
    fleet.know("acme/Reporting", secret=secret, delivered=reached)
    plan = fleet.plan()
    assert (plan.actions, plan.unchanged) == ((), 1)
    assert [each.code for each in plan.notices] == ["sink"]
    assert why in plan.notices[0].message
    assert "`reconciler rotate ADDRESS`" in plan.notices[0].message
    assert plan.needs_rotation == 1


@pytest.mark.parametrize("form", ["json", "dotenv", "raw"])
def test_a_secret_that_a_file_has_is_read_back_for_a_changed_sink(
    form: str, fleet: "Fleet"
) -> None:
    """The delivery that the state recorded is enough for the plan, which opens no file."""
    fleet.want("acme/Reporting", sinks=("vault", "files"))
    reached = {"files": SinkDelivery(target=f"{form} file old/acme", at=MADE)}
    fleet.know("acme/Reporting", delivered=reached)
    action = fleet.only()
    assert (action.kind, action.sinks) == (Kind.DELIVER, ("vault", "files"))
    assert action.reason.endswith("its secret is read back from the old file")
    assert fleet.plan().needs_rotation == 0


def test_a_leftover_file_returns_the_secret_to_a_sink_that_came_back(fleet: "Fleet") -> None:
    """A file that no delivery names any more may still have the secret."""
    reached = {"vault": SinkDelivery(target="command ./put.sh Reporting", at=MADE)}
    fleet.both("acme/Reporting", sinks=("vault",), delivered=reached)
    leftover = Leftover(target="json file old/acme", client_id="id-reporting")
    action = fleet.only(state=replace(fleet.state, leftovers=(leftover,)))
    assert (action.kind, action.sinks) == (Kind.DELIVER, ("files",))


@pytest.mark.parametrize("secret", [Plain(secret=Secret("s")), Sealed(text="age")])
def test_the_state_takes_what_it_has(secret: Plain | Sealed, fleet: "Fleet") -> None:
    """A secret in the state needs no delivery to the sink `state`, sealed or not."""
    fleet.want("acme/Alone", sinks=("state",))
    fleet.know("acme/Alone", sinks=("files",), delivered={}, secret=secret)
    fleet.want("acme/Both", sinks=("files", "state"))
    fleet.know("acme/Both", secret=secret)
    assert fleet.plan().actions == ()


def test_a_secret_in_a_journal_reaches_the_state(fleet: "Fleet") -> None:
    """Where the state becomes a sink, a secret that only a journal holds goes there."""
    fleet.want("acme/Reporting", sinks=("state",))
    fleet.know("acme/Reporting", delivered={})
    assert fleet.only(available_secrets=frozenset({"id-reporting"})).sinks == ("state",)


def test_the_state_that_has_a_secret_needs_no_second_look(fleet: "Fleet") -> None:
    """A client whose only sink is the state, and delivered, is unchanged."""
    fleet.want("acme/Reporting", sinks=("state",))
    fleet.know(
        "acme/Reporting",
        sinks=("state",),
        delivered={"state": SinkDelivery(target="state", at=MADE)},
    )
    assert fleet.plan().unchanged == 1


def test_an_adopted_client_is_left_alone(fleet: "Fleet") -> None:
    """Its unknown secret is known to be unknown: only a rotation that is asked for changes it."""
    fleet.both("acme/Reporting", adopted=True, delivered={}, nonce=None)
    assert fleet.plan().actions == ()
    assert fleet.codes() == (["adopted"], [])
    assert fleet.kinds(rotations=frozenset({HERE})) == [(Kind.ROTATE, "Reporting (2)")]


def test_another_description_waits_for_the_next_rotation(fleet: "Fleet") -> None:
    """A description alone does not cost a secret; with a rotation there is nothing to say."""
    fleet.want("acme/Reporting", description="New")
    fleet.know("acme/Reporting", description="Old")
    assert (fleet.kinds(), fleet.codes()) == ([], (["description"], []))
    assert fleet.codes(rotations=frozenset({HERE})) == ([], [])


def test_a_mark_is_no_part_of_a_description(fleet: "Fleet") -> None:
    """Descriptions are compared without the ownership mark."""
    fleet.want("acme/Reporting", description="Same")
    fleet.know("acme/Reporting", description="Same [reconciler:9f3c1a-5be0d2c4]")
    assert fleet.codes() == ([], [])


def test_what_left_and_is_kept_is_a_notice(fleet: "Fleet") -> None:
    """Under `on_remove: keep` nothing is done, and it is said."""
    fleet.instance("acme")
    fleet.know("acme/Reporting", on_remove="keep")
    assert (fleet.kinds(), fleet.codes()) == ([], (["kept"], []))


def test_what_left_is_forgotten_or_revoked(fleet: "Fleet") -> None:
    """The terms that the state keeps decide, and the reason is said."""
    fleet.instance("acme")
    fleet.know("acme/A", on_remove="forget")
    fleet.know("acme/B", "data", "user", on_remove="revoke")
    plan = fleet.plan()
    revoke, forget = plan.actions
    assert (revoke.kind, revoke.scope, revoke.client_id) == (Kind.REVOKE, ("data", "user"), "id-b")
    assert (forget.kind, forget.client_id) == (Kind.FORGET, "id-a")
    assert {each.reason for each in plan.actions} == {"left the manifest"}
    where = fleet.instances["acme"].place
    assert [each.origin.place for each in plan.actions if each.origin] == [where, where]
    assert not revoke.retires


def test_what_left_with_its_instance_comes_from_nowhere(fleet: "Fleet") -> None:
    """No line of the manifest speaks of it any more."""
    fleet.know("acme/A", on_remove="forget")
    (forget,) = fleet.plan().actions
    assert forget.origin is None
