"""The text of a plan is read by tfcmt, which comments on pull requests with Terraform's plans."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from reconciler.model.address import Address
from reconciler.state.model import Entry, State
from reconciler.stores.local import LocalStore

if TYPE_CHECKING:
    from tests.cli.conftest import Reconciler

PASS: Final = re.compile(r"^(Plan: \d|No changes\.)", re.MULTILINE)
FAIL: Final = re.compile(r"^([│|] )?(Error: )", re.MULTILINE)
NONE: Final = re.compile(r"^No changes\.", re.MULTILINE)
HEADLINES: Final = {
    "created": re.compile(r"^ *# (.*) will be created$", re.MULTILINE),
    "destroyed": re.compile(r"^ *# (.*) will be destroyed$", re.MULTILINE),
    "replaced": re.compile(r"^ *# (.*?)(?: is tainted, so)? must be replaced$", re.MULTILINE),
}
"""What tfcmt looks for, as it documents it."""

MANIFEST: Final = """\
version: 1
defaults:
  auth: {method: token, token: {env: TOKEN}}
instances:
  acme:
    clients:
      - {name: New, scope: [data], description: "Error: not one"}
      - {name: Wider, scope: [data, user]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Write a manifest that creates, replaces and revokes."""
    (tmp_path / "reconciler.yaml").write_text(MANIFEST)
    clients = {
        Address("acme", name): Entry(
            domain="acme.domo.com",
            live_name=name,
            client_id=f"00000000-0000-4000-8000-00000000000{number}",
            scope=("data",),
            created_at="2026-01-01T00:00:00Z",
            sinks=("state",),
            on_remove="revoke",
        )
        for number, name in enumerate(("Wider", "Old"))
    }
    lineage = "3f0c3b8e-58a5-4bd6-9d0c-3d7c6d1a1a01"
    store = LocalStore(tmp_path / "reconciler.state.json")
    store.write(State(lineage=lineage, serial=1, clients=clients), replacing=None)
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_a_plan_and_its_changes_are_recognised(reconciler: "Reconciler") -> None:
    """The result, and each resource under its kind; no text of a user's is taken for a failure."""
    run = reconciler("plan")
    both = run.out + run.err
    assert (bool(PASS.search(both)), FAIL.search(both), NONE.search(both)) == (True, None, None)
    found = {kind: pattern.findall(both) for kind, pattern in HEADLINES.items()}
    assert found == {
        "created": ["acme/New"],
        "destroyed": ["acme/Old"],
        "replaced": ["acme/Wider"],
    }


def test_no_changes_are_recognised(folder: Path, reconciler: "Reconciler") -> None:
    """Where nothing is to be done it says so in Terraform's words."""
    (folder / "reconciler.yaml").write_text("version: 1\n")
    (folder / "reconciler.state.json").unlink()
    run = reconciler("plan")
    assert bool(NONE.search(run.out)) is bool(PASS.search(run.out)) is True


def test_a_failure_is_recognised(folder: Path, reconciler: "Reconciler") -> None:
    """A plan that cannot be made, or must not be applied, is a failure."""
    (folder / "reconciler.yaml").write_text("version: 2\n")
    run = reconciler("plan")
    assert (run.code, bool(FAIL.search(run.out + run.err))) == (1, True)
