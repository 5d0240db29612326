"""`rotate`: asked for, spread over days, saved, and gone on with."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from reconciler.sandbox.running_sandbox import Running

    Folder = Callable[..., Running]

PASSWORDS = {"PW_ACME": "right", "PW_GLOBEX": "right"}
Run = Callable[..., Any]


def names(served: "Running", key: str = "acme") -> list[str]:
    """Return the names of an instance's clients."""
    return sorted(each.name for each in served.clients(f"{key}.domo.com"))


def test_a_rotation_is_of_what_was_named_and_nothing_else(
    tmp_path: Path, fleet: "Running", reconciler: Run
) -> None:
    """The one client gets a new secret in its sink, and its predecessor ends."""
    before = json.loads((tmp_path / "out/acme/a").read_bytes())
    run = reconciler("rotate", "acme/A", "--auto-approve", env=PASSWORDS)
    assert (run.code, "Applied: 1 rotated." in run.out) == (0, True), run.err
    after = json.loads((tmp_path / "out/acme/a").read_bytes())
    assert (names(fleet), names(fleet, "globex")) == (["A (2)", "B"], ["A", "B"])
    assert after["client_id"] != before["client_id"]
    assert after["client_secret"] in {e.client_secret for e in fleet.clients("acme.domo.com")}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("acme",), "Plan: 2 to rotate."),
        (("acme/*", "acme/A"), "Plan: 2 to rotate."),
        (("*/A",), "Plan: 2 to rotate."),
        (("acme/A", "globex"), "Plan: 3 to rotate."),
    ],
)
@pytest.mark.usefixtures("fleet")
def test_an_instance_or_a_glob_stands_for_its_clients(
    reconciler: Run, arguments: tuple[str, ...], said: str
) -> None:
    """What is no address of the state is matched as a target is."""
    assert said in reconciler("rotate", *arguments, env=PASSWORDS).out


def test_nothing_is_rotated_without_approval(fleet: "Running", reconciler: Run) -> None:
    """Without a terminal it shows the plan and says what is needed."""
    run = reconciler("rotate", "--all", env=PASSWORDS)
    assert run.code == 64
    assert "Plan: 4 to rotate." in run.out
    assert "--auto-approve" in run.err
    assert fleet.count(route="create*") == 4


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "say which clients are meant, in one way: ADDRESS…, or"),
        (("acme/A", "--all"), "say which clients are meant, in one way: ADDRESS…, or"),
        (("acmee",), "did you mean `acme`?"),
        (("acme/Z*",), "the state knows no client `acme/Z*`"),
        (("zzz-*", "acme/A"), "`zzz-*` matches no client of the state"),
        (("acme/AA",), "did you mean `acme/A`?"),
        (("--target", "acmee"), "did you mean `acme`?"),
        (("--label", "env=dev"), "no instance has the label"),
    ],
)
def test_what_is_not_known_cannot_be_rotated(
    fleet: "Running", reconciler: Run, arguments: tuple[str, ...], said: str
) -> None:
    """What was meant is asked for again, and nothing is sent."""
    sent = fleet.count()
    run = reconciler("rotate", *arguments, "--auto-approve", env=PASSWORDS)
    assert (run.code, fleet.count()) == (64, sent)
    assert said in run.err


def test_a_client_that_left_the_manifest_has_no_successor(
    fleet: "Running", life: "Folder", reconciler: Run
) -> None:
    """Nothing says what it is to be, so it is an error by name and left out otherwise."""
    life("{name: A, scope: [data]}", served=fleet)
    named = reconciler("rotate", "acme/B", "--auto-approve", env=PASSWORDS)
    assert (named.code, "acme/B left the manifest" in named.err) == (64, True)
    assert "Plan: 2 to rotate." in reconciler("rotate", "--all").out
    assert "Plan: 1 to rotate." in reconciler("rotate", "acme").out


def test_a_saved_rotation_is_done_once(tmp_path: Path, fleet: "Running", reconciler: Run) -> None:
    """`apply plan.json` does it without asking; a second time there is nothing left of it."""
    saved = reconciler("rotate", "--target", "globex", "--out", "plan.json")
    assert (saved.code, fleet.count(route="create*")) == (0, 4)
    wish = json.loads((tmp_path / "plan.json").read_bytes())["selection"]["wish"]
    assert (wish["action"], sorted(wish["clients"])) == ("rotate", ["globex/A", "globex/B"])
    for _ in range(2):
        assert reconciler("apply", "plan.json", env=PASSWORDS).code == 0
    assert names(fleet, "globex") == ["A (2)", "B (2)"]
    assert names(fleet) == ["A", "B"]


def test_a_rotation_that_failed_in_part_is_gone_on_with(
    tmp_path: Path, fleet: "Running", reconciler: Run
) -> None:
    """The next plan has the rest of it, and asked again only the rest is rotated."""
    wrong = {**PASSWORDS, "PW_GLOBEX": "wrong"}
    assert reconciler("rotate", "--all", "--auto-approve", env=wrong).code == 3
    assert "Plan: 2 to rotate." in reconciler("plan").out
    again = reconciler("rotate", "--all", "--auto-approve", env=PASSWORDS)
    assert again.code == 0, again.err
    assert "2 clients of 4 are left of it" in again.err
    assert names(fleet) == names(fleet, "globex") == ["A (2)", "B (2)"]
    assert "open_plan" not in json.loads((tmp_path / "reconciler.state.json").read_bytes())
    assert "No changes." in reconciler("plan").out


def test_an_apply_goes_on_with_a_rotation(fleet: "Running", reconciler: Run) -> None:
    """A scheduled apply needs to know nothing of the rotation that was interrupted."""
    wrong = {**PASSWORDS, "PW_GLOBEX": "wrong"}
    assert reconciler("rotate", "globex/A", "acme/B", "--auto-approve", env=wrong).code == 3
    assert reconciler("apply", "--auto-approve", env=PASSWORDS).code == 0
    assert (names(fleet), names(fleet, "globex")) == (["A", "B (2)"], ["A (2)", "B"])


def test_what_could_not_begin_is_no_order(
    tmp_path: Path, fleet: "Running", reconciler: Run
) -> None:
    """A sink that takes nothing stops it before anything is written: nothing is gone on with."""
    folder = tmp_path / "out/acme"
    folder.rename(tmp_path / "aside")
    folder.write_text("in the way")
    before = (tmp_path / "reconciler.state.json").read_bytes()
    assert reconciler("rotate", "acme/A", "--auto-approve", env=PASSWORDS).code == 1
    assert (tmp_path / "reconciler.state.json").read_bytes() == before
    folder.unlink()
    (tmp_path / "aside").rename(folder)
    assert reconciler("plan").out.splitlines()[-1] == "No changes."
    assert fleet.count(route="create*") == 4


def test_a_rotation_can_be_called_off(fleet: "Running", reconciler: Run) -> None:
    """What is left of it is no order any more; what is done stays done."""
    assert "no rotation is open" in reconciler("rotate", "--all", "--cancel").err
    wrong = {**PASSWORDS, "PW_GLOBEX": "wrong"}
    assert reconciler("rotate", "--all", "--auto-approve", env=wrong).code == 3
    assert "asked for by `rotate`" in reconciler("plan").out
    assert "1 rotation called off" in reconciler("rotate", "globex/A", "--cancel").err
    assert reconciler("plan").out.splitlines()[-1] == "Plan: 1 to rotate."
    assert "1 rotation called off" in reconciler("rotate", "--all", "--cancel").err
    assert reconciler("plan").out.splitlines()[-1] == "No changes."
    assert names(fleet) == ["A (2)", "B (2)"]


@pytest.mark.usefixtures("fleet")
def test_a_fleet_is_spread_over_days(reconciler: Run) -> None:
    """Each day has its share, and what was made today has had its turn."""
    planned = reconciler("rotate", "--all", "--spread", "3d", "--as-of", "2127-01-01")
    assert "Plan: 2 to rotate." in planned.out
    today = reconciler("rotate", "--all", "--spread", "2d")
    assert "0 of 4 clients have their turn" in today.err


def test_an_overlap_leaves_both_alive(tmp_path: Path, life: "Folder", reconciler: Run) -> None:
    """The old client lives on until the overlap is over, and then a plain apply ends it."""
    served = life("{name: A, scope: [data], overlap: 1d}", instances=("acme",))
    assert reconciler("apply", "--auto-approve", env=PASSWORDS).code == 0
    assert reconciler("rotate", "acme/A", "--auto-approve", env=PASSWORDS).code == 0
    assert names(served) == ["A", "A (2)"]
    assert "No changes." in reconciler("plan").out
    path = tmp_path / "reconciler.state.json"
    path.write_text(re.sub(r'"at": "20\d\d-\d\d-\d\d', '"at": "2025-01-01', path.read_text()))
    plan = reconciler("plan").out
    assert "# the old client of acme/A will be destroyed" in plan
    assert "the overlap of 1d is over" in plan
    assert "Plan: 1 old client to revoke." in plan
    assert "the old client of **`A`** on `acme`" in reconciler("plan", "--format", "markdown").out
    assert "the old client of A" in reconciler("plan", "--format", "html").out
    done = reconciler("apply", "--auto-approve", env=PASSWORDS)
    assert "the old client of acme/A: revoked, the overlap of 1d is over" in done.err
    assert (done.code, "Applied: 1 old client revoked." in done.out) == (0, True)
    assert names(served) == ["A (2)"]
