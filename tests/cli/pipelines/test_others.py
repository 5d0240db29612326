"""GitLab's and Azure's pipelines: their own scripts, in clones of a real origin."""

import json
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from reconciler.sandbox.running_sandbox import Running
    from tests.cli.pipelines.conftest import Ci, Step

pytestmark = pytest.mark.usefixtures("uncovered")

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


def assert_kept(ci: "Ci", served: "Running", kept: Path, theirs: str) -> None:
    """See that main is as the other run left it, and the files of this one are whole."""
    assert ci.git(ci.origin, "show", "main:reconciler.state.json") + "\n" == theirs
    (made,) = served.clients("acme-prod.domo.com")
    state = json.loads((kept / "reconciler.state.json").read_bytes())
    assert made.client_id in json.dumps(state)
    assert all(json.loads(line) for line in (kept / "ledger.jsonl").read_text().splitlines())


class GitLab:
    """The jobs of the pipeline, run in clones of the origin."""

    def __init__(self, ci: "Ci", jobs: dict[str, Any]) -> None:
        self.ci = ci
        self.jobs = jobs
        with (ci.folder / "gitconfig").open("a") as settings:
            url = "https://gitlab-ci-token:job-token@gitlab.example/acme/domo.git"
            settings.write(f'[url "{ci.origin}"]\ninsteadOf = {url}\n')
        self.env = {
            "CI_JOB_TOKEN": "job-token",
            "CI_SERVER_HOST": "gitlab.example",
            "CI_PROJECT_PATH": "acme/domo",
            "CI_PROJECT_URL": "https://gitlab.example/acme/domo",
            "CI_COMMIT_SHA": "c0ffee",
            "CI_DEFAULT_BRANCH": "main",
            "GITLAB_USER_NAME": "Ada",
            "GITLAB_USER_EMAIL": "ada@acme.example",
            "GITLAB_USER_LOGIN": "ada",
            "GITHUB_ACTOR": "",
        }

    def planned(self) -> Path:
        """Run the job that plans and return its folder."""
        where = self.ci.checkout("planned")
        job = self.jobs["plan"]
        given = {key: Template(each).substitute(self.env) for key, each in job["variables"].items()}
        self.ci.run(where, "\n".join(job["script"]), {**self.env, **given})
        return where

    def ready(self, planned: Path) -> Path:
        """Return the folder of the job that applies, with the artifact of the one before."""
        where = self.ci.checkout("applied")
        (where / "plan.json").write_bytes((planned / "plan.json").read_bytes())
        return where

    def applied(self, where: Path, password: str = PASSWORD) -> "Step":
        """Run the job that applies, and what GitLab runs after it, whatever became of it."""
        secret = {**self.env, "DOMO_ACME_PROD_PASSWORD": password}
        job = self.jobs["apply"]
        ended = self.ci.run(where, "\n".join(job["script"]), secret, check=False)
        self.ci.run(where, "\n".join(job["after_script"]), secret, check=False)
        return ended


@pytest.fixture
def gitlab(
    ci: "Ci", push: Callable[[str], None], workflow: Callable[[str], dict[str, Any]]
) -> GitLab:
    """Return the pipeline of a repository that has the example."""
    push("gitlab-ci")
    return GitLab(ci, workflow("examples/gitlab-ci/.gitlab-ci.yml"))


def test_gitlab_plans_applies_and_commits(ci: "Ci", served: "Running", gitlab: GitLab) -> None:
    """The job that is pressed does the plan of the job before, and pushes with its own token."""
    planned = gitlab.planned()
    assert served.count() == 0
    page = (planned / "plan.html").read_text()
    assert "https://gitlab.example/acme/domo/-/blob/c0ffee/reconciler.yaml#L" in page
    assert "<testsuites" in (planned / "validate.xml").read_text()
    ended = gitlab.applied(gitlab.ready(planned))
    assert ended.code == 0, ended.log
    assert_applied(ci, served)
    assert '"who": "ada"' in (ci.folder / "after" / "ledger.jsonl").read_text()


def test_gitlab_fails_where_the_state_cannot_be_pushed(
    ci: "Ci", served: "Running", gitlab: GitLab
) -> None:
    """The job is red, and its artifact has the files as the apply wrote them."""
    where = gitlab.ready(gitlab.planned())
    theirs = ci.interfere()
    failed = gitlab.applied(where)
    assert (failed.code, "could not be pushed" in failed.log) == (1, True)
    assert gitlab.jobs["apply"]["artifacts"]["paths"] == ["kept/"]
    assert_kept(ci, served, where / "kept", theirs)


def test_gitlab_records_what_was_done_before_a_failure(
    ci: "Ci", served: "Running", gitlab: GitLab
) -> None:
    """An apply that fails makes the job fail, once its ledger is on main."""
    before = ci.git(ci.origin, "rev-parse", "main")
    failed = gitlab.applied(gitlab.ready(gitlab.planned()), password="wrong")
    assert failed.code not in {0, 64}
    assert not served.clients("acme-prod.domo.com")
    assert ci.git(ci.origin, "rev-parse", "main") != before


def scripts(steps: list[Mapping[str, Any]]) -> str:
    """Return the scripts of a job's steps but the first, which installs."""
    return "\n".join(
        f"( {each['bash']}\n)" for each in steps if "bash" in each and not _installs(each)
    )


def _installs(step: Mapping[str, Any]) -> bool:
    return str(step.get("displayName", "")).startswith("Install")


class Azure:
    """The stages of the pipeline, run in clones of the origin."""

    def __init__(self, ci: "Ci", stages: list[dict[str, Any]]) -> None:
        self.ci = ci
        self.stages = stages
        self.staged = ci.folder / "workspace"
        self.env = {
            "AGENT_TEMPDIRECTORY": str(ci.folder),
            "BUILD_ARTIFACTSTAGINGDIRECTORY": str(self.staged),
            "PIPELINE_WORKSPACE": str(self.staged),
            "BUILD_REPOSITORY_PROVIDER": "TfsGit",
            "BUILD_REPOSITORY_URI": "https://dev.azure.com/acme/ops/_git/domo",
            "BUILD_SOURCEVERSION": "c0ffee",
            "BUILD_REQUESTEDFOR": "Ada",
            "BUILD_REQUESTEDFOREMAIL": "ada@acme.example",
            "GITHUB_ACTOR": "",
        }

    def planned(self) -> "Step":
        """Run the stage that plans."""
        steps = self.stages[0]["jobs"][0]["steps"]
        return self.ci.run(self.ci.checkout("planned"), scripts(steps), self.env)

    def applied(self, where: Path) -> "Step":
        """Run the stage that applies."""
        steps = self.stages[1]["jobs"][0]["strategy"]["runOnce"]["deploy"]["steps"]
        secret = {**self.env, "DOMO_ACME_PROD_PASSWORD": PASSWORD}
        return self.ci.run(where, scripts(steps), secret, check=False)


@pytest.fixture
def azure(
    ci: "Ci", push: Callable[[str], None], workflow: Callable[[str], dict[str, Any]]
) -> Azure:
    """Return the pipeline of a repository that has the example."""
    push("azure-pipelines")
    return Azure(ci, workflow("examples/azure-pipelines/azure-pipelines.yml")["stages"])


def test_azure_plans_applies_and_commits(ci: "Ci", served: "Running", azure: Azure) -> None:
    """The stage that was approved does the plan of its own run."""
    planned = azure.planned()
    assert f"##vso[task.uploadsummary]{azure.staged}/plan/plan.md" in planned.log
    links = "https://dev.azure.com/acme/ops/_git/domo?version=GCc0ffee&path=/reconciler.yaml#L"
    assert links in (azure.staged / "plan" / "plan.md").read_text()
    assert served.count() == 0
    ended = azure.applied(ci.checkout("applied"))
    assert ended.code == 0, ended.log
    assert_applied(ci, served)
    assert '"who": "ada@acme.example"' in (ci.folder / "after" / "ledger.jsonl").read_text()


def test_azure_keeps_a_state_that_cannot_be_pushed(
    ci: "Ci", served: "Running", azure: Azure
) -> None:
    """The stage fails, and its artifact has the files as the apply wrote them."""
    azure.planned()
    where = ci.checkout("applied")
    theirs = ci.interfere()
    failed = azure.applied(where)
    assert (failed.code, "could not be pushed" in failed.log) == (1, True)
    assert_kept(ci, served, azure.staged / "state", theirs)


@pytest.mark.parametrize(
    "path",
    [
        "github-actions/.github/workflows/apply.yml",
        "azure-pipelines/azure-pipelines.yml",
    ],
)
def test_one_secret_can_hold_every_password(
    path: str, ci: "Ci", served: "Running", push: Callable[[str], None]
) -> None:
    """What the head of the pipeline offers for hundreds of instances is applied as it stands."""
    if shutil.which("jq") is None:
        pytest.skip("the machines of the CI systems have jq, this one has not")
    push(path.partition("/")[0])
    offered = re.search(
        r"#   password: (\{command: \[jq.*)", (ROOT / "examples" / path).read_text()
    )
    assert offered
    manifest = ci.folder / "dev" / "reconciler.yaml"
    text = manifest.read_text()
    manifest.write_text(text.replace('{env: "DOMO_{INSTANCE}_PASSWORD"}', offered.group(1)))
    assert manifest.read_text() != text
    secret = json.dumps({"globex": "another", "acme-prod": PASSWORD})
    ci.run(manifest.parent, "reconciler apply --auto-approve", {"DOMO_PASSWORDS": secret})
    assert len(served.clients("acme-prod.domo.com")) == 1


def recording(system: str, workflow: Callable[[str], dict[str, Any]]) -> str:
    """Return the script of a pipeline that records what an apply has left."""
    if system == "github":
        jobs = workflow("examples/github-actions/.github/workflows/apply.yml")["jobs"]
        return next(str(e["run"]) for e in jobs["apply"]["steps"] if e.get("id") == "record")
    if system == "gitlab":
        (script,) = workflow("examples/gitlab-ci/.gitlab-ci.yml")["apply"]["after_script"]
        return str(script)
    stages = workflow("examples/azure-pipelines/azure-pipelines.yml")["stages"]
    steps = stages[1]["jobs"][0]["strategy"]["runOnce"]["deploy"]["steps"]
    return next(str(e["bash"]) for e in steps if e.get("condition") == "always()")


@pytest.mark.parametrize("system", ["github", "gitlab", "azure"])
def test_what_an_interrupted_apply_left_is_kept(
    system: str, ci: "Ci", workflow: Callable[[str], dict[str, Any]]
) -> None:
    """A journal, whose secrets may be nowhere else, is kept where no push goes through."""
    dev = ci.folder / "dev"
    ci.git(ci.folder, "clone", "--quiet", str(ci.origin), "dev")
    (dev / "reconciler.yaml").write_text("version: 1\n")
    ci.git(dev, "add", ".")
    ci.git(dev, "commit", "--quiet", "--message", "Begin")
    ci.git(dev, "push", "--quiet", "origin", "main")
    where = ci.checkout("job")
    journal = "reconciler.state.json.20260131.journal"
    (where / journal).write_text("{}\n")
    ci.git(where, "remote", "set-url", "--push", "origin", str(ci.folder / "nowhere"))
    given = {"DEPLOY_KEY": "", "BUILD_ARTIFACTSTAGINGDIRECTORY": str(ci.folder)}
    given |= {"GITLAB_USER_NAME": "Ada", "GITLAB_USER_EMAIL": "a@acme.example"}
    given |= {"BUILD_REQUESTEDFOR": "Ada", "BUILD_REQUESTEDFOREMAIL": "a@acme.example"}
    given |= {"CI_JOB_TOKEN": "t", "CI_SERVER_HOST": "127.0.0.1:9", "CI_PROJECT_PATH": "a/b"}
    ended = ci.run(where, recording(system, workflow), given, check=False)
    assert (ended.code, "could not be pushed" in ended.log) == (1, True)
    kept = {"github": ci.folder / "kept", "gitlab": where / "kept", "azure": ci.folder / "state"}
    assert (kept[system] / journal).read_text() == "{}\n"
    assert ci.git(where, "ls-files", journal) == journal
