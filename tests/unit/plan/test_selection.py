"""`--target`, its opposite, and `--label`."""

from typing import TYPE_CHECKING

import pytest

from reconciler.model.errors import UsageError
from reconciler.plan.selection import Selection

if TYPE_CHECKING:
    from tests.unit.plan.conftest import Fleet


@pytest.fixture
def five(fleet: "Fleet") -> "Fleet":
    """Return a fleet of four wanted clients and one that left."""
    fleet.instance("acme-prod", labels={"env": "prod", "region": "emea"})
    fleet.instance("acme-dev", labels={"env": "dev", "region": "emea"})
    fleet.want("acme-prod/Reporting")
    fleet.want("acme-prod/ETL [x]")
    fleet.want("acme-dev/Reporting")
    fleet.want("globex/Rep*")
    fleet.know("gone/Old", on_remove="forget")
    return fleet


@pytest.mark.parametrize(
    ("selection", "chosen"),
    [
        (Selection(), "dev/Reporting prod/ETL prod/Reporting globex/Rep* Old"),
        (Selection(targets=("acme-prod",)), "prod/ETL prod/Reporting"),
        (Selection(targets=("acme-*/Reporting",)), "dev/Reporting prod/Reporting"),
        (Selection(targets=("acme-prod/Rep*",)), "prod/Reporting"),
        (Selection(targets=("acme-prod/ETL [x]",)), "prod/ETL"),
        (Selection(targets=("*/Rep*",)), "dev/Reporting prod/Reporting globex/Rep*"),
        (Selection(targets=("gone/Old",)), "Old"),
        (Selection(targets=("gone", "acme-dev")), "dev/Reporting Old"),
        (Selection(excludes=("acme-*",)), "globex/Rep* Old"),
        (Selection(targets=("acme-*",), excludes=("*/ETL*",)), "dev/Reporting prod/Reporting"),
        (Selection(labels={"env": "prod"}), "prod/ETL prod/Reporting"),
        (Selection(labels={"env": "dev", "region": "emea"}), "dev/Reporting"),
        (Selection(targets=("*/Reporting",), labels={"env": "prod"}), "prod/Reporting"),
    ],
)
def test_a_selection_narrows_the_plan(selection: Selection, chosen: str, five: "Fleet") -> None:
    """Only addresses that are meant are planned, whether they are wanted or only known."""
    shown = " ".join(str(each.address) for each in five.plan(selection=selection).actions)
    short = shown.replace("acme-", "").replace(" [x]", "").replace("gone/", "")
    assert short == chosen


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("acme-prd", "acme-prod"),
        ("acme-prod/Reportin", "acme-prod/Reporting"),
        ("acme-prd/Reporting", "acme-prod/Reporting"),
        ("zzzzzzzzzzz/Reportin", "zzzzzzzzzzz/Reporting"),
        ("acme-prod/qqqqqqqq", "acme-prod"),
        ("acme-prod/REPORTING", "acme-prod/Reporting"),
        ("acme-prod/etl [X]", "acme-prod/ETL [x]"),
        ("ACME-PROD/reportin", "acme-prod/Reporting"),
    ],
)
def test_a_target_that_matches_nothing_is_a_usage_error(
    text: str, near: str, five: "Fleet"
) -> None:
    """A slip of the pen is no empty plan: the nearest name is suggested."""
    for what, selection in (
        ("target", Selection(targets=(text,))),
        ("exclude", Selection(excludes=(text,))),
    ):
        with pytest.raises(UsageError) as caught:
            five.plan(selection=selection)
        assert f"the {what} `{text}`" in caught.value.message
        assert caught.value.hint == f"did you mean `{near}`?"


def test_a_target_far_from_everything_has_no_suggestion(five: "Fleet") -> None:
    """Where nothing is near, the hint says how to see what there is."""
    with pytest.raises(UsageError) as caught:
        five.plan(selection=Selection(targets=("qqqqqqq",)))
    assert caught.value.hint == "`reconciler state list` shows addresses"


@pytest.mark.parametrize(
    ("labels", "hint"),
    [
        ({"env": "prd"}, "did you mean `env=prod`?"),
        ({"env": "prod", "region": "emeA"}, "did you mean `region=emea`?"),
        ({"zzz": "qqq"}, None),
    ],
)
def test_a_label_that_no_instance_has_is_a_usage_error(
    labels: dict[str, str], hint: str | None, five: "Fleet"
) -> None:
    """All the labels must be on one instance."""
    with pytest.raises(UsageError) as caught:
        five.plan(selection=Selection(labels=labels))
    assert caught.value.hint == hint


@pytest.mark.parametrize(
    ("selection", "options"),
    [
        (
            Selection(targets=("globex",), labels={"env": "prod"}),
            "--target globex --label env=prod",
        ),
        (
            Selection(targets=("acme-*/Rep*",), excludes=("acme-*",)),
            "--target acme-*/Rep* --exclude acme-*",
        ),
        (
            Selection(targets=("acme-dev",), excludes=("acme-dev/*",)),
            "--target acme-dev --exclude acme-dev/*",
        ),
        (
            Selection(excludes=("acme-prod",), labels={"env": "prod", "region": "emea"}),
            "--exclude acme-prod --label env=prod --label region=emea",
        ),
    ],
)
def test_options_with_nothing_in_common_are_a_usage_error(
    selection: Selection, options: str, five: "Fleet"
) -> None:
    """Options that each match a client, and none together, do not make an empty plan."""
    with pytest.raises(UsageError) as caught:
        five.plan(selection=selection)
    assert caught.value.message == f"no client is selected by {options}"


def test_options_that_select_an_instance_without_clients_are_an_empty_plan(
    five: "Fleet",
) -> None:
    """The instance is what the options have in common."""
    five.instance("bare", labels={"env": "prod"})
    chosen = Selection(targets=("bare",), excludes=("*/ETL*",), labels={"env": "prod"})
    assert five.plan(selection=chosen).actions == ()


def test_a_target_without_clients_is_an_empty_plan(fleet: "Fleet") -> None:
    """An instance that is in the manifest is matched, with or without clients."""
    fleet.instance("acme")
    fleet.want("globex/Reporting")
    assert fleet.plan(selection=Selection(targets=("acme",))).actions == ()


def test_what_is_not_meant_raises_no_problem(fleet: "Fleet") -> None:
    """Errors elsewhere do not hinder the part that is meant."""
    fleet.want("acme/Reporting")
    fleet.both("globex/Reporting", domain="old.domo.com")
    plan = fleet.plan(selection=Selection(targets=("acme",)))
    assert (len(plan.actions), plan.problems, plan.instances) == (1, (), 1)
