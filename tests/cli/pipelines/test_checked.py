"""The pipelines as text: linters of their own systems, pins, and no more rights than needed."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

import reconciler

pytestmark = pytest.mark.usefixtures("uncovered")

ROOT: Final = Path(__file__).parents[3]
WORKFLOWS: Final = ROOT / "examples" / "github-actions" / ".github" / "workflows"
PIPELINES: Final = (
    "examples/github-actions/.github/workflows/plan.yml",
    "examples/github-actions/.github/workflows/apply.yml",
    "examples/gitlab-ci/.gitlab-ci.yml",
    "examples/azure-pipelines/azure-pipelines.yml",
)


def tool(name: str) -> str:
    """Return a tool of the environment that the tests run in."""
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    assert found, f"{name} is missing: install the `dev` extra"
    return found


def run(*command: str, cwd: Path) -> None:
    """Run a linter that must find nothing."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Lay out a repository as `init --github` does."""
    shutil.copytree(WORKFLOWS, tmp_path / ".github" / "workflows")
    action = tmp_path / ".github" / "actions" / "reconciler"
    action.mkdir(parents=True)
    shutil.copy(ROOT / "action.yml", action)
    (tmp_path / ".git").mkdir()
    return tmp_path


def test_actionlint_finds_nothing(repository: Path) -> None:
    """Workflows, their expressions and the inputs of the action are right."""
    run(tool("actionlint"), "-no-color", cwd=repository)


def test_zizmor_finds_nothing(repository: Path) -> None:
    """Nothing in them lets a pull request run what it should not, or read a secret."""
    run(
        tool("zizmor"), "--offline", "--quiet", "--no-config", "--persona", "regular", ".github",
        cwd=repository,
    )  # fmt: skip


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Lay out this project's own workflows as its repository has them."""
    shutil.copytree(ROOT / ".github", tmp_path / ".github")
    (tmp_path / ".git").mkdir()
    return tmp_path


def test_actionlint_finds_nothing_in_our_own_workflows(own: Path) -> None:
    """The project's workflows are right."""
    run(tool("actionlint"), "-no-color", cwd=own)


def test_zizmor_finds_nothing_in_our_own_workflows(own: Path) -> None:
    """The project's workflows and its dependabot settings keep to what it recommends."""
    run(
        tool("zizmor"), "--offline", "--quiet", "--no-config", "--persona", "regular", ".github",
        cwd=own,
    )  # fmt: skip


@pytest.mark.parametrize("path", sorted((ROOT / ".github" / "workflows").glob("*.yml")))
def test_our_own_actions_are_pinned(path: Path) -> None:
    """Every action of another repository is pinned by its full digest."""
    uses = re.findall(r"uses: (\S+)", path.read_text(encoding="utf-8"))
    assert uses
    assert all(re.search(r"@[0-9a-f]{40}$", each) for each in uses)


@pytest.mark.parametrize(
    ("path", "schema", "options"),
    [
        (".github/workflows/ci.yml", "github-workflows", ()),
        (".github/workflows/release.yml", "github-workflows", ()),
        (".github/dependabot.yml", "dependabot", ()),
        ("action.yml", "github-actions", ()),
        (PIPELINES[0], "github-workflows", ()),
        (PIPELINES[1], "github-workflows", ()),
        (PIPELINES[2], "gitlab-ci", ("--data-transform", "gitlab-ci")),
        (
            PIPELINES[3],
            "azure-pipelines",
            ("--data-transform", "azure-pipelines", "--regex-variant", "nonunicode"),
        ),
    ],
)
def test_each_has_the_shape_that_its_system_publishes(
    path: str, schema: str, options: tuple[str, ...]
) -> None:
    """The published schema accepts the file."""
    run(tool("check-jsonschema"), "--builtin-schema", f"vendor.{schema}", *options, path, cwd=ROOT)


@pytest.mark.parametrize("path", PIPELINES)
def test_everything_is_pinned(path: str) -> None:
    """Actions by their full digest, images and this program by version, and that is this one."""
    text = (ROOT / path).read_text(encoding="utf-8")
    uses = re.findall(r"uses: (\S+)", text)
    assert all(re.search(r"@[0-9a-f]{40}$", each) or each.startswith("./") for each in uses)
    assert all(re.search(r":\d+\.\d+\.\d+", each) for each in re.findall(r"image: (\S+)", text))
    assert f'"{reconciler.__version__}"' in text


def test_a_pull_request_is_planned_without_a_secret(
    workflow: Callable[[str], dict[str, Any]],
) -> None:
    """The plan's workflow may read, and write a comment; no secret is named, none is kept."""
    planned = workflow(PIPELINES[0])
    job = planned["jobs"]["plan"]
    assert planned["permissions"] == {}
    assert job["permissions"] == {"contents": "read", "pull-requests": "write"}
    text = (ROOT / PIPELINES[0]).read_text()
    assert re.findall(r"^on:\n  (\w+):$", text, re.MULTILINE) == ["pull_request"]
    assert "secrets." not in text
    for path in PIPELINES[2:]:
        text = re.sub(r"^#.*\n", "", (ROOT / path).read_text(), flags=re.MULTILINE)
        before = text.partition("\n  - stage: Apply")[0]
        assert "PASSWORD" not in before.partition("\napply:")[0]


def test_an_expression_is_never_part_of_a_script(
    workflow: Callable[[str], dict[str, Any]],
) -> None:
    """What a pull request can choose reaches a shell as a variable, not as its text."""
    steps = workflow("action.yml")["runs"]["steps"]
    for path, name in zip(PIPELINES[:2], ("plan", "apply"), strict=True):
        steps += workflow(path)["jobs"][name]["steps"]
    assert not [step["run"] for step in steps if "${{" in step.get("run", "")]
