"""Each method of the public API, on files and on a sandbox that serves."""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from reconciler import Event, InvalidInput, LockHeld, PlanRefused, Project, UsageError
from reconciler.apply.events import ActionDone, InstanceEnded, RunEnded, RunStarted

if TYPE_CHECKING:
    from reconciler.sandbox.running_sandbox import Running

ROOT: Final = Path(__file__).parents[2]
KEYS: Final = ("acme-prod", "globex")
AS_OF: Final = datetime(2026, 1, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """A manifest of two instances with a client each, the sandbox behind it, and its passwords."""

    folder: Path
    served: "Running"

    @property
    def environ(self) -> dict[str, str]:
        """Return what the credentials of the manifest refer to."""
        names = {f"DOMO_{key.upper().replace('-', '_')}_PASSWORD": f"pw-{key}" for key in KEYS}
        return {"PATH": os.environ["PATH"], **names}

    def open(self) -> Project:
        """Open the project with a fixed as-of."""
        return Project.open(self.folder / "reconciler.yaml", environ=self.environ, as_of=AS_OF)

    def write(self, scope: str = "[data]") -> None:
        """Write the manifest; `scope` is that of each client."""
        api, instance = self.served.api, self.served.instance_template
        lines = ["version: 1", f"endpoints: {{api: {api}, instance: '{instance}'}}"]
        lines += ["sinks: {files: {type: file, path: 'secrets/{instance}/{client_slug}.json'}}"]
        lines += ["instances:"]
        for key in KEYS:
            variable = f"DOMO_{key.upper().replace('-', '_')}_PASSWORD"
            auth = f"method: password, email: ops@{key}.example, password: {{env: {variable}}}"
            lines += [f"  {key}:", f"    auth: {{{auth}}}"]
            lines += [f"    clients: [{{name: Reporting, scope: {scope}, sink: files}}]"]
        (self.folder / "reconciler.yaml").write_text("\n".join(lines) + "\n")

    def names(self) -> list[str]:
        """Return the names of the clients at Domo."""
        return [each.name for key in KEYS for each in self.served.clients(f"{key}.domo.com")]


@pytest.fixture
def fleet(tmp_path: Path, sandbox: Callable[..., "Running"]) -> Fleet:
    """Return a fleet that serves."""
    users = {
        f"{key}.domo.com": {"users": [{"email": f"ops@{key}.example", "password": f"pw-{key}"}]}
        for key in KEYS
    }
    made = Fleet(folder=tmp_path, served=sandbox({"seed": 5, "instances": users}))
    made.write()
    return made


def test_a_plan_is_offline_and_the_same_each_time(fleet: Fleet) -> None:
    """It names every action, and no request reaches an instance."""
    plan = fleet.open().plan()
    assert (plan.summary, len(plan.actions)) == ("Plan: 2 to create.", 2)
    assert fleet.open().plan() == plan
    assert len(fleet.open().plan(targets=["acme-*/Reporting"]).actions) == 1
    assert fleet.served.requests() == []


def test_a_folder_is_a_project_too(fleet: Fleet) -> None:
    """`Project.open` takes the folder of the manifest, and the state's path."""
    project = Project.open(fleet.folder, state=fleet.folder / "other.json", as_of=AS_OF)
    assert len(project.plan().actions) == 2
    assert set(project.manifest.instances) == set(KEYS)


def test_an_apply_does_what_was_planned(fleet: Fleet) -> None:
    """Events arrive in order, secrets reach their sink, and nothing is left to do."""
    project, events = fleet.open(), list[Event]()
    report = project.apply(project.plan(), on_event=events.append)
    assert report.complete
    assert fleet.names() == ["Reporting", "Reporting"]
    assert isinstance(events[0], RunStarted)
    assert isinstance(events[-1], RunEnded)
    assert sum(isinstance(each, ActionDone) for each in events) == 2
    assert len(list((fleet.folder / "secrets").rglob("*.json"))) == 2
    assert fleet.open().plan().actions == ()
    assert fleet.open().verify().complete


def test_a_plan_that_is_not_the_present_one_is_refused_with_the_difference(fleet: Fleet) -> None:
    """A manifest that changed after the plan sends nothing, and the error says what changed."""
    plan = fleet.open().plan()
    fleet.write(scope="[data, user]")
    with pytest.raises(PlanRefused, match="create Reporting") as refused:
        fleet.open().apply(plan)
    assert (refused.value.code, refused.value.location) == ("plan-refused", None)
    assert refused.value.hint is not None
    assert fleet.names() == []


def test_an_apply_in_an_event_loop_calls_back_in_that_loop(fleet: Fleet) -> None:
    """The loop stays free, and each event arrives in it."""
    loops = set()

    async def run() -> bool:
        project = fleet.open()
        report = await project.apply_async(
            project.plan(), on_event=lambda _: loops.add(asyncio.get_running_loop())
        )
        return report.complete and loops == {asyncio.get_running_loop()}

    assert asyncio.run(run())
    assert len(fleet.names()) == 2


def test_a_cancelled_apply_ends_what_it_has_begun(fleet: Fleet) -> None:
    """A cancellation is raised when the run has ended; the state then has what was done."""

    async def run() -> None:
        project = fleet.open()
        begun = asyncio.Event()
        task = asyncio.create_task(
            project.apply_async(project.plan(), on_event=lambda _: begun.set())
        )
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())
    made = len(fleet.names())
    assert len(fleet.open().plan().actions) == 2 - made
    assert list(fleet.folder.glob("*.journal")) == []


def test_a_receiver_that_raises_stops_the_run_and_loses_nothing(fleet: Fleet) -> None:
    """Its exception is raised when the run has ended, and what was created is in the state."""

    def fail(event: Event) -> None:
        if type(event) is InstanceEnded:
            raise RuntimeError("the receiver is broken")

    project = fleet.open()
    with pytest.raises(RuntimeError, match="the receiver is broken"):
        project.apply(project.plan(), on_event=fail)
    assert len(fleet.open().plan().actions) == 2 - len(fleet.names())


def test_a_check_reports_each_instance_and_sink(fleet: Fleet) -> None:
    """A refused password is a part of the report, and no exception."""
    assert fleet.open().check().complete
    wrong = {**fleet.environ, "DOMO_GLOBEX_PASSWORD": "wrong"}
    report = Project.open(fleet.folder, environ=wrong).check()
    assert not report.complete
    failed = [each.key for each in report.instances if each.cause is not None]
    assert failed == ["globex"]


def test_an_import_takes_up_what_exists(fleet: Fleet) -> None:
    """A client of the manifest that exists at Domo is managed afterwards, and not created."""
    fleet.served.add_client("globex.domo.com", "Reporting")
    report = fleet.open().import_clients(targets=["globex"])
    assert [str(each) for each in report.imported] == ["globex/Reporting"]
    assert (report.left, fleet.names()) == ({}, ["Reporting"])
    plan = fleet.open().plan()
    assert [(each.kind, each.address.instance) for each in plan.actions] == [
        ("create", "acme-prod")
    ]


def test_an_error_has_its_place(fleet: Fleet) -> None:
    """An error of the manifest has the file, line and column of the first mistake."""
    (fleet.folder / "reconciler.yaml").write_text("version: 1\nbogus: 1\n")
    with pytest.raises(InvalidInput) as wrong:
        fleet.open()
    assert wrong.value.location is not None
    assert (wrong.value.location.line, wrong.value.location.column) == (2, 1)
    assert wrong.value.diagnostics


def test_what_is_not_there_is_an_error_of_its_own(fleet: Fleet) -> None:
    """A target that matches nothing, and a lock that another run holds."""
    project = fleet.open()
    with pytest.raises(UsageError):
        project.plan(targets=["nothing"])
    with pytest.raises(ValueError, match="time zone"):
        Project.open(fleet.folder, as_of=datetime(2026, 1, 31))  # noqa: DTZ001 (it is what is wrong)
    with pytest.raises(ValueError, match="concurrency"):
        Project.open(fleet.folder, concurrency=0)
    held = fleet.open()
    with (
        held._machine.store.lock(purpose="test", timeout=0),
        pytest.raises(LockHeld),
    ):
        project.apply(project.plan())


def test_the_example_runs_as_its_readme_says(
    tmp_path: Path, sandbox: Callable[..., "Running"]
) -> None:
    """The script applies, verifies, and finds nothing to do the second time."""
    user = {"email": "ops@acme-prod.example", "password": "pw"}
    served = sandbox({"seed": 5, "instances": {"acme-prod.domo.com": {"users": [user]}}})
    folder = tmp_path / "example"
    shutil.copytree(ROOT / "examples" / "python-api", folder)
    with (folder / "reconciler.yaml").open("a") as stream:
        template = served.instance_template
        stream.write(f"endpoints: {{api: {served.api}, instance: '{template}'}}\n")
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "DOMO_ACME_PROD_PASSWORD": "pw"}
    lines = [
        subprocess.run(
            [sys.executable, "fleet.py"],
            cwd=folder,
            env=env,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()
        for _ in range(2)
    ]
    assert lines[0][0] == "Plan: 1 to create."
    place = "json file secrets/acme-prod/reporting.json"
    assert lines[0][-1] == f"acme-prod/Reporting: {place} works"
    assert lines[1] == ["No changes.", f"acme-prod/Reporting: {place} works"]
