"""The secret files of revoked clients: listed after an apply, and removed by `--prune-sinks`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from reconciler.sandbox.running_sandbox import Running

    Life = Callable[..., Running]

PASSWORDS = {"PW_ACME": "right"}
APPLY = ("apply", "--auto-approve")
CLIENTS = "{name: A, scope: [data], on_remove: revoke}, {name: B, scope: [data], on_remove: revoke}"
Run = Callable[..., Any]


@pytest.fixture
def shop(life: "Life", reconciler: Run) -> "Running":
    """Create A and B on one instance."""
    served = life(CLIENTS, instances=("acme",))
    assert reconciler(*APPLY, env=PASSWORDS).code == 0
    return served


def leftovers(folder: Path) -> list[dict[str, str]]:
    """Return the files that the state knows as left over."""
    state = json.loads((folder / "reconciler.state.json").read_bytes())
    found: list[dict[str, str]] = state.get("leftovers", [])
    return found


def test_files_of_revoked_clients_are_listed_and_removed_on_request(
    tmp_path: Path, shop: "Running", life: "Life", reconciler: Run
) -> None:
    """The apply that revokes lists them, as does every later one until they are removed."""
    life("", instances=("acme",), served=shop)
    run = reconciler(*APPLY, env=PASSWORDS)
    listed = "2 secret files of revoked clients: out/acme/a, out/acme/b\nhint: --prune-sinks"
    assert (run.code, listed in run.err) == (0, True), run.err
    assert listed in reconciler(*APPLY, env=PASSWORDS).err
    (tmp_path / "out/acme/b").write_text("a stranger's")
    answer = json.loads(reconciler(*APPLY, "--prune-sinks", "--format", "json").out)
    assert [(each["path"], each["fate"], each["revoked"]) for each in answer["files"]] == [
        ("out/acme/a", "removed", True)
    ]
    assert [each.name for each in (tmp_path / "out/acme").iterdir()] == ["b"]
    assert leftovers(tmp_path) == []
    quiet = reconciler(*APPLY, "--prune-sinks")
    assert (quiet.code, "secret file" in quiet.err) == (0, False)


def test_the_apply_that_revokes_removes_and_touches_no_other_file(
    tmp_path: Path, shop: "Running", life: "Life", reconciler: Run
) -> None:
    """The file of the client that stays is its consumer's."""
    life(CLIENTS.rpartition(", {")[0], instances=("acme",), served=shop)
    run = reconciler(*APPLY, "--prune-sinks", env=PASSWORDS)
    assert (run.code, "removed 1 secret file of revoked clients" in run.err) == (0, True), run.err
    assert [each.name for each in (tmp_path / "out/acme").iterdir()] == ["a"]
    assert reconciler("verify").code == 0


def test_a_revoke_that_no_list_confirms_removes_nothing(
    tmp_path: Path, shop: "Running", life: "Life", reconciler: Run
) -> None:
    """A client that may still work keeps its file; the run that confirms the revoke removes it."""
    life("", instances=("acme",), served=shop)
    shop.fault("no_effect", route="revoke", times=None)
    before = sorted((tmp_path / "out/acme").iterdir())
    hasty = ("--prune-sinks", "--absence-window", "300ms")
    run = reconciler(*APPLY, *hasty, env=PASSWORDS)
    assert (run.code, sorted((tmp_path / "out/acme").iterdir())) == (3, before), run.err
    assert len(shop.clients("acme.domo.com")) == 2
    shop.clear_faults()
    assert reconciler(*APPLY, "--prune-sinks", env=PASSWORDS).code == 0
    assert list((tmp_path / "out/acme").iterdir()) == []


def test_destroy_removes_and_forget_lists_nothing(
    tmp_path: Path, shop: "Running", reconciler: Run
) -> None:
    """A client that is forgotten works on, and so does its file."""
    run = reconciler("forget", "acme/B", "--auto-approve")
    assert (run.code, "secret file" in run.err) == (0, False)
    assert leftovers(tmp_path) == []
    run = reconciler("destroy", "acme/A", "--auto-approve", "--prune-sinks", env=PASSWORDS)
    assert (run.code, "removed 1 secret file" in run.err) == (0, True), run.err
    assert [each.name for each in (tmp_path / "out/acme").iterdir()] == ["b"]
    assert [each.name for each in shop.clients("acme.domo.com")] == ["B"]


def test_the_file_of_a_client_that_works_is_never_removed(
    tmp_path: Path, shop: "Running", reconciler: Run
) -> None:
    """After a changed path the old file is listed, and removed once its client is revoked."""
    path = tmp_path / "reconciler.yaml"
    path.write_text(path.read_text().replace('"out/', '"new/'))
    run = reconciler(*APPLY, "--prune-sinks", env=PASSWORDS)
    assert (run.code, "without a sink, with a secret that works" in run.err) == (0, True), run.err
    assert (tmp_path / "out/acme/a").exists()
    run = reconciler("rotate", "acme/A", "--auto-approve", "--prune-sinks", env=PASSWORDS)
    assert run.code == 0, run.err
    assert not (tmp_path / "out/acme/a").exists()
    assert (tmp_path / "new/acme/a").exists()
    assert shop.count(route="revoke") == 1
