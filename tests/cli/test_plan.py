"""`reconciler plan`, whole runs."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from reconciler.model.address import Address
from reconciler.state.model import Entry, SinkDelivery, State
from reconciler.stores.local import LocalStore

if TYPE_CHECKING:
    from tests.cli.conftest import Reconciler, Run

AT: Final = "2026-01-01T00:00:00Z"
MANIFEST: Final = """\
version: 1
sinks:
  files: {type: file, path: "secrets/{instance}/{client_slug}.json"}
defaults:
  auth: {method: password, email: ops@acme.example, password: {env: "DOMO_{INSTANCE}_PASSWORD"}}
  sink: files
limits: {max_revoke: 1}
client_sets:
  baseline:
    select: {labels: {env: prod}}
    clients:
      - {name: Automation Client, scope: [data, user], description: Nightly ETL}
instances:
  acme-dev:
    clients: [{name: Reporting, scope: [data]}]
  acme-prod:
    labels: {env: prod}
    clients: [{name: Reporting, scope: [data, audit], protect: true}]
  globex:
    labels: {env: prod}
"""


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    """Write the manifest of three instances."""
    (tmp_path / "reconciler.yaml").write_text(MANIFEST)
    return tmp_path


def managed(
    folder: Path, *addresses: str, scope: tuple[str, ...] = ("data",), **terms: str
) -> None:
    """Write a state with delivered clients at these addresses."""
    clients = {}
    for number, text in enumerate(addresses):
        address = Address.parse(text)
        target = f"json file secrets/{address.instance}/{address.client.lower()}.json"
        clients[address] = Entry(
            domain=f"{address.instance}.domo.com",
            live_name=address.client,
            client_id=f"00000000-0000-4000-8000-{number:012d}",
            id=1000 + number,
            scope=scope,
            created_at=AT,
            sinks=("files",),
            delivered={"files": SinkDelivery(target=target, at=AT)},
            **terms,  # type: ignore[arg-type]  # on_remove is the only one that is given
        )
    store = LocalStore(folder / "reconciler.state.json")
    store.write(
        State(lineage="3f0c3b8e-58a5-4bd6-9d0c-3d7c6d1a1a01", serial=1, clients=clients),
        replacing=None,
    )


def test_a_first_plan_creates_everything(
    fleet: Path, reconciler: "Reconciler", golden: Callable[[str, "Run"], None]
) -> None:
    """Without a state all is to be created, with no credential set and nothing written."""
    golden("plan_first", reconciler("plan", "--as-of", "2026-01-31"))
    assert [path.name for path in fleet.iterdir()] == ["reconciler.yaml"]


def test_a_plan_of_every_kind_of_change(
    fleet: Path, reconciler: "Reconciler", golden: Callable[[str, "Run"], None]
) -> None:
    """A replacement, a revocation and a creation are shown with their origins."""
    managed(fleet, "acme-dev/Reporting", "acme-dev/Old", scope=("user",), on_remove="revoke")
    golden("plan_changes", reconciler("plan", "--as-of", "2026-01-31"))


def test_a_protected_scope_refuses_the_plan(
    fleet: Path, reconciler: "Reconciler", golden: Callable[[str, "Run"], None]
) -> None:
    """A problem that nothing overrides is said after the plan, and ends in 1."""
    managed(fleet, "acme-prod/Reporting")
    golden("plan_protected", reconciler("plan", "--as-of", "2026-01-31"))


def test_a_plan_over_a_limit_warns(
    fleet: Path, reconciler: "Reconciler", golden: Callable[[str, "Run"], None]
) -> None:
    """A limit is a warning in a plan, since it may be overridden when it is applied."""
    managed(fleet, "acme-dev/Old", "acme-dev/Older", on_remove="revoke")
    golden("plan_over_limit", reconciler("plan", "--as-of", "2026-01-31"))


def test_the_detailed_exit_code_says_that_there_are_changes(
    fleet: Path, reconciler: "Reconciler"
) -> None:
    """With the option changes end in 2, without it in 0, and no changes in 0 either way."""
    assert reconciler("plan").code == 0
    assert reconciler("plan", "--detailed-exitcode").code == 2
    assert reconciler("plan", env={"RECONCILER_DETAILED_EXITCODE": "1"}).code == 2
    managed(fleet, "acme-dev/Reporting")
    none = reconciler("plan", "--detailed-exitcode", "--target", "acme-dev")
    assert (none.code, "No changes." in none.out) == (0, True)


def test_quiet_leaves_the_exit_code_and_the_data(fleet: Path, reconciler: "Reconciler") -> None:
    """With `-q` there is no text for a reader; JSON that was asked for is written."""
    quiet = reconciler("plan", "-q", "--detailed-exitcode", "--out", "plan.json")
    assert (quiet.code, quiet.out, quiet.err) == (2, "", "")
    assert json.loads(reconciler("plan", "-q", "--format", "json").out)["actions"]
    assert "4 to create" in reconciler("plan", "-q", "--format", "markdown").out
    valid = reconciler("validate", "-q")
    assert (valid.code, valid.out, valid.err) == (0, "", "")
    (fleet / "reconciler.yaml").write_text("version: 2\n")
    wrong = reconciler("plan", "-q")
    assert (wrong.code, wrong.out) == (1, "")
    assert "error" in wrong.err


COMMANDS = (
    ("plan",),
    ("apply", "--auto-approve"),
    ("check",),
    ("verify",),
    ("rotate", "acme-prod/Reporting", "--auto-approve"),
    ("destroy", "acme-prod/Reporting", "--auto-approve"),
    ("output", "acme-prod/Reporting", "--yes-print-secrets"),
    ("state", "list"),
    ("state", "show", "a/B"),
    ("state", "mv", "a/B", "a/C"),
    ("state", "rm", "a/B"),
    ("state", "settle", "a/B", "--abandon"),
    ("state", "lock"),
)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_state_in_a_folder_that_does_not_exist_is_an_error(
    fleet: Path, reconciler: "Reconciler", command: tuple[str, ...]
) -> None:
    """A slip in `--state` is not an empty state: the message names the folder."""
    run = reconciler(*command, "--state", "nope/x.json")
    assert (run.code, "there is no folder `nope`" in run.err) == (1, True), run.err
    assert not (fleet / "nope").exists()


def test_targets_and_labels_narrow_the_plan(fleet: Path, reconciler: "Reconciler") -> None:
    """Only what was asked for is planned; what matches nothing is a usage error."""
    assert (
        "Plan: 2 to create" in reconciler("plan", "--label", "env=prod", "--target", "*/Auto*").out
    )
    assert "Plan: 1 to create" in reconciler("plan", "--target", "acme-dev/Reporting").out
    wrong = reconciler("plan", "--target", "acme-prd")
    assert (wrong.code, wrong.out) == (64, "")
    assert wrong.err.startswith("Error: ")
    assert fleet.exists()


@pytest.mark.usefixtures("fleet")
def test_json_is_one_object_and_the_same_each_time(reconciler: "Reconciler") -> None:
    """The plan as JSON is on standard output alone, and its bytes repeat."""
    first, second = (reconciler("plan", "--as-of", "2026-01-31", "--format", "json") for _ in "12")
    assert first.out == second.out
    assert json.loads(first.out)["summary"]["create"] == 4


@pytest.mark.usefixtures("fleet")
def test_a_terminal_without_unicode_gets_a_plan_too(reconciler: "Reconciler") -> None:
    """Where the signs cannot be shown others stand for them, and nothing fails."""
    run = reconciler("plan", env={"PYTHONIOENCODING": "ascii"})
    assert (run.code, run.out.isascii(), run.err.isascii()) == (0, True, True)
    assert "Plan: 4 to create" in run.out


@pytest.mark.usefixtures("fleet")
@pytest.mark.parametrize(
    ("arguments", "env", "coloured"),
    [((), {}, True), (("--no-color",), {}, False), ((), {"NO_COLOR": "1"}, False)],
)
def test_colour_is_for_terminals_that_want_it(
    arguments: tuple[str, ...],
    env: dict[str, str],
    coloured: bool,
    tmp_path: Path,
    environment: dict[str, str],
) -> None:
    """A terminal gets colour unless `--no-color` or `NO_COLOR` refuses it."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "reconciler", "plan", *arguments],
        cwd=tmp_path,
        env={**environment, "TERM": "xterm", **env},
        stdout=theirs,
        stderr=subprocess.PIPE,
    )
    os.close(theirs)
    shown = b""
    while chunk := _read(ours):
        shown += chunk
    _, errors = process.communicate(timeout=20)
    os.close(ours)
    assert (process.returncode, errors) == (0, b"")
    assert (b"\x1b[" in shown) is coloured


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""  # Linux answers so once the other side is closed


def test_a_corrupt_state_is_refused_and_kept(fleet: Path, reconciler: "Reconciler") -> None:
    """A state that cannot be read ends the plan, and stays as it was."""
    (fleet / "reconciler.state.json").write_text('{"version": 1, "lin')
    run = reconciler("plan")
    assert (run.code, run.out) == (1, "")
    assert run.err.startswith("Error: ")
    assert "\nhint: " in run.err
    assert (fleet / "reconciler.state.json").read_text() == '{"version": 1, "lin'


@pytest.mark.parametrize("day", ["2028-02-29", "2026-12-31", "2027-03-28T01:30:00Z"])
def test_a_plan_without_time_has_the_same_id_on_every_day(
    tmp_path: Path, reconciler: "Reconciler", day: str
) -> None:
    """A plan in which nothing depends on time prints the same bytes tomorrow."""
    (tmp_path / "reconciler.yaml").write_text(MANIFEST, encoding="utf-8")
    assert reconciler("plan", "--as-of", day).out == reconciler("plan").out
