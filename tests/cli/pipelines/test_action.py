"""The action by itself: its comment, several manifests in one pull request, its installation."""

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from tests.cli.pipelines.conftest import Ci, Step

pytestmark = pytest.mark.usefixtures("uncovered")

Read = Callable[[str], dict[str, Any]]

ROOT: Final = Path(__file__).parents[3]
MANIFEST: Final = """\
version: 1
defaults: {auth: {method: token, token: {env: TOKEN}}}
instances: {acme: {clients: [{name: Reporting, scope: [data]}]}}
"""


class Action:
    """The action in a clone, for pull request 7."""

    def __init__(self, ci: "Ci", steps: list[dict[str, Any]]) -> None:
        self.ci = ci
        self.where = ci.folder / "clone"
        self._steps: list[Mapping[str, Any]] = [each for each in steps if each["id"] != "install"]
        for path in ("reconciler.yaml", "ops/a--b.yaml", "ops/a/b.yaml", "ops-a-b.yaml"):
            (self.where / path).parent.mkdir(parents=True, exist_ok=True)
            (self.where / path).write_text(MANIFEST)

    def run(self, file: str, *, state: str = "", folder: str = ".", token: str = "t") -> "Step":
        """Run its steps as GitHub would."""
        inputs = {"file": file, "state": state, "as-of": "", "token": token}
        inputs["working-directory"] = folder
        context = {f"inputs.{key}": each for key, each in inputs.items()}
        context |= {"github.event.pull_request.number": "7"}
        context["github.event.pull_request.head.sha"] = "c0ffee"
        return self.ci.steps(self.where, self._steps, context, {"GITHUB_SHA": "c0ffee"})

    def comments(self) -> list[tuple[str, str]]:
        """Return the author and the first line of each comment."""
        found = self.ci.github["comments"]
        return [(each["user"]["login"], each["body"].partition("\n")[0]) for each in found]


@pytest.fixture
def action(ci: "Ci", workflow: Read) -> Action:
    """Return the action, ready to run."""
    return Action(ci, workflow("action.yml")["runs"]["steps"])


def test_each_manifest_has_its_own_comment_files_and_artifact(action: Action) -> None:
    """The second manifest of a pull request replaces nothing of the first."""
    given = [
        {"file": "reconciler.yaml"},
        {"file": "reconciler.yaml", "state": "other.state.json"},
        {"file": "ops/a/b.yaml"},
        {"file": "ops/a--b.yaml"},
        {"file": "ops-a-b.yaml"},
    ]
    outputs = []
    for each in (*given, *given):
        action.run(**each)
        put = action.ci.outputs
        files = (put["plan"]["plan-file"], put["plan"]["markdown-file"])
        outputs.append((put["paths"]["name"], *files))
    assert outputs[: len(given)] == outputs[len(given) :]
    assert [len(set(each)) for each in zip(*outputs, strict=True)] == [len(given)] * 3
    assert all(Path(path).is_file() for _, *paths in outputs for path in paths)
    assert [first for _, first in action.comments()] == [
        "<!-- reconciler:plan reconciler.yaml -->",
        "<!-- reconciler:plan reconciler.yaml+other.state.json -->",
        "<!-- reconciler:plan ops%2Fa%2Fb.yaml -->",
        "<!-- reconciler:plan ops%2Fa-%2Db.yaml -->",
        "<!-- reconciler:plan ops-a-b.yaml -->",
    ]


def test_one_manifest_has_one_name_however_it_is_written(action: Action) -> None:
    """A folder and a file in it give the same comment as the path from the root."""
    action.run("ops/a/b.yaml")
    action.run("./a/b.yaml", folder="./ops/")
    assert len(action.comments()) == 1


def test_the_title_names_the_tool_and_the_manifest(action: Action) -> None:
    """A reader of a pull request with many bots and manifests knows what is planned."""
    action.run("ops/a/b.yaml")
    (comment,) = action.ci.github["comments"]
    assert "\n\n### domo-reconciler plan: 1 to create · `ops/a/b.yaml`\n\n" in comment["body"]
    assert comment["body"].count("###") == 1


@pytest.mark.parametrize("token", ["t", "app", "pat"])
def test_a_comment_is_found_with_any_token_and_only_its_own_is_edited(
    token: str, action: Action
) -> None:
    """A bot of GitHub, an app or a person: a comment of another user with the mark stays."""
    others = [each for each in ("t", "app", "pat") if each != token]
    for each in others:
        action.run("reconciler.yaml", token=each)
    before = action.ci.github["comments"]
    for _ in range(2):
        action.run("reconciler.yaml", token=token)
    after = action.ci.github["comments"]
    assert (after[:2], len(after)) == (before, 3)


def test_a_quoted_comment_is_not_the_plan(action: Action) -> None:
    """A comment of the same user that contains the mark elsewhere is not edited."""
    action.run("reconciler.yaml")
    store = action.ci.github["comments"]
    store[0]["body"] = "> " + store[0]["body"]
    action.ci.set("comments", store)
    action.run("reconciler.yaml")
    after = action.ci.github["comments"]
    assert (after[0], len(after)) == (store[0], 2)


PYTHON: Final = """\
#!/bin/sh
# python3, and a pip in its environments that only records what it is asked for.
if [ "$1" = -m ]; then
  mkdir -p "$3/bin"
  cat > "$3/bin/pip" << 'END'
#!/bin/sh
echo "$@" > "$RUNNER_TEMP/pip"
END
  exec chmod +x "$3/bin/pip"
fi
exec {python} "$@"
"""


@pytest.fixture
def step(ci: "Ci", workflow: Read) -> Callable[..., "Step"]:
    """Return a function that runs one step of the action, with a pip that records."""
    steps = {each["id"]: each for each in workflow("action.yml")["runs"]["steps"]}
    python = ci.folder / "bin" / "python3"
    python.write_text(PYTHON.format(python=sys.executable))
    python.chmod(0o755)

    def run(name: str, **env: str) -> "Step":
        path = {"GITHUB_PATH": str(ci.folder / "path")}
        return ci.run(ci.folder, steps[name]["run"], {**path, **env}, check=False)

    return run


def test_the_own_commit_is_installed_by_default(ci: "Ci", step: Callable[..., "Step"]) -> None:
    """What runs is what `uses: …@COMMIT` names, not the newest version of an index."""
    ended = step("install", VERSION="", GITHUB_ACTION_PATH=str(ROOT))
    assert ended.code == 0, ended.log
    assert (ci.folder / "pip").read_text().split() == ["install", "--quiet", str(ROOT)]
    assert (ci.folder / "path").read_text() == f"{ci.folder}/reconciler/bin\n"
    step("install", VERSION="0.1.0", GITHUB_ACTION_PATH=str(ROOT))
    assert (ci.folder / "pip").read_text().split()[-1] == "domo-reconciler==0.1.0"


def test_a_copy_of_the_action_alone_needs_a_version(ci: "Ci", step: Callable[..., "Step"]) -> None:
    """Without its repository and a version it uses the installed program, or fails."""
    alone = {"VERSION": "", "GITHUB_ACTION_PATH": str(ci.folder / "nowhere")}
    assert (step("install", **alone).code, (ci.folder / "pip").exists()) == (0, False)
    (ci.folder / "bin" / "reconciler").unlink()
    ended = step(
        "install", **alone, PATH=f"{ci.folder / 'bin'}{os.pathsep}/usr/bin{os.pathsep}/bin"
    )
    assert (ended.code, "give it the input version" in ended.log) == (1, True)


OLD: Final = """\
exec {python} -c 'import sys
sys.version, sys.version_info = "3.10.12 (main)", (3, 10, 12)
exec(sys.argv[1])' "$2"
"""


@pytest.mark.parametrize(
    ("python", "named"),
    [
        (OLD, "python3 is 3.10.12"),
        ("exit 127", "python3 does not run"),
    ],
)  # fmt: skip
def test_an_old_or_missing_python_is_named_first(
    python: str, named: str, ci: "Ci", step: Callable[..., "Step"]
) -> None:
    """The first step fails with the needed version, the one that is there, and the remedy."""
    assert step("python").code == 0
    (ci.folder / "bin" / "python3").write_text(
        f"#!/bin/sh\n{python.format(python=sys.executable)}\n"
    )
    ended = step("python")
    assert ended.code == 1
    assert ended.log.startswith("::error title=Python::domo-reconciler needs Python 3.11 or later")
    assert (named in ended.log, "actions/setup-python" in ended.log) == (True, True)


def test_the_needed_python_is_the_one_of_the_package(workflow: Read) -> None:
    """The step that looks for Python runs first, and asks for what pyproject.toml asks for."""
    first = workflow("action.yml")["runs"]["steps"][0]
    assert first["id"] == "python"
    assert 'requires-python = ">=3.11"' in (ROOT / "pyproject.toml").read_text()
    assert "(3, 11)" in first["run"]
