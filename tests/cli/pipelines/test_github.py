"""The story of a pull request, with the shipped workflows' own steps."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from reconciler.sandbox.handle import Running
    from tests.cli.pipelines.conftest import Ci, Step

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
        self._plan = workflow("action.yml")["runs"]["steps"]
        path = "examples/github-actions/.github/workflows/apply.yml"
        self._apply = workflow(path)["jobs"]["apply"]["steps"]
        ci.git(ci.folder, "clone", "--quiet", str(ci.origin), "dev")
        (self.clone / ".gitignore").write_text("*.state.json.lock\n*.state.json.backup\n")

    def push(self, text: str, branch: str) -> None:
        """Commit a manifest on a branch from main, and push it."""
        git = self.ci.git
        if branch != "main":
            git(self.clone, "checkout", "--quiet", "-B", branch)
        (self.clone / "reconciler.yaml").write_text(text)
        git(self.clone, "add", ".")
        git(self.clone, "commit", "--quiet", "--message", f"Change on {branch}")
        git(self.clone, "push", "--quiet", "--force", "origin", branch)

    def propose(self, branch: str) -> None:
        """Make the ref that a pull request's checkout gets: its branch merged into main."""
        self.update()
        self.ci.git(self.clone, "checkout", "--quiet", "-B", "merged", "main")
        self.ci.git(self.clone, "merge", "--quiet", "--no-ff", "-m", "pull/7", branch)
        self.ci.git(self.clone, "push", "--quiet", "-f", "origin", "HEAD:refs/pull/7/merge")

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
        self.ci.remember(commit, 7)
        return commit

    def planned(self, ref: str, *, check: bool = True) -> "Step":
        """Run the action on a ref, as plan.yml does for a pull request of this repository."""
        inputs = {"file": "reconciler.yaml", "state": "", "as-of": "", "token": "t"}
        context = {f"inputs.{key}": each for key, each in inputs.items()}
        context |= {"github.event.pull_request.number": "7", "github.token": "t"}
        steps = [each for each in self._plan if each["id"] != "install"]
        where = self.job(ref)
        return self.ci.steps(where, steps, context, {}, check=check)

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
        given = {"plan-id": "", "as-of": "", **(inputs or {})}
        context = {f"inputs.{key}": each for key, each in given.items()}
        context |= {"github.token": "t", "secrets.DOMO_ACME_PROD_PASSWORD": PASSWORD}
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


def test_mistakes_become_annotations(ci: "Ci", workflow: Read, served: "Running") -> None:
    """A wrong manifest stops the job at its first step, with a command for each mistake."""
    repository = Repository(ci, workflow)
    wrong = manifest(served, sets=BASELINE.format(scope="dta"), count=2)
    repository.push(wrong, "main")
    where = repository.job("main")
    step = next(
        each for each in workflow("action.yml")["runs"]["steps"] if each["id"] == "validate"
    )
    env = {"RECONCILER_FILE": "reconciler.yaml"}
    ended = ci.run(where, step["run"], env, check=False)
    assert ended.code == 1
    line = wrong[: wrong.index("dta")].count("\n") + 1
    assert ended.log.startswith(f"::error file=reconciler.yaml,line={line},col=")


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
    env = {"GITHUB_SHA": commit, "PLAN_ID": "", "AS_OF": ""}
    assert "nothing was reviewed" in ci.run(where, step["run"], env, check=False).log
    ci.remember(commit, 7)
    assert "has no plan" in ci.run(where, step["run"], env, check=False).log
    assert served.count() == 0
