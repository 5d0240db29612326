"""`plan --refresh` and `--refresh-only`: what the instances really have, whole runs."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from reconciler.sandbox.running_sandbox import Running

    Folder = Callable[..., Running]

PASSWORDS = {"PW_ACME": "right", "PW_GLOBEX": "right"}
ONLY = ("plan", "--refresh-only", "--detailed-exitcode")
Run = Callable[..., Any]


def test_what_is_as_it_was_is_no_drift(fleet: "Running", reconciler: Run) -> None:
    """It signs on, lists, changes nothing, and ends as a plan without changes."""
    run = reconciler(*ONLY, env=PASSWORDS)
    assert (run.code, run.out.splitlines()[-1]) == (0, "No changes.")
    assert (fleet.count(route="create*"), fleet.count(route="revoke")) == (4, 0)


def test_drift_is_shown_and_nothing_planned(
    tmp_path: Path, fleet: "Running", reconciler: Run
) -> None:
    """A client that is gone is told, whoever else is there is counted, and the code says so."""
    fleet.remove_client("acme.domo.com", "A")
    for number in range(7):
        fleet.add_client("acme.domo.com", f"Else {number}")
    before = (tmp_path / "reconciler.state.json").read_bytes()
    run = reconciler(*ONLY, env=PASSWORDS)
    assert (run.code, run.out.splitlines()[-1]) == (2, "Drift: 1 client gone.")
    assert "acme/A: gone from the instance" in run.out
    assert "acme: 7 clients that this state does not manage: `Else 0`" in run.out
    assert "`Else 6`" not in run.out
    assert "`Else 6`" in reconciler(*ONLY, "-v", env=PASSWORDS).out
    assert (tmp_path / "reconciler.state.json").read_bytes() == before
    answer = json.loads(reconciler(*ONLY, "--format", "json", env=PASSWORDS).out)
    assert answer["drift"] == {"gone": 1, "changed": 0, "conflict": 0, "orphan": 0}


@pytest.mark.usefixtures("fleet")
def test_an_instance_that_cannot_be_reached_keeps_nobody_from_the_rest(reconciler: Run) -> None:
    """The one is reported with its reason, the rest is planned, and the code tells."""
    wrong = {**PASSWORDS, "PW_ACME": "wrong"}
    for command in (ONLY, ("plan", "--refresh"), ("apply", "--refresh", "--auto-approve")):
        run = reconciler(*command, env=wrong)
        assert (run.code, "acme: could not be looked at:" in run.out) == (3, True)
        assert run.out.splitlines()[-1] == "No changes."
        assert "Error: 1 instance could not be looked at: acme" in run.err


def test_a_name_that_others_have_is_no_success(
    life: "Folder", tmp_path: Path, reconciler: Run
) -> None:
    """A refresh sees the conflict, so that nothing is planned; an apply says what is missing."""
    served = life("{name: A, scope: [data]}", instances=("acme",))
    served.add_client("acme.domo.com", "A")
    planned = reconciler("plan", "--refresh", env=PASSWORDS)
    assert (planned.code, "reconciler import ADDRESS" in " ".join(planned.out.split())) == (
        0,
        True,
    )
    run = reconciler("apply", "--refresh", "--auto-approve", env=PASSWORDS)
    assert (run.code, served.count(route="create*")) == (3, 0)
    assert "Error: 1 client not made, as others have the names: acme/A" in run.err
    assert not json.loads((tmp_path / "reconciler.state.json").read_bytes())["clients"]


@pytest.mark.usefixtures("fleet")
def test_what_only_looks_cannot_be_saved(tmp_path: Path, reconciler: Run) -> None:
    """There is nothing in it that an apply could do."""
    run = reconciler(*ONLY, "--out", "plan.json", env=PASSWORDS)
    assert (run.code, (tmp_path / "plan.json").exists()) == (64, False)


def test_a_managed_client_that_was_renamed_by_hand_is_left_alone(
    life: "Folder", reconciler: Run
) -> None:
    """Its new name is wanted at another address: nothing is revoked, adopted or created for it."""
    served = life("{name: A, scope: [data], protect: true}", instances=("acme",))
    assert reconciler("apply", "--auto-approve", env=PASSWORDS).code == 0
    (kept,) = served.clients("acme.domo.com")
    served.remove_client("acme.domo.com", "A")
    served.add_client(
        "acme.domo.com",
        "b\u00a0",
        id=kept.id,
        client_id=kept.client_id,
        client_secret=kept.client_secret,
        description=kept.description,
        owner="ops@x.example",
    )
    clients = "{name: A, scope: [data], protect: true}, {name: B, scope: [data]}"
    life(clients, instances=("acme",), served=served)
    run = reconciler("apply", "--refresh", "--auto-approve", env=PASSWORDS)
    assert run.code == 3
    assert "the client of this name is managed as acme/A" in " ".join(run.out.split())
    assert "`reconciler import ADDRESS` adopts one that is not managed" in run.err
    assert "managed already, as acme/A" in reconciler("import", "acme/B", env=PASSWORDS).err
    assert [each.client_id for each in served.clients("acme.domo.com")] == [kept.client_id]
