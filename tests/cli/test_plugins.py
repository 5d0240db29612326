"""Plugins, as installed distributions: a sink and a source of credentials from outside."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from reconciler.sandbox.running_sandbox import Running
    from tests.cli.conftest import Reconciler, Run

ROOT: Final = Path(__file__).parents[2]
PLUGINS: Final = ROOT / "tests" / "plugins"
MANIFEST: Final = """\
version: 1
endpoints: {{api: {api}, instance: "{instance}"}}
sinks:
  box: {{type: {kind}, file: {file}, entry: "{{instance}}/{{client}}"}}
defaults:
  auth:
    method: password
    email: ops@acme.example
    password: {{keyring: {{file: keys.json, entry: "{{instance}}"}}}}
instances:
  acme: {{clients: [{{name: {name}, scope: [data], sink: box}}]}}
"""


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the plugins with pip into a folder, without the network."""
    folder = tmp_path_factory.mktemp("plugins")
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", "--no-build-isolation", "--no-deps",
         "--no-index", "--target", folder, PLUGINS / "locker", PLUGINS / "keyring"],
        check=True,
    )  # fmt: skip
    return folder


@pytest.fixture
def run_with(
    installed: Path,
    tmp_path: Path,
    sandbox: Callable[..., "Running"],
    reconciler: "Reconciler",
    environment: dict[str, str],
) -> Callable[..., "Run"]:
    """Return a function that writes a manifest and runs a command with the plugins."""
    user = {"email": "ops@acme.example", "password": "right"}
    served = sandbox({"seed": 5, "instances": {"acme.domo.com": {"users": [user]}}})
    (tmp_path / "keys.json").write_text(json.dumps({"acme": "right"}))
    environment["PYTHONPATH"] += f":{installed}"

    def run(
        *arguments: str, kind: str = "locker", file: str = "got.json", name: str = "ETL"
    ) -> "Run":
        text = MANIFEST.format(
            api=served.api, instance=served.instance_template, kind=kind, file=file, name=name
        )
        (tmp_path / "reconciler.yaml").write_text(text)
        return reconciler(*arguments)

    return run


def test_a_manifest_with_plugins_is_validated_planned_applied_and_verified(
    run_with: Callable[..., "Run"], tmp_path: Path
) -> None:
    """The whole way works with a sink and a credential that this package does not know."""
    assert run_with("validate").code == 0
    plan = run_with("plan")
    assert (plan.code, "→ box" in plan.out) == (0, True)
    done = run_with("apply", "--auto-approve")
    assert (done.code, done.err.count("Error")) == (0, 0), done.err
    pair = json.loads((tmp_path / "got.json").read_text())["acme/ETL"]
    assert (pair["name"], len(pair["client_secret"]) > 20) == ("ETL", True)
    state = json.loads((tmp_path / "reconciler.state.json").read_text())
    (entry,) = state["clients"].values()
    assert entry["delivered"]["box"]["target"] == "locker got.json acme/ETL"
    verified = run_with("verify", "--format", "json")
    assert verified.code == 0, verified.err
    assert run_with("plan", "--detailed-exitcode").code == 0


def test_a_plan_loads_the_definition_of_a_plugin_alone(
    run_with: Callable[..., "Run"], installed: Path, tmp_path: Path
) -> None:
    """No adapter is imported, whatever the plan shows."""
    run_with("validate")
    script = (
        "import sys\n"
        "sys.argv = ['reconciler', 'plan']\n"
        "from reconciler.cli.main import run\n"
        "try:\n    run()\n"
        "finally:\n    print([each for each in sys.modules if '_plugin' in each])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={"PYTHONPATH": f"{ROOT}:{installed}", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    loaded = done.stdout.splitlines()[-1]
    assert "locker_plugin.definition" in loaded
    assert "keyring_plugin.definition" in loaded
    assert "adapter" not in loaded


def test_the_schema_of_a_plugin_is_enforced(run_with: Callable[..., "Run"]) -> None:
    """A wrong value and a value that only the plugin can reject are reported at their place."""
    wrong = run_with("validate", file="got.json, format: json")
    assert (wrong.code, "unknown locker format" in wrong.err) == (1, True), wrong.err
    rejected = run_with("validate", file="box/")
    assert (rejected.code, "must not end in a slash" in rejected.err) == (1, True), rejected.err


def test_a_type_that_no_plugin_provides_is_rejected(run_with: Callable[..., "Run"]) -> None:
    """The types that are known are listed."""
    run = run_with("validate", kind="locket")
    assert (run.code, "unknown sink type `locket`" in run.err) == (1, True), run.err


def test_a_plugin_that_cannot_be_loaded_stops_the_commands_that_need_it(
    run_with: Callable[..., "Run"], reconciler: "Reconciler", tmp_path: Path
) -> None:
    """The message names the distribution and the reason; another manifest is not affected."""
    run = run_with("plan", kind="unloadable")
    assert (run.code, run.out) == (1, "")
    assert "reconciler.yaml:4:15" in run.err
    assert "locker-plugin 1.0 cannot be loaded: ModuleNotFoundError" in run.err
    (tmp_path / "other.yaml").write_text("version: 1\n")
    assert reconciler("plan", "-f", "other.yaml").code == 0


def test_a_plugin_without_its_adapter_plans_and_creates_nothing(
    run_with: Callable[..., "Run"], tmp_path: Path
) -> None:
    """The definition is enough for a plan; an apply stops before its first request."""
    plan = run_with("plan", kind="halfway")
    assert plan.code == 0, plan.err
    run = run_with("apply", "--auto-approve", kind="halfway")
    assert (run.code, "locker_plugin.adapter:Missing cannot be loaded" in run.err) == (1, True)
    assert not (tmp_path / "reconciler.state.json").exists()


def test_the_text_of_an_error_in_a_plugin_is_not_shown(
    run_with: Callable[..., "Run"], tmp_path: Path
) -> None:
    """It may contain the secret, which stays in the state for the next apply."""
    run = run_with("apply", "--auto-approve", name="Clumsy")
    shown = "the plugin for `locker` raised RuntimeError" in run.err
    assert (run.code, shown) == (3, True), run.err
    assert not (tmp_path / "got.json").exists()
