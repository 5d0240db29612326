"""What commands share: files on disk, the state's place, the ground to plan on."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler.bootstrap import SystemClock, open_store, state_path
from reconciler.cli.views.console import Console
from reconciler.cli.views.plan import report_interrupted, report_problems
from reconciler.model.address import Address
from reconciler.model.errors import InvalidInput, ReconcilerError, StateRefused
from reconciler.model.manifest import Manifest
from reconciler.model.secret import Secret
from reconciler.model.source_location import SourceLocation
from reconciler.operations.workspace import ProjectPaths, load_manifest, load_state
from reconciler.plan.action import Plan, Problem
from reconciler.state.journal_records import Created, Header, Intent, Record
from reconciler.state.model import Plain, State
from reconciler.stores.local import LocalStore

Make = Callable[..., Console]
Written = Callable[[Console], tuple[str, str]]

AT = "2026-01-31T08:00:00Z"
OURS = "3f0c3b8e-58a5-4bd6-9d0c-3d7c6d1a1a01"
THEIRS = "3f0c3b8e-58a5-4bd6-9d0c-3d7c6d1a1a02"
MANIFEST = """\
version: 1
instances:
  acme:
    auth: {method: token, token: {env: TOKEN}}
    clients: [{name: Reporting, scope: [data]}]
"""


def intent(nonce: str, client: str) -> Intent:
    """Return the record that comes before a `POST`."""
    return Intent(
        address=Address("acme", client),
        nonce=nonce,
        domain="acme.domo.com",
        live_name=client,
        scope=("data",),
        sinks=("files",),
        at=AT,
        principal="user:1",
    )


def journalled(store: LocalStore, lineage: str, *records: Record) -> None:
    """Leave a journal as a run that was killed would."""

    async def append() -> None:
        header = Header(run="r1", lineage=lineage, serial=1, plan_id="p", at=AT)
        await store.journal(header).append(*records)

    asyncio.run(append())


def test_a_folder_is_read_as_one_manifest(tmp_path: Path) -> None:
    """Its YAML files are read in order; hidden ones, other ones and deeper ones are not."""
    (tmp_path / "b.yml").write_text("version: 1\ninstances: {globex: {}}\n")
    (tmp_path / "a.yaml").write_text(MANIFEST)
    (tmp_path / ".hidden.yaml").write_text(":")
    (tmp_path / "notes.txt").write_text(":")
    (tmp_path / "deeper.yaml").mkdir()
    desired = load_manifest(ProjectPaths(file=str(tmp_path)))
    assert list(desired.instances) == ["acme", "globex"]
    assert desired.root == str(tmp_path)


def test_places_are_named_as_the_user_named_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistake is reported under the path that was given, so that it can be clicked."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "fleet").mkdir()
    (tmp_path / "fleet" / "a.yaml").write_text("version: 1\nbogus: 1\n")
    for given, shown in [("fleet", "fleet/a.yaml"), ("./fleet/a.yaml", "fleet/a.yaml")]:
        with pytest.raises(InvalidInput) as caught:
            load_manifest(ProjectPaths(file=given))
        assert caught.value.diagnostics[0].place == SourceLocation(shown, 2, 1)


def test_a_missing_manifest_says_what_was_looked_for(tmp_path: Path) -> None:
    """The path, and the option that names another one, are in the error."""
    with pytest.raises(ReconcilerError, match=r"there is no manifest `.*/absent\.yaml`") as caught:
        load_manifest(ProjectPaths(file=str(tmp_path / "absent.yaml")))
    assert "-f PATH" in str(caught.value.hint)


def test_a_folder_without_a_manifest_is_an_error(tmp_path: Path) -> None:
    """An empty folder is no empty fleet."""
    with pytest.raises(ReconcilerError, match="there is no manifest in the folder"):
        load_manifest(ProjectPaths(file=str(tmp_path)))


def test_an_unreadable_manifest_is_an_error(tmp_path: Path) -> None:
    """What the system says is passed on, without a traceback."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ReconcilerError, match="cannot be read: Not a directory"):
        load_manifest(ProjectPaths(file=str(tmp_path / "file" / "a.yaml")))


def test_an_endless_manifest_is_refused() -> None:
    """A file that does not end is not read until the memory does."""
    with pytest.raises(ReconcilerError, match="larger than 256 MiB"):
        load_manifest(ProjectPaths(file="/dev/zero"))


def test_the_state_is_beside_the_manifest_unless_told_otherwise(tmp_path: Path) -> None:
    """The manifest's path is relative to its folder, the option's to the current one."""
    desired = Manifest(root="fleet", state_path="s.json")
    assert state_path(ProjectPaths(file="fleet"), desired) == Path("fleet/s.json")
    elsewhere = str(tmp_path / "y.json")
    assert state_path(ProjectPaths(file="fleet", state=elsewhere), desired) == Path(elsewhere)


def test_without_a_state_the_ground_is_empty(tmp_path: Path) -> None:
    """A first plan compares with nothing, and reading leaves nothing behind."""
    store = open_store(ProjectPaths(file=str(tmp_path)), Manifest(root=str(tmp_path)))
    ground = load_state(store)
    assert (ground.state, ground.known, ground.available_secrets) == (None, None, frozenset())
    assert list(tmp_path.iterdir()) == []


def test_the_ground_holds_what_a_crashed_run_made(tmp_path: Path) -> None:
    """Clients that only a journal knows are not planned again, and their secrets are in hand."""
    store = LocalStore(tmp_path / "state.json")
    store.write(State(lineage=OURS, serial=1), replacing=None)
    created = Created(nonce="00000001", client_id="c1", secret=Plain(secret=Secret("s")), at=AT)
    journalled(store, OURS, intent("00000001", "Reporting"), created, intent("00000002", "ETL"))
    ground = load_state(store)
    assert ground.known is not None
    assert list(ground.known.clients) == [Address("acme", "Reporting")]
    assert ground.available_secrets == {"c1"}
    assert ground.working is not None
    assert list(ground.working.open) == ["00000002"]


def test_a_journal_without_a_state_is_not_forgotten(tmp_path: Path) -> None:
    """Where the state was deleted, its journal still says what was made."""
    store = LocalStore(tmp_path / "state.json")
    journalled(store, OURS, intent("00000001", "Reporting"))
    ground = load_state(store)
    assert (ground.state, ground.working is not None) == (None, True)


def test_a_journal_of_another_lineage_is_refused(tmp_path: Path) -> None:
    """A journal that belongs to another state is neither used nor removed."""
    store = LocalStore(tmp_path / "state.json")
    journalled(store, THEIRS, intent("00000001", "Reporting"))
    store.write(State(lineage=OURS, serial=1), replacing=None)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(StateRefused):
        load_state(store)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_interrupted_creates_are_named(
    tmp_path: Path, make_console: Make, written: Written
) -> None:
    """A note says whose outcome is unknown, five of them by name."""
    store = LocalStore(tmp_path / "state.json")
    store.write(State(lineage=OURS, serial=1), replacing=None)
    journalled(store, OURS, *(intent(f"{number:08x}", f"C{number}") for number in range(7)))
    console = make_console()
    report_interrupted(console, load_state(store))
    assert written(console)[1] == (
        "Note: an earlier run was interrupted, or is still running; the next apply first finds out"
        " what became of: acme/C0, acme/C1, acme/C2, acme/C3, acme/C4 and 2 more\n"
    )


def test_problems_are_errors_unless_they_can_be_overridden(
    make_console: Make, written: Written
) -> None:
    """A limit warns and names its option; anything else refuses, with its place."""
    limit = Problem(code="limit", message="revokes 12", override="--override-limits")
    protect = Problem(
        code="protect", message="is protected", place=SourceLocation("r.yaml", 4, 5), hint="keep it"
    )
    console = make_console()
    assert not report_problems(console, Plan(id="p", as_of=AT, problems=(limit,)))
    assert report_problems(console, Plan(id="p", as_of=AT, problems=(limit, protect)))
    warning = "Warning: revokes 12\nhint: apply needs --override-limits for this plan\n"
    assert written(console) == (
        "",
        f"{warning}{warning}Error: r.yaml:4:5: is protected\nhint: keep it\n",
    )


def test_the_clock_is_the_machines() -> None:
    """It says UTC, runs forward, and waits."""
    clock = SystemClock()
    before, now, after = datetime.now(UTC), clock.now(), datetime.now(UTC)
    assert before <= now <= after
    began = clock.monotonic()
    asyncio.run(clock.sleep(0.001))
    assert clock.monotonic() > began
