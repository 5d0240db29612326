"""The story of a pull request, with the shipped workflows' own steps."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from reconciler.sandbox.running_sandbox import Running
    from tests.cli.pipelines.conftest import Ci, Step

pytestmark = pytest.mark.usefixtures("uncovered")

Read = Callable[[str], dict[str, Any]]

INSTANCES: Final = 500
PASSWORD: Final = "pw-5e2a91c7"
RECIPIENT: Final = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
MANIFEST: Final = """\
version: 1
endpoints: {{api: {api}, instance: "{instance}"}}
state:
  encryption: {{age: {{recipients: [{recipient}]}}}}
defaults:
  auth: {{method: password, email: ops@acme.example, password: {{env: DOMO_ACME_PROD_PASSWORD}}}}
{sets}instances:
  i-000:{first}
{others}"""
LEAVING: Final = "\n    clients: [{name: Leaving, scope: [data], on_remove: revoke}]"
BASELINE: Final = """\
client_sets:
  baseline:
    select: {{all: true}}
    clients:
      - {{name: ETL, scope: [{scope}]}}
"""


@pytest.fixture
def served(sandbox: Callable[..., "Running"]) -> "Running":
    """Serve the fleet."""
    user = {"email": "ops@acme.example", "password": PASSWORD}
    keys = [f"i-{number:03}" for number in range(INSTANCES)]
    return sandbox({"seed": 4, "instances": {f"{key}.domo.com": {"users": [user]} for key in keys}})


def manifest(
    served: "Running", *, sets: str = "", first: str = " {}", count: int = INSTANCES
) -> str:
    """Return the fleet's manifest, or that of its first instances."""
    others = "".join(f"  i-{number:03}: {{}}\n" for number in range(1, count))
    return MANIFEST.format(
        api=served.api, instance=served.instance_template, recipient=RECIPIENT, sets=sets,
        first=first, others=others,
    )  # fmt: skip


class Repository:
    """A developer's clone, and the two workflows that the origin has."""

    def __init__(self, ci: "Ci", workflow: Read) -> None:
        self.ci = ci
        self.clone = ci.folder / "dev"
        self.jobs = 0
        self.head = ""
        self.deploy_key = ""
        self._plan = workflow("action.yml")["runs"]["steps"]
        path = "examples/github-actions/.github/workflows/apply.yml"
        self._apply = workflow(path)["jobs"]["apply"]["steps"]
        ci.git(ci.folder, "clone", "--quiet", str(ci.origin), "dev")
        (self.clone / ".gitignore").write_text("*.state.json.lock\n*.state.json.backup\n")

    def push(self, text: str, branch: str, *, path: str = "reconciler.yaml") -> None:
        """Commit a manifest on a branch from main, and push it."""
        git = self.ci.git
        if branch != "main":
            git(self.clone, "checkout", "--quiet", "-B", branch)
        (self.clone / path).parent.mkdir(exist_ok=True)
        (self.clone / path).write_text(text)
        git(self.clone, "add", ".")
        git(self.clone, "commit", "--quiet", "--message", f"Change on {branch}")
        git(self.clone, "push", "--quiet", "--force", "origin", branch)

    def propose(self, branch: str) -> None:
        """Make the ref that a pull request's checkout gets: its branch merged into main."""
        self.update()
        self.ci.git(self.clone, "checkout", "--quiet", "-B", "merged", "main")
        self.ci.git(self.clone, "merge", "--quiet", "--no-ff", "-m", "pull/7", branch)
        self.ci.git(self.clone, "push", "--quiet", "-f", "origin", "HEAD:refs/pull/7/merge")
        self.head = self.ci.git(self.clone, "rev-parse", branch)

    def update(self) -> None:
        """Bring main up to date."""
        self.ci.git(self.clone, "checkout", "--quiet", "main")
        self.ci.git(self.clone, "pull", "--quiet", "origin", "main")

    def merge(self, branch: str) -> str:
        """Merge the pull request and return main's new commit."""
        self.update()
        self.ci.git(self.clone, "merge", "--quiet", "--no-ff", "-m", "Merge 7", branch)
        self.ci.git(self.clone, "push", "--quiet", "origin", "main")
        commit = self.ci.git(self.clone, "rev-parse", "HEAD")
        self.ci.remember("pulls", commit, [7, self.head])
        return commit

    def planned(
        self,
        ref: str,
        *,
        folder: str = ".",
        file: str = "reconciler.yaml",
        token: str = "t",
        check: bool = True,
    ) -> "Step":
        """Run the action on a ref, as plan.yml does for a pull request of this repository."""
        inputs = {"file": file, "state": "", "as-of": "", "token": token}
        inputs["working-directory"] = folder
        context = {f"inputs.{key}": each for key, each in inputs.items()}
        context |= {"github.event.pull_request.number": "7", "github.token": "t"}
        context["github.event.pull_request.head.sha"] = self.head
        steps = [each for each in self._plan if each["id"] != "install"]
        where = self.job(ref)
        env = {"GITHUB_SHA": self.ci.git(where, "rev-parse", "HEAD")}
        ended = self.ci.steps(where, steps, context, env, check=check)
        if ended.code == 0 and self.head:
            text = Path(self.ci.outputs["plan"]["plan-file"]).read_text()
            self.ci.remember("artifacts", self.head, text)
        return ended

    def applied(
        self,
        *,
        inputs: Mapping[str, str] | None = None,
        check: bool = True,
        meanwhile: Callable[[], object] = lambda: None,
    ) -> "Step":
        """Run the workflow that applies on a fresh clone of main, without its install."""
        where = self.job("main")
        meanwhile()
        given = {"plan-id": "", "as-of": "", "override-limits": "false", **(inputs or {})}
        context = {f"inputs.{key}": each for key, each in given.items()}
        context |= {"github.token": "t", "secrets.DOMO_ACME_PROD_PASSWORD": PASSWORD}
        context["secrets.DOMO_DEPLOY_KEY"] = self.deploy_key
        env = {"GITHUB_SHA": self.ci.git(where, "rev-parse", "HEAD")}
        named = {each.get("id"): each for each in self._apply}
        self.ci.steps(where, [named["reviewed"]], context, env)
        ended = self.ci.steps(where, [named["apply"]], context, env, check=check)
        recorded = self.ci.steps(where, [named["record"]], context, env, check=check)
        return recorded if recorded.code else ended

    def job(self, ref: str) -> Path:
        """Return the clone of the next job."""
        self.jobs += 1
        return self.ci.checkout(f"job-{self.jobs}", ref)


def test_a_pull_request_is_planned_reviewed_and_applied(
    ci: "Ci", workflow: Read, served: "Running"
) -> None:
    """What the comment showed is done after the merge; where the state moved, nothing is."""
    repository = Repository(ci, workflow)
    repository.push(manifest(served, first=LEAVING), "main")
    first = repository.planned("main")
    assert ci.outputs["plan"]["changes"] == "1"
    repository.applied(inputs=ci.outputs["plan"])
    assert (first.code, len(served.clients("i-000.domo.com"))) == (0, 1)

    # A branch adds a client to 500 instances and removes one.
    repository.update()
    repository.push(manifest(served, sets=BASELINE.format(scope="data")), "feature")
    repository.propose("feature")
    repository.planned("refs/pull/7/merge")
    assert ci.outputs["plan"]["changes"] == str(INSTANCES + 1)
    assert ci.outputs["plan"]["exitcode"] == "2"
    comment = ci.github["comments"][-1]["body"]
    assert ci.outputs["plan"]["plan-id"] in comment
    assert (str(INSTANCES) in comment, "Leaving" in comment, len(comment) < 60_000) == (True,) * 3
    assert comment in ci.summary
    repository.planned("refs/pull/7/merge")
    assert len(ci.github["comments"]) == 1  # the first plan had none: it was posted, then updated

    repository.merge("feature")
    repository.applied()
    after = ci.run(repository.job("main"), "reconciler plan", {})
    assert "No changes." in after.log
    assert [each.name for each in served.clients("i-000.domo.com")] == ["ETL"]
    ledger = repository.job("main") / "ledger.jsonl"
    assert f"valid: {INSTANCES + 2:,} lines" in ci.run(ledger.parent, VERIFY, {}).log
    assert ledger.read_text().count('"who": "octocat"') == INSTANCES + 2

    # The same once more, and this time the state moves between the review and the merge.
    repository.update()
    repository.push(manifest(served, sets=BASELINE.format(scope="data, user")), "second")
    repository.propose("second")
    repository.planned("refs/pull/7/merge")
    elsewhere = repository.job("main")
    ci.run(elsewhere, MOVE, {})
    repository.merge("second")
    creates, before = served.count(route="create*"), ci.git(ci.origin, "rev-parse", "main")
    refused = repository.applied(check=False)
    assert (refused.code, "nothing was done" in refused.log) == (1, True)
    assert "i-001/Moved" in refused.log  # the plan's file was there, so what moved is shown
    ci.remember("artifacts", repository.head, None)  # expired
    refused = repository.applied(check=False)
    assert (refused.code, "is the id of another plan: nothing was done" in refused.log) == (1, True)
    forged = json.dumps({"plan_id": "0" * 64})
    ci.remember("artifacts", repository.head, forged)
    refused = repository.applied(check=False)
    assert (refused.code, "is the id of another plan: nothing was done" in refused.log) == (1, True)
    assert served.count(route="create*") == creates
    assert ci.git(ci.origin, "rev-parse", "main") == before


VERIFY: Final = "reconciler ledger verify ledger.jsonl"
MOVE: Final = """\
reconciler state mv --auto-approve i-001/ETL i-001/Moved
git add reconciler.state.json
git commit --quiet --message 'Move one by hand'
git push --quiet origin HEAD:main
"""


def test_a_plan_that_must_not_be_applied_is_shown_and_fails(
    ci: "Ci", workflow: Read, served: "Running"
) -> None:
    """The comment says why, and the check is red."""
    repository = Repository(ci, workflow)
    protected = "\n    clients: [{name: Kept, scope: [data], protect: true}]"
    repository.push(manifest(served, first=protected, count=2), "main")
    repository.planned("main")
    repository.applied(inputs=ci.outputs["plan"])
    repository.update()
    repository.push(manifest(served, first=protected.replace("data", "user"), count=2), "feature")
    repository.propose("feature")
    verdict = repository.planned("refs/pull/7/merge", check=False)
    assert (verdict.code, ci.outputs["plan"]["exitcode"]) == (1, "1")
    assert "protect" in ci.github["comments"][-1]["body"]


def test_a_state_that_cannot_be_pushed_is_kept_whole(
    ci: "Ci", workflow: Read, served: "Running"
) -> None:
    """Where another run pushed its own state, the job fails, and keeps what the apply wrote."""
    repository = Repository(ci, workflow)
    repository.push(manifest(served, first=LEAVING, count=2), "main")
    repository.planned("main")
    theirs: list[str] = []
    failed = repository.applied(
        inputs=ci.outputs["plan"], check=False, meanwhile=lambda: theirs.append(ci.interfere())
    )
    assert (failed.code, "could not be pushed" in failed.log) == (1, True)
    assert ci.git(ci.origin, "show", "main:reconciler.state.json") + "\n" == theirs[0]
    assert_kept(ci.folder / "kept", served.clients("i-000.domo.com")[0].client_id)
    steps = workflow("examples/github-actions/.github/workflows/apply.yml")["jobs"]["apply"]
    assert steps["steps"][-1]["with"]["path"] == "${{ runner.temp }}/kept/"


def assert_kept(kept: Path, client_id: str) -> None:
    """See that a state and a ledger are there, that can be read and know the client."""
    assert client_id in json.dumps(json.loads((kept / "reconciler.state.json").read_bytes()))
    assert all(json.loads(line) for line in (kept / "ledger.jsonl").read_text().splitlines())


@pytest.mark.parametrize("folder", [".", "ops", "./ops/"])
def test_mistakes_become_annotations(
    folder: str, ci: "Ci", workflow: Read, served: "Running"
) -> None:
    """A wrong manifest stops the job, with a command for each mistake at the repository's path."""
    repository = Repository(ci, workflow)
    wrong = manifest(served, sets=BASELINE.format(scope="dta"), count=2)
    path = "reconciler.yaml" if folder == "." else "ops/reconciler.yaml"
    repository.push(wrong, "main", path=path)
    ended = repository.planned("main", folder=folder, check=False)
    assert ended.code == 1
    line = wrong[: wrong.index("dta")].count("\n") + 1
    assert ended.log.startswith(f"::error file={path},line={line},col=")


def test_a_push_that_cannot_be_planned_takes_the_earlier_plan_away(
    ci: "Ci", workflow: Read, served: "Running"
) -> None:
    """The comment names the commit of its plan, and later that the last push has none."""
    repository = Repository(ci, workflow)
    repository.push(manifest(served, first=LEAVING, count=2), "main")
    repository.push(manifest(served, sets=BASELINE.format(scope="data"), count=2), "feature")
    repository.propose("feature")
    repository.planned("refs/pull/7/merge")
    (planned,) = ci.github["comments"]
    url = f"https://github.com/acme/domo/blob/{repository.head}/reconciler.yaml#L"
    assert (url in planned["body"], ci.outputs["plan"]["plan-id"] in planned["body"]) == (True,) * 2
    commit = f"https://github.com/acme/domo/commit/{repository.head}"
    assert f"Made for [`{repository.head[:7]}`]({commit})." in planned["body"]

    repository.push(manifest(served, sets=BASELINE.format(scope="dta"), count=2), "feature")
    repository.propose("feature")
    assert repository.planned("refs/pull/7/merge", check=False).code == 1
    (broken,) = ci.github["comments"]
    assert broken["body"].startswith("<!-- reconciler:plan reconciler.yaml -->\n")
    assert f"[`{repository.head[:7]}`]" in broken["body"]
    assert ("cannot be planned" in broken["body"], "Plan id" in broken["body"]) == (True, False)
    assert "https://github.com/acme/domo/actions/runs/42" in broken["body"]


def test_a_manifest_in_a_folder_is_planned_and_linked_there(
    ci: "Ci", workflow: Read, served: "Running"
) -> None:
    """The plan is the one of that folder, and its links go to the repository's paths."""
    repository = Repository(ci, workflow)
    text = manifest(served, first=LEAVING, count=2)
    repository.push(text, "main", path="ops/reconciler.yaml")
    repository.planned("main", folder="ops")
    assert "/ops/reconciler.yaml#L" in ci.github["comments"][0]["body"]
    assert "/ops/ops/" not in ci.github["comments"][0]["body"]


@pytest.mark.parametrize(
    ("files", "planned"),
    [(["reconciler.yaml"], True), ([".github/workflows/plan.yml"], True), (["README.md"], False)],
)
def test_a_pull_request_that_touches_nothing_planned_ends_early(
    files: list[str], planned: bool, ci: "Ci", workflow: Read
) -> None:
    """The workflow's check is there for each pull request, its plan where there is one to make."""
    job = workflow("examples/github-actions/.github/workflows/plan.yml")["jobs"]["plan"]
    first, *others = job["steps"]
    store = {**ci.github, "files": files}
    (ci.folder / "github.json").write_text(json.dumps(store))
    context = {"github.token": "t", "github.event.pull_request.number": "7"}
    ended = ci.steps(ci.folder, [first], context, {})
    assert (ended.outputs.get("plan") == "true") is planned
    assert all(each["if"] == "steps.touched.outputs.plan == 'true'" for each in others)


def test_a_plan_over_a_limit_is_applied_where_that_is_asked_for(
    ci: "Ci", workflow: Read, served: "Running"
) -> None:
    """Dispatched without the override the plan is refused, with it the plan is done."""
    repository = Repository(ci, workflow)
    limited = manifest(served, first=LEAVING, count=2).replace(
        "defaults:", "limits: {max_create: 0}\ndefaults:"
    )
    repository.push(limited, "main")
    repository.planned("main")
    given = {key: ci.outputs["plan"][key] for key in ("plan-id", "as-of")}
    assert repository.applied(inputs=given, check=False).code != 0
    assert served.clients("i-000.domo.com") == ()
    assert repository.applied(inputs={**given, "override-limits": "true"}).code == 0
    assert len(served.clients("i-000.domo.com")) == 1


def test_a_deploy_key_pushes_where_the_token_may_not(
    ci: "Ci", workflow: Read, served: "Running"
) -> None:
    """With the key as a secret the state goes to main over SSH, and the key's file is removed."""
    with (ci.folder / "gitconfig").open("a") as settings:
        settings.write(f'[url "{ci.origin}"]\ninsteadOf = git@github.com:acme/domo.git\n')
    repository = Repository(ci, workflow)
    repository.push(manifest(served, first=LEAVING, count=2), "main")
    repository.planned("main")
    repository.deploy_key = "-----BEGIN KEY-----"
    repository.applied(inputs=ci.outputs["plan"])
    assert ["auth", "setup-git"] not in ci.github["calls"]
    assert "reconciler.state.json" in ci.git(ci.origin, "ls-tree", "--name-only", "main")
    assert (ci.folder / "known-hosts").read_text() == "github.com ssh-ed25519 AAAA\n"
    assert not (ci.folder / "deploy-key").exists()


def test_a_commit_that_nobody_reviewed_is_not_applied(
    ci: "Ci", workflow: Read, served: "Running"
) -> None:
    """Without a pull request, and without a plan in it, the job fails before it applies."""
    repository = Repository(ci, workflow)
    repository.push(manifest(served, first=LEAVING, count=2), "main")
    steps = workflow("examples/github-actions/.github/workflows/apply.yml")["jobs"]["apply"]
    step = next(each for each in steps["steps"] if each.get("id") == "reviewed")
    where = repository.job("main")
    commit = ci.git(where, "rev-parse", "HEAD")
    env = {"GITHUB_SHA": commit, "PLAN_ID": "", "AS_OF": "", "GH_TOKEN": "t"}
    env["MANIFEST"] = "reconciler.yaml"
    assert "nothing was reviewed" in ci.run(where, step["run"], env, check=False).log
    ci.remember("pulls", commit, [7, "c0ffee"])
    assert "has no plan" in ci.run(where, step["run"], env, check=False).log
    assert served.count() == 0
