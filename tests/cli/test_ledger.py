"""`apply --ledger` and `ledger verify`, whole runs."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reconciler.stores.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.sandbox.running_sandbox import Running
    from tests.cli.conftest import Reconciler

MANIFEST = """\
version: 1
endpoints: {{api: {api}, instance: "{instance}"}}
instances:
  acme:
    auth: {{method: password, email: ops@acme.example, password: {{env: PW}}}}
    clients:
      - {{name: ETL, scope: [data]}}
      - {{name: Taken, scope: [data]}}
  down:
    auth: {{method: password, email: ops@acme.example, password: {{env: WRONG}}}}
    clients: [{{name: Never, scope: [data]}}]
"""
GIT = shutil.which("git") or "git"
ENV = {"PW": "right-4c1f", "WRONG": "wrong-9b2e"}


@pytest.fixture
def served(tmp_path: Path, sandbox: "Callable[..., Running]") -> "Running":
    """Serve two instances; on one a name is taken, the other refuses the password."""
    user = {"email": "ops@acme.example", "password": ENV["PW"]}
    keys = ("acme", "down")
    running = sandbox(
        {"seed": 2, "instances": {f"{key}.domo.com": {"users": [user]} for key in keys}}
    )
    running.add_client("acme.domo.com", "Taken")
    text = MANIFEST.format(api=running.api, instance=running.instance_template)
    (tmp_path / "reconciler.yaml").write_text(text)
    return running


def lines(folder: Path) -> list[dict[str, object]]:
    """Return the ledger's lines."""
    return [json.loads(line) for line in (folder / "ledger.jsonl").read_bytes().splitlines()]


@pytest.mark.usefixtures("served")
@pytest.mark.parametrize(
    "name", ["reconciler.yaml", "reconciler.state.json", "reconciler.state.json.backup"]
)
def test_a_ledger_is_a_file_of_its_own(name: str, tmp_path: Path, reconciler: "Reconciler") -> None:
    """A ledger is not begun where the state or the manifest is, or is to be."""
    before = (tmp_path / "reconciler.yaml").read_bytes()
    run = reconciler("apply", "--auto-approve", "--ledger", name, env=ENV)
    assert (run.code, "own file: it was not written" in run.err) == (64, True)
    assert [each.name for each in tmp_path.iterdir()] == ["reconciler.yaml"]
    assert (tmp_path / "reconciler.yaml").read_bytes() == before


def test_a_run_is_recorded_and_can_be_verified(
    served: "Running", tmp_path: Path, reconciler: "Reconciler"
) -> None:
    """What was done, what failed and an instance that could not be signed on to have a line."""
    env = {**ENV, "GITHUB_ACTOR": "octocat", "GITHUB_SHA": "c0ffee", "GITHUB_TRIGGERING_ACTOR": ""}
    ran = reconciler("apply", "--auto-approve", "--ledger", "ledger.jsonl", env=env)
    assert ran.code == 3, ran.err
    found = {(each["address"], each["instance"], each["result"]): each for each in lines(tmp_path)}
    assert set(found) == {
        ("acme/ETL", "acme", "done"),
        ("acme/Taken", "acme", "failed"),
        (None, "down", "failed"),
    }
    made = found["acme/ETL", "acme", "done"]
    client = next(each for each in served.clients("acme.domo.com") if each.name == "ETL")
    assert (made["who"], made["commit"], made["client_id"], made["sinks"], made["action"]) == (
        "octocat",
        "c0ffee",
        client.client_id,
        ["state"],
        "create",
    )
    text = (tmp_path / "ledger.jsonl").read_text()
    assert not any(secret in text for secret in (*ENV.values(), client.client_secret))
    head = ran.err.rpartition("head ")[2].split()[0]
    checked = reconciler("ledger", "verify", "ledger.jsonl", "--head", head, "--count", "3")
    assert (checked.code, checked.out) == (0, f"valid: 3 lines, head {head}\n")


@pytest.mark.usefixtures("served")
def test_a_change_a_cut_and_a_reorder_are_said(tmp_path: Path, reconciler: "Reconciler") -> None:
    """The check names the line, and ends in 1; as JSON it says the same."""
    reconciler("apply", "--auto-approve", "--ledger", "ledger.jsonl", env=ENV)
    path = tmp_path / "ledger.jsonl"
    whole = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(reversed(whole)))
    run = reconciler("ledger", "verify", "ledger.jsonl")
    assert (run.code, run.out, "line 1: it was line 3" in run.err) == (1, "", True)
    path.write_bytes(b"".join(whole[:1]))
    cut = reconciler("ledger", "verify", "ledger.jsonl", "--count", "3", "--format", "json")
    answer = json.loads(cut.out)
    assert (cut.code, answer["valid"], answer["broken"][0]["line"]) == (1, False, None)
    assert reconciler("ledger", "verify", "ledger.jsonl", "--format", "json").code == 0


def test_without_a_ci_system_the_user_and_the_commit_are_recorded(
    served: "Running", tmp_path: Path, reconciler: "Reconciler", environment: dict[str, str]
) -> None:
    """In a work tree the commit is the one that is checked out."""
    served.remove_client("acme.domo.com", "Taken")
    identity = ("-c", "user.name=a", "-c", "user.email=a@b.example")
    (tmp_path / ".gitignore").write_text("*.state.json*\n")
    for command in (["init", "-q"], ["add", "."], [*identity, "commit", "-qm", "x"]):
        subprocess.run([GIT, *command], cwd=tmp_path, check=True, capture_output=True)
    asked = subprocess.run(
        [GIT, "rev-parse", "HEAD"], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    ci = dict.fromkeys(("GITHUB_ACTOR", "GITHUB_SHA", "CI_COMMIT_SHA", "GITLAB_USER_LOGIN"), "")
    ran = reconciler(
        "apply", "--auto-approve", "--target", "acme", "--ledger", "ledger.jsonl",
        env={**ENV, **ci, "LOGNAME": "ada"},
    )  # fmt: skip
    assert ran.code == 0, ran.err
    assert {(each["who"], each["commit"]) for each in lines(tmp_path)} == {
        ("ada", asked.stdout.strip())
    }
    assert environment


@pytest.mark.usefixtures("served")
def test_a_ledger_that_cannot_be_written_stops_the_apply(
    tmp_path: Path, served: "Running", reconciler: "Reconciler"
) -> None:
    """Nothing is sent where the record could not be kept."""
    ran = reconciler("apply", "--auto-approve", "--ledger", "none/ledger.jsonl", env=ENV)
    assert (ran.code, "cannot be written" in ran.err, served.count()) == (1, True, 0)
    assert not (tmp_path / "none").exists()


def test_a_ledger_that_lacks_lines_is_no_success(
    served: "Running", tmp_path: Path, environment: dict[str, str]
) -> None:
    """A limit that only the ledger reaches loses no secret, and ends in 3."""
    served.remove_client("acme.domo.com", "Taken")
    with Ledger(tmp_path / "ledger.jsonl") as ledger:
        ledger.append({"filler": "x" * 200_000})
    arguments = ("apply", "--auto-approve", "--target", "acme", "--ledger", "ledger.jsonl")
    ran = subprocess.run(
        ["/bin/sh", "-c", 'ulimit -f 391; exec "$@"', "-", sys.executable, "-m", "reconciler",
         *arguments],
        cwd=tmp_path, env={**environment, **ENV}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (ran.returncode, "lacks lines" in ran.stderr) == (3, True), ran.stderr
    state = json.loads((tmp_path / "reconciler.state.json").read_bytes())
    assert sorted(state["clients"]) == ["acme/ETL", "acme/Taken"]


@pytest.mark.usefixtures("served")
@pytest.mark.parametrize("change", ["cut", "rewritten"])
def test_a_changed_end_is_found_with_the_head_and_stated_without(
    change: str, tmp_path: Path, reconciler: "Reconciler"
) -> None:
    """A chain cannot show a cut or rewritten end, so the check states it; the head shows it."""
    ran = reconciler("apply", "--auto-approve", "--ledger", "ledger.jsonl", env=ENV)
    head = ran.err.rpartition("head ")[2].split()[0]
    path = tmp_path / "ledger.jsonl"
    *kept, last = path.read_bytes().splitlines(keepends=True)
    if change == "rewritten":
        kept.append(json.dumps({**json.loads(last), "who": "mallory"}).encode() + b"\n")
    path.write_bytes(b"".join(kept))
    run = reconciler("ledger", "verify", "ledger.jsonl")
    valid, stated = run.out.splitlines()
    assert (run.code, valid.startswith(f"valid: {len(kept)} lines")) == (0, True)
    assert stated.startswith("not detected without --head: lines that were removed from the end")
    told = json.loads(reconciler("ledger", "verify", "ledger.jsonl", "--format", "json").out)
    assert (told["anchored"], told["undetected"] in stated) == (False, True)
    anchored = ("ledger", "verify", "ledger.jsonl", "--head", head, "--count", "3")
    found = reconciler(*anchored, "--format", "json")
    answer = json.loads(found.out)
    assert (found.code, answer["anchored"], answer["undetected"]) == (1, True, None)
