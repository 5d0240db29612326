"""`destroy` and `forget`: the end of clients, at Domo and in the state alone."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from reconciler.sandbox.running_sandbox import Running

    Folder = Callable[..., Running]

PASSWORDS = {"PW_ACME": "right", "PW_GLOBEX": "right"}
CLIENTS = "{name: A, scope: [data]}, {name: B, scope: [user]}"
Run = Callable[..., Any]


def names(served: "Running", key: str = "acme") -> list[str]:
    """Return the names of an instance's clients."""
    return sorted(each.name for each in served.clients(f"{key}.domo.com"))


def known(folder: Path) -> list[str]:
    """Return the addresses that the state knows."""
    return sorted(json.loads((folder / "reconciler.state.json").read_bytes())["clients"])


def test_what_is_destroyed_is_revoked_and_forgotten(
    tmp_path: Path, fleet: "Running", reconciler: Run
) -> None:
    """Whatever the manifest says of them, those that were named end, and no others."""
    fleet.add_client("acme.domo.com", "Somebody's")
    run = reconciler("destroy", "acme/A", "globex/B", "--auto-approve", env=PASSWORDS)
    assert (run.code, "Applied: 2 revoked." in run.out) == (0, True), run.err
    assert "the manifest wants 2 of them: the next apply creates them again" in run.err
    assert (names(fleet), names(fleet, "globex")) == (["B", "Somebody's"], ["A"])
    assert known(tmp_path) == ["acme/B", "globex/A"]


def test_a_name_with_wildcards_of_its_own_is_that_name(
    tmp_path: Path, fleet: "Running", life: "Folder", reconciler: Run
) -> None:
    """What is exactly an address of the state means no other that it would match as a glob."""
    life(CLIENTS.replace("name: A", 'name: "?"'), served=fleet)
    assert reconciler("apply", "--auto-approve", env=PASSWORDS).code == 0
    run = reconciler("forget", "acme/?", "--auto-approve")
    assert run.code == 0, run.err
    assert "acme/B" in known(tmp_path)
    assert "acme/?" not in known(tmp_path)


def test_what_is_excluded_lives_on(tmp_path: Path, fleet: "Running", reconciler: Run) -> None:
    """`--all` with an `--exclude` spares what it matches; beside names it says nothing."""
    run = reconciler("destroy", "acme/A", "--exclude", "acme/B", "--auto-approve", env=PASSWORDS)
    assert (run.code, "--exclude goes with" in run.err) == (64, True)
    run = reconciler("destroy", "--all", "--exclude", "acme", "--auto-approve", env=PASSWORDS)
    assert run.code == 0, run.err
    assert (names(fleet), names(fleet, "globex")) == (["A", "B"], [])
    assert known(tmp_path) == ["acme/A", "acme/B"]


def test_everything_can_be_destroyed(
    tmp_path: Path, fleet: "Running", life: "Folder", reconciler: Run
) -> None:
    """Also what left the manifest and was kept, and the predecessors that live on."""
    life(CLIENTS.replace("[data]", "[data], overlap: 1d"), served=fleet)
    assert reconciler("rotate", "acme/A", "--auto-approve", env=PASSWORDS).code == 0
    life("{name: A, scope: [data]}", served=fleet)
    run = reconciler("destroy", "--all", "--auto-approve", env=PASSWORDS)
    assert (run.code, "Applied: 5 revoked." in run.out) == (0, True), run.err
    assert (names(fleet), names(fleet, "globex"), known(tmp_path)) == ([], [], [])


@pytest.mark.parametrize(
    ("terms", "said", "overridden"),
    [
        (("", "limits: {max_revoke: 1}\n"), "more than max_revoke: 1", 0),
        ((", protect: true", ""), "acme/A is protected", 1),
    ],
)
def test_limits_and_protection_hold(
    fleet: "Running",
    life: "Folder",
    reconciler: Run,
    terms: tuple[str, str],
    said: str,
    overridden: int,
) -> None:
    """A plan over a limit needs its option; nothing overrides a protection."""
    life(CLIENTS.replace("[data]", "[data]" + terms[0]), more=terms[1], served=fleet)
    sent = fleet.count()
    arguments = ("destroy", "--target", "acme", "--auto-approve")
    run = reconciler(*arguments, env=PASSWORDS)
    assert (run.code, said in run.err, fleet.count()) == (1, True, sent)
    assert reconciler(*arguments, "--override-limits", env=PASSWORDS).code == overridden
    assert names(fleet) == (["A", "B"] if overridden else [])


def test_a_destruction_that_failed_in_part_is_done_by_the_same_command(
    tmp_path: Path, fleet: "Running", reconciler: Run
) -> None:
    """What could not be reached stays known, and is the rest of it."""
    wrong = {**PASSWORDS, "PW_GLOBEX": "wrong"}
    assert reconciler("destroy", "--all", "--auto-approve", env=wrong).code == 3
    assert known(tmp_path) == ["globex/A", "globex/B"]
    assert reconciler("destroy", "--all", "--auto-approve", env=PASSWORDS).code == 0
    assert (names(fleet), names(fleet, "globex"), known(tmp_path)) == ([], [], [])


@pytest.mark.parametrize(("typed", "code", "left"), [("2", 0, []), ("yes", 1, ["A", "B"])])
def test_on_a_terminal_the_number_is_typed(
    tmp_path: Path,
    fleet: "Running",
    environment: dict[str, str],
    typed: str,
    code: int,
    left: list[str],
) -> None:
    """`yes` is not enough where clients end: only their number is taken."""
    master, slave = pty.openpty()
    os.write(master, f"{typed}\n".encode())
    done = subprocess.run(
        [sys.executable, "-m", "reconciler", "destroy", "--target", "acme"],
        cwd=tmp_path,
        env={**environment, **PASSWORDS},
        stdin=slave,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    os.close(master)
    os.close(slave)
    assert (done.returncode, "Revoke 2 clients?" in done.stderr) == (code, True), done.stderr
    assert names(fleet) == left


def test_what_is_forgotten_lives_on(tmp_path: Path, fleet: "Running", reconciler: Run) -> None:
    """Domo is not asked; the plan shows what the manifest then wants."""
    sent = fleet.count()
    run = reconciler("forget", "acme/A", "--auto-approve")
    assert (run.code, "will be forgotten" in run.out) == (0, True), run.err
    assert (names(fleet), fleet.count()) == (["A", "B"], sent)
    assert known(tmp_path) == ["acme/B", "globex/A", "globex/B"]
    assert reconciler("forget", "acme/A", "--auto-approve").code == 64


def test_a_saved_destruction_needs_no_question(fleet: "Running", reconciler: Run) -> None:
    """It was agreed to when it was reviewed."""
    assert reconciler("destroy", "--target", "acme", "--out", "plan.json").code == 0
    assert names(fleet) == ["A", "B"]
    assert "2 to revoke" in reconciler("show", "plan.json").out
    assert reconciler("apply", "plan.json", env=PASSWORDS).code == 0
    assert names(fleet) == []
    again = reconciler("apply", "plan.json", env=PASSWORDS)
    assert (again.code, fleet.count(route="revoke")) == (0, 2)
