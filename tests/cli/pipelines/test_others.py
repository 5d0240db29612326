"""GitLab's and Azure's pipelines: their own scripts, in clones of a real origin."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from reconciler.sandbox.handle import Running
    from tests.cli.pipelines.conftest import Ci

ROOT: Final = Path(__file__).parents[3]
PASSWORD: Final = "pw-81c0fe22"


@pytest.fixture
def served(sandbox: Callable[..., "Running"]) -> "Running":
    """Serve the one instance that the examples name."""
    user = {"email": "ops@acme-prod.example", "password": PASSWORD}
    return sandbox({"seed": 6, "instances": {"acme-prod.domo.com": {"users": [user]}}})


@pytest.fixture
def push(ci: "Ci", served: "Running") -> Callable[[str], None]:
    """Return a function that pushes an example to main, pointed at the sandbox."""

    def pushed(name: str) -> None:
        ci.git(ci.folder, "clone", "--quiet", str(ci.origin), "dev")
        endpoints = f"\nendpoints: {{api: {served.api}, instance: '{served.instance_template}'}}\n"
        for file in ("reconciler.yaml", ".gitignore"):
            text = (ROOT / "examples" / name / file).read_text()
            (ci.folder / "dev" / file).write_text(text + endpoints * (file == "reconciler.yaml"))
        ci.git(ci.folder / "dev", "add", ".")
        ci.git(ci.folder / "dev", "commit", "--quiet", "--message", "Begin")
        ci.git(ci.folder / "dev", "push", "--quiet", "origin", "main")

    return pushed


def assert_applied(ci: "Ci", served: "Running") -> None:
    """See that the client is made, the state is on main, and nothing is left to do."""
    (made,) = served.clients("acme-prod.domo.com")
    where = ci.checkout("after")
    assert "No changes." in ci.run(where, "reconciler plan", {}).log
    tracked = ci.git(where, "ls-files").split()
    assert {"ledger.jsonl", "reconciler.state.json"} <= set(tracked)
    assert not [each for each in tracked if each.endswith((".lock", ".backup", "plan.json"))]
    everything = "".join((where / each).read_text() for each in tracked)
    assert made.client_id in everything
    assert made.client_secret not in everything


def test_gitlab_plans_applies_and_commits(
    ci: "Ci",
    served: "Running",
    push: Callable[[str], None],
    workflow: Callable[[str], dict[str, Any]],
) -> None:
    """The job that is pressed does the plan of the job before, and pushes with its own token."""
    push("gitlab-ci")
    jobs = workflow("examples/gitlab-ci/.gitlab-ci.yml")
    with (ci.folder / "gitconfig").open("a") as settings:
        url = "https://gitlab-ci-token:job-token@gitlab.example/acme/domo.git"
        settings.write(f'[url "{ci.origin}"]\ninsteadOf = {url}\n')
    env = {
        "CI_JOB_TOKEN": "job-token",
        "CI_SERVER_HOST": "gitlab.example",
        "CI_PROJECT_PATH": "acme/domo",
        "CI_DEFAULT_BRANCH": "main",
        "GITLAB_USER_NAME": "Ada",
        "GITLAB_USER_EMAIL": "ada@acme.example",
        "GITLAB_USER_LOGIN": "ada",
        "GITHUB_ACTOR": "",
    }
    planned = ci.checkout("planned")
    ci.run(planned, "\n".join(jobs["plan"]["script"]), env)
    assert served.count() == 0
    assert "<html" in (planned / "plan.html").read_text()
    assert "<testsuites" in (planned / "validate.xml").read_text()
    applied = ci.checkout("applied")
    (applied / "plan.json").write_bytes((planned / "plan.json").read_bytes())
    secret = {**env, "DOMO_ACME_PROD_PASSWORD": PASSWORD}
    ci.run(applied, "\n".join(jobs["apply"]["script"]), secret)
    ci.run(applied, "\n".join(jobs["apply"]["after_script"]), secret)
    assert_applied(ci, served)
    assert '"who": "ada"' in (ci.folder / "after" / "ledger.jsonl").read_text()


def scripts(steps: list[Mapping[str, Any]]) -> str:
    """Return the scripts of a job's steps but the first, which installs."""
    return "\n".join(
        f"( {each['bash']}\n)" for each in steps if "bash" in each and not _installs(each)
    )


def _installs(step: Mapping[str, Any]) -> bool:
    return str(step.get("displayName", "")).startswith("Install")


def test_azure_plans_applies_and_commits(
    ci: "Ci",
    served: "Running",
    push: Callable[[str], None],
    workflow: Callable[[str], dict[str, Any]],
) -> None:
    """The stage that was approved does the plan of its own run."""
    push("azure-pipelines")
    stages = workflow("examples/azure-pipelines/azure-pipelines.yml")["stages"]
    planned, staged = ci.checkout("planned"), ci.folder / "workspace"
    env = {
        "AGENT_TEMPDIRECTORY": str(ci.folder),
        "BUILD_ARTIFACTSTAGINGDIRECTORY": str(staged),
        "PIPELINE_WORKSPACE": str(staged),
        "BUILD_REQUESTEDFOR": "Ada",
        "BUILD_REQUESTEDFOREMAIL": "ada@acme.example",
        "GITHUB_ACTOR": "",
    }
    ended = ci.run(planned, scripts(stages[0]["jobs"][0]["steps"]), env)
    assert f"##vso[task.uploadsummary]{staged}/plan/plan.md" in ended.log
    assert served.count() == 0
    deploy = stages[1]["jobs"][0]["strategy"]["runOnce"]["deploy"]["steps"]
    where = ci.checkout("applied")
    ci.run(where, scripts(deploy), {**env, "DOMO_ACME_PROD_PASSWORD": PASSWORD})
    assert_applied(ci, served)
    assert '"who": "ada@acme.example"' in (ci.folder / "after" / "ledger.jsonl").read_text()
