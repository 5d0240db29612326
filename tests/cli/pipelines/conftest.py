"""A CI system on this machine: it runs the steps of a workflow in a real clone of a real origin."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

ROOT: Final = Path(__file__).parents[3]
GIT: Final = shutil.which("git") or "git"
EXPRESSION: Final = re.compile(r"\$\{\{\s*([\w.-]+)\s*\}\}")

GH: Final = """\
#!{python}
# GitHub as far as the workflows ask it: comments, pull requests and artifacts in a file.
import json, os, pathlib, sys
path = pathlib.Path({store!r})
store = json.loads(path.read_text())
store["calls"].append(sys.argv[1:])
words = [each for each in sys.argv[1:] if not each.startswith("-")]
def option(name):
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else None
def body():
    return pathlib.Path(option("-F").removeprefix("body=@")).read_text()
url = next((each.partition("?")[0] for each in words if each.startswith("repos/")), "")
query, method = option("--jq") or "", option("--method") or "GET"
users = {{"t": "github-actions[bot]", "app": "acme-plans[bot]", "pat": "ada"}}
self = users[os.environ.get("GH_TOKEN", "t")]
viewer = ["-f", "query={{viewer{{login}}}}", "--jq", ".data.viewer.login"]
first = r'.[] | "\\(.id) \\(.user.login) \\(.body // "" | split("\\n")[0])"'
if sys.argv[1:3] == ["auth", "setup-git"]:
    pass
elif sys.argv[1:] == ["api", "graphql", *viewer]:
    print(self)
elif method == "POST" and url.endswith("/issues/7/comments"):
    number = len(store["comments"]) + 100
    store["comments"].append({{"id": number, "user": {{"login": self}}, "body": body()}})
elif method == "PATCH" and "/issues/comments/" in url:
    store["comments"][int(url.rpartition("/")[2]) - 100]["body"] = body()
elif "/issues/comments/" in url and query == ".body":
    print(store["comments"][int(url.rpartition("/")[2]) - 100]["body"])
elif url.endswith("/issues/7/comments"):
    assert query == first, query
    for each in store["comments"]:
        print(each["id"], each["user"]["login"], each["body"].split("\\n")[0])
elif url.endswith("/pulls"):
    assert query == '.[0] | select(.) | "\\(.number) \\(.head.sha)"'
    print(*store["pulls"].get(url.split("/")[-2], []))
elif url.endswith("/pulls/7/files"):
    print(*store["files"], sep="\\n")
elif url.endswith("/actions/workflows/plan.yml/runs"):
    head = next(each for each in words if "head_sha=" in each).rpartition("head_sha=")[2]
    print(head if head in store["artifacts"] else "")
elif sys.argv[1:3] == ["run", "download"] and option("--name") == "plan-reconciler.yaml":
    text = store["artifacts"][sys.argv[3]]
    if text is None:
        sys.exit("no valid artifacts found to download")
    pathlib.Path(option("--dir")).mkdir(parents=True)
    pathlib.Path(option("--dir"), "plan.json").write_text(text)
elif words[:2] == ["api", "meta"]:
    print("ssh-ed25519 AAAA")
else:
    sys.exit("unknown call: " + " ".join(sys.argv[1:]))
path.write_text(json.dumps(store))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """How one step ended."""

    code: int
    log: str
    outputs: Mapping[str, str]


@dataclass(slots=True, kw_only=True)
class Ci:
    """Runs steps as the CI systems do: `bash -e` on a script, variables, and files for answers."""

    folder: Path
    environment: Mapping[str, str]
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    summary: str = ""

    @property
    def origin(self) -> Path:
        """Return the bare repository that everybody pushes to."""
        return self.folder / "origin.git"

    @property
    def github(self) -> dict[str, Any]:
        """Return what GitHub has, as the stand-in of its client keeps it."""
        found: dict[str, Any] = json.loads((self.folder / "github.json").read_bytes())
        return found

    def remember(self, kind: str, key: str, value: object) -> None:
        """Let GitHub know a pull request by the commit it brought, or an artifact by its commit."""
        self.set(kind, {**self.github[kind], key: value})

    def set(self, kind: str, value: object) -> None:
        """Replace what GitHub has of one kind."""
        (self.folder / "github.json").write_text(json.dumps({**self.github, kind: value}))

    def git(self, where: Path, *arguments: str) -> str:
        """Run git and return what it says."""
        done = subprocess.run(
            [GIT, *arguments], cwd=where, env=dict(self.environment), capture_output=True,
            text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def checkout(self, name: str, ref: str = "main") -> Path:
        """Return a fresh clone of the origin, as each job gets one."""
        path = self.folder / name
        self.git(self.folder, "clone", "--quiet", str(self.origin), name)
        self.git(path, "fetch", "--quiet", "origin", f"{ref}:{ref.replace('/', '-')}-here")
        if ref != "main":
            self.git(path, "checkout", "--quiet", f"{ref.replace('/', '-')}-here")
        return path

    def interfere(self) -> str:
        """Push another state to main, as another run would, and return its text."""
        theirs = '{"serial": 99}\n'
        where = self.checkout("elsewhere")
        (where / "reconciler.state.json").write_text(theirs)
        self.git(where, "add", ".")
        self.git(where, "commit", "--quiet", "--message", "Another run")
        self.git(where, "push", "--quiet", "origin", "HEAD:main")
        return theirs

    def run(self, where: Path, script: str, env: Mapping[str, str], *, check: bool = True) -> Step:
        """Run one script."""
        output = self.folder / "output"
        (self.folder / "summary").touch()
        output.write_text("")
        done = subprocess.run(
            ["/bin/bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            cwd=where, env={**self.environment, **env}, capture_output=True, text=True, check=False,
            timeout=120,
        )  # fmt: skip
        assert not check or done.returncode == 0, done.stdout + done.stderr
        pairs = (line.partition("=") for line in output.read_text().splitlines())
        found = {key: value for key, _, value in pairs}
        return Step(code=done.returncode, log=done.stdout + done.stderr, outputs=found)

    def steps(
        self,
        where: Path,
        steps: list[Mapping[str, Any]],
        context: Mapping[str, str],
        env: Mapping[str, str],
        *,
        check: bool = True,
    ) -> Step:
        """Run the steps of a GitHub job that have a script, each with what it may see.

        After one that failed only those run that ask for it. Returns how the job ended.
        """
        ended = Step(code=0, log="", outputs={})
        for step in steps:
            self.outputs.pop(step["id"], None)
        for step in steps:
            if ended.code and not re.search(r"!cancelled\(\)|always\(\)", str(step.get("if"))):
                continue
            known = dict(context)
            for name, outputs in self.outputs.items():
                known |= {f"steps.{name}.outputs.{key}": each for key, each in outputs.items()}
            given = {key: _filled(each, known) for key, each in step.get("env", {}).items()}
            last = self.run(where, step["run"], {**env, **given}, check=check)
            self.outputs[step["id"]] = dict(last.outputs)
            ended = ended if ended.code else last
        self.summary = (self.folder / "summary").read_text()
        return ended


def _filled(value: object, known: Mapping[str, str]) -> str:
    """Fill in the expressions of a value; one that cannot be evaluated here fails the test.

    What no step has put out is empty.
    """

    def value_of(found: re.Match[str]) -> str:
        name = found.group(1)
        return known.get(name, "") if name.startswith("steps.") else known[name]

    return EXPRESSION.sub(value_of, str(value))


def _script(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


@pytest.fixture
def ci(tmp_path: Path, environment: dict[str, str]) -> Ci:
    """Return a CI system with an empty origin."""
    folder = tmp_path / "ci"
    (folder / "bin").mkdir(parents=True)
    store = folder / "github.json"
    empty: dict[str, object] = {
        "comments": [],
        "pulls": {},
        "calls": [],
        "files": {},
        "artifacts": {},
    }
    store.write_text(json.dumps(empty))
    _script(folder / "bin" / "gh", GH.format(python=sys.executable, store=str(store)))
    _script(
        folder / "bin" / "reconciler",
        f'#!/bin/sh\nexec "{sys.executable}" -m reconciler "$@"\n',
    )
    _script(folder / "bin" / "sleep", "#!/bin/sh\n")  # a pause between pushes is no part of them
    settings = "[user]\nname = Dev\nemail = dev@acme.example\n[init]\ndefaultBranch = main\n"
    (folder / "gitconfig").write_text(settings)
    made = Ci(
        folder=folder,
        environment={
            **{key: each for key, each in environment.items() if not key.startswith("GIT")},
            "PATH": f"{folder / 'bin'}{os.pathsep}{environment['PATH']}",
            "GIT_CONFIG_GLOBAL": str(folder / "gitconfig"),
            "GIT_CONFIG_NOSYSTEM": "1",
            "RUNNER_TEMP": str(folder),
            "GITHUB_OUTPUT": str(folder / "output"),
            "GITHUB_STEP_SUMMARY": str(folder / "summary"),
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_RUN_ID": "42",
            "GITHUB_REPOSITORY": "acme/domo",
            "GITHUB_ACTOR": "octocat",
        },
    )
    made.git(folder, "init", "--quiet", "--bare", "origin.git")
    made.git(made.origin, "config", "receive.advertisePushOptions", "true")  # as GitLab does
    return made


@pytest.fixture
def workflow() -> Callable[[str], dict[str, Any]]:
    """Return a reader of the YAML files that are shipped."""

    def read(path: str) -> dict[str, Any]:
        found: dict[str, Any] = yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))
        return found

    return read
