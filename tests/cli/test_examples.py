"""Every example is run as its README says, against a sandbox."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from reconciler.sandbox.running_sandbox import Running

pytestmark = pytest.mark.usefixtures("uncovered")

EXAMPLES: Final = Path(__file__).parents[2] / "examples"
RUNNABLE: Final = ("fleet", "quickstart")
TOLD: Final = (
    "life-of-a-client",  # step by step, in test_life.py
    "python-api",  # in tests/api
)
PIPELINES: Final = ("azure-pipelines", "github-actions", "gitlab-ci")


def fleet_config(*keys: str) -> dict[str, Any]:
    """Return a sandbox in which each instance has the operator that the examples name."""
    return {
        "seed": 5,
        "instances": {
            f"{key}.domo.com": {"users": [{"email": f"ops@{key}.example", "password": f"pw-{key}"}]}
            for key in keys
        },
    }


@pytest.mark.parametrize("name", RUNNABLE)
def test_an_example_plans_applies_and_is_then_unchanged(
    name: str,
    tmp_path: Path,
    sandbox: Callable[..., "Running"],
    reconciler: Callable[..., Any],
) -> None:
    """Its clients are made with every secret in its sink, and the next plan has no changes."""
    keys = {
        "fleet": ("acme-dev", "acme-prod", "globex", "globex-lab"),
        "quickstart": ("acme-prod",),
    }
    served = sandbox(fleet_config(*keys[name]))
    shutil.copytree(EXAMPLES / name, tmp_path, dirs_exist_ok=True)
    endpoints = f"endpoints: {{api: {served.api}, instance: '{served.instance_template}'}}\n"
    if name == "fleet":
        (tmp_path / "sandbox.yaml").write_text(f"version: 1\n{endpoints}")
    else:
        with (tmp_path / "reconciler.yaml").open("a") as stream:
            stream.write(endpoints)
    where = ("-f", ".") if name == "fleet" else ()
    passwords = {f"DOMO_{k.upper().replace('-', '_')}_PASSWORD": f"pw-{k}" for k in keys[name]}
    assert reconciler("validate", *where).code == 0
    assert reconciler("plan", *where, "--detailed-exitcode").code == 2
    applied = reconciler("apply", *where, "--auto-approve", env=passwords)
    assert applied.code == 0, applied.err
    assert reconciler("plan", *where, "--detailed-exitcode").code == 0
    made = [client for key in keys[name] for client in served.clients(f"{key}.domo.com")]
    written = "".join(
        path.read_text() for path in (tmp_path / "secrets").rglob("*.*") if path.is_file()
    )
    assert made
    assert all(client.client_secret in written for client in made)


@pytest.mark.parametrize("name", PIPELINES)
def test_the_manifest_of_a_pipeline_plans(
    name: str, tmp_path: Path, reconciler: Callable[..., Any]
) -> None:
    """It is right as it stands, and its state may be committed."""
    shutil.copytree(EXAMPLES / name, tmp_path, dirs_exist_ok=True)
    planned = reconciler("plan")
    assert (planned.code, "Plan: 1 to create." in planned.out) == (0, True)
    assert "kept in plain" not in planned.out


def test_every_example_is_tested() -> None:
    """A folder under examples/ is run here, and a pipeline in `tests/cli/pipelines`."""
    folders = {each.name for each in EXAMPLES.iterdir() if each.is_dir()}
    assert folders == {*RUNNABLE, *PIPELINES, *TOLD}
