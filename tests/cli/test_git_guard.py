"""No plain secret where git would keep it: apply asks git before it asks Domo."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from reconciler.sandbox.running_sandbox import Running
    from tests.cli.conftest import Reconciler

pytestmark = pytest.mark.usefixtures("uncovered")

RECIPIENT = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
IGNORED = "*.state.json*\nsecrets/\n"


def git(folder: Path, *arguments: str) -> None:
    """Run git, with an author and without the user's configuration."""
    command = [shutil.which("git") or "git", "-c", "user.name=U", "-c", "user.email=u@u.example"]
    subprocess.run(
        [*command, "-c", "protocol.file.allow=always", *arguments],
        cwd=folder,
        check=True,
        capture_output=True,
    )


@pytest.fixture
def served(sandbox: Callable[..., "Running"]) -> "Running":
    """Return a sandbox of one instance."""
    users = [{"email": "ops@acme.example", "password": "right"}]
    return sandbox({"seed": 1, "instances": {"acme.domo.com": {"users": users}}})


@pytest.fixture
def project(tmp_path: Path, served: "Running") -> Callable[..., Path]:
    """Return a function that writes a manifest, in a new work tree unless told otherwise."""

    def make(where: str = "", *, ignore: str = IGNORED, tree: bool = True, **more: str) -> Path:
        folder = tmp_path / where
        folder.mkdir(parents=True, exist_ok=True)
        sink = more.get("sink", '{type: file, path: "secrets/{client_slug}.json"}')
        state = more.get("state", "{}")
        (folder / "reconciler.yaml").write_text(
            f"version: 1\nstate: {state}\n"
            f'endpoints: {{api: {served.api}, instance: "{served.instance_template}"}}\n'
            f"sinks: {{files: {sink}}}\n"
            f"defaults: {{sink: {more.get('to', 'files')}, auth: {{method: password, "
            f'email: "ops@acme.example", password: {{env: PW}}}}}}\n'
            "instances: {acme: {clients: [{name: Reporting, scope: [data]}]}}\n"
        )
        if tree:
            git(folder, "init", "-q")
            (folder / ".gitignore").write_text(ignore)
        return folder

    return make


@pytest.fixture
def apply(reconciler: "Reconciler", tmp_path: Path) -> Callable[..., Any]:
    """Return a function that applies the manifest of a folder."""

    def run(folder: Path, env: Mapping[str, str] | None = None) -> Any:
        manifest = str(folder.relative_to(tmp_path) / "reconciler.yaml")
        given = {"PW": "right", **(env or {})}
        return reconciler("apply", "--auto-approve", "-f", manifest, env=given)

    return run


def assert_refused(run: Any, served: "Running", folder: Path, *names: str) -> None:
    """Check that nothing was sent or written, and that the message names files and remedy."""
    assert run.code == 1
    assert "a plain secret could land in a file that git keeps" in run.err
    for name in names:
        assert name in run.err
    assert ".gitignore" in run.err
    assert "git rm --cached" in run.err
    assert not served.requests()
    assert not (folder / "secrets").exists()
    assert not list(folder.glob("*.journal"))


def assert_applied(run: Any, served: "Running") -> None:
    """Check that the client was made."""
    assert run.code == 0, run.err
    assert len(served.clients("acme.domo.com")) == 1


def test_what_git_ignores_passes(
    project: Callable[..., Path], apply: Callable[..., Any], served: "Running"
) -> None:
    """State, backup, journal and sinks are ignored: nothing is in the way, nothing is added."""
    folder = project()
    assert_applied(apply(folder), served)
    git(folder, "add", "-A")
    index = (folder / ".git/index").read_bytes()
    assert b"reconciler.yaml" in index
    assert b"state.json" not in index
    assert b"secrets" not in index


def test_outside_of_a_work_tree_all_passes(
    project: Callable[..., Path], apply: Callable[..., Any], served: "Running"
) -> None:
    """Without git there is nothing to leak into."""
    assert_applied(apply(project(tree=False)), served)


@pytest.mark.parametrize(
    ("ignore", "to", "named"),
    [
        ("secrets/\n", "state", "reconciler.state.json: git would add it"),
        ("secrets/\n*.state.json\n", "state", "reconciler.state.json.backup"),
        ("secrets/\n*.state.json\n*.backup\n", "state", ".journal"),
        ("secrets/\n*.state.json\n*.backup\n*.journal\n", "state", ".tmp"),
        ("secrets/\n", "files", ".journal"),
        ("*.state.json*\n", "files", "secrets/reporting.json: git would add it"),
        ("*.state.json*\nsecrets/*.json\n", "files", "secrets/reporting.json.0123456789abcdef.tmp"),
        ("*.state.json*\nsecrets/\n!*.json\n", "files", ""),
    ],
)
def test_each_file_that_git_would_add_is_named(
    *,
    ignore: str,
    to: str,
    named: str,
    project: Callable[..., Path],
    apply: Callable[..., Any],
    served: "Running",
) -> None:
    """State, backup, journal, sinks, and their temporary files, which a kill may leave behind."""
    folder = project(ignore=ignore, to=to)
    run = apply(folder)
    if named:
        assert_refused(run, served, folder, named)
    else:
        assert_applied(run, served)


def test_a_tracked_file_is_refused_although_it_is_ignored(
    project: Callable[..., Path], apply: Callable[..., Any], served: "Running"
) -> None:
    """An ignore rule does nothing for a file that is in the index."""
    folder = project(to="state")
    lineage = "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0"
    state = {"version": 1, "lineage": lineage, "serial": 1, "clients": {}}
    (folder / "reconciler.state.json").write_text(json.dumps(state))
    git(folder, "add", "-f", "reconciler.state.json")
    assert_refused(apply(folder), served, folder, "reconciler.state.json: git tracks it")
    git(folder, "rm", "-q", "--cached", "reconciler.state.json")
    assert_applied(apply(folder), served)


@pytest.mark.parametrize("to", ["state", "files"])
def test_an_encrypted_state_may_be_tracked_and_a_plain_sink_may_not(
    to: str, project: Callable[..., Path], apply: Callable[..., Any], served: "Running"
) -> None:
    """What is sealed is fit for git; a file sink never is."""
    sealed = f"{{encryption: {{age: {{recipients: [{RECIPIENT}]}}}}}}"
    folder = project(ignore="", to=to, state=sealed)
    run = apply(folder)
    if to == "state":
        assert_applied(run, served)
        (client,) = served.clients("acme.domo.com")
        written = b"".join(each.read_bytes() for each in folder.glob("*.json*"))
        assert client.client_secret.encode() not in written
    else:
        assert_refused(run, served, folder, "secrets/reporting.json")
        assert "reconciler.state.json:" not in run.err


def test_a_linked_work_tree_is_a_work_tree(
    project: Callable[..., Path], apply: Callable[..., Any], served: "Running", tmp_path: Path
) -> None:
    """There `.git` is a file, and what is ignored is the same."""
    folder = project("main", ignore="")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "first")
    linked = tmp_path / "linked"
    git(folder, "worktree", "add", "-q", str(linked))
    assert_refused(apply(linked), served, linked, "secrets/reporting.json")
    (linked / ".gitignore").write_text(IGNORED)
    assert_applied(apply(linked), served)


def test_a_submodule_has_rules_of_its_own(
    project: Callable[..., Path], apply: Callable[..., Any], served: "Running", tmp_path: Path
) -> None:
    """What the outer repository ignores says nothing about the inner one."""
    inner = project("inner", ignore="")
    git(inner, "add", "-A")
    git(inner, "commit", "-qm", "first")
    outer = tmp_path / "outer"
    outer.mkdir()
    git(outer, "init", "-q")
    (outer / ".gitignore").write_text(IGNORED)
    git(outer, "submodule", "add", "-q", str(inner), "sub")
    assert_refused(apply(outer / "sub"), served, outer / "sub", "secrets/reporting.json")


def test_a_sink_in_another_work_tree_counts(
    project: Callable[..., Path], apply: Callable[..., Any], served: "Running", tmp_path: Path
) -> None:
    """The manifest stands outside of any repository, and its sink in one."""
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    sink = '{type: file, path: "../other/{client_slug}.json"}'
    folder = project("plain", tree=False, sink=sink)
    assert_refused(apply(folder), served, folder, "other/reporting.json: git would add it")


def test_the_environment_of_a_hook_changes_nothing(
    project: Callable[..., Path], apply: Callable[..., Any], served: "Running", tmp_path: Path
) -> None:
    """A hook that runs the tool hands down `GIT_DIR`; the files' own repository is asked."""
    folder = project(ignore="")
    git(tmp_path, "init", "-q", "--bare", "bare")
    run = apply(folder, env={"GIT_DIR": str(tmp_path / "bare"), "GIT_WORK_TREE": "/"})
    assert_refused(run, served, folder, "secrets/reporting.json")


def test_many_files_are_counted(
    project: Callable[..., Path], apply: Callable[..., Any], served: "Running"
) -> None:
    """Five are named, and how many more there are."""
    folder = project(ignore="", to="[state, files]")
    run = apply(folder)
    assert_refused(run, served, folder, "more")
    assert run.err.count("\n  ") == 6


def test_a_plan_needs_no_rule(
    project: Callable[..., Path], reconciler: "Reconciler", tmp_path: Path
) -> None:
    """To look is allowed everywhere: nothing is written by it."""
    folder = project(ignore="")
    assert reconciler("plan").code == 0
    assert {each.name for each in folder.iterdir()} == {".git", ".gitignore", "reconciler.yaml"}
    assert tmp_path == folder


def test_a_repository_of_another_user_is_reported_once_with_gits_remedy(
    tmp_path: Path, reconciler: "Reconciler"
) -> None:
    """Git does not answer there: one message with the command that allows it, and no request."""
    (tmp_path / "reconciler.yaml").write_text(
        "version: 1\nendpoints: {api: 'http://127.0.0.1:9', instance: 'http://127.0.0.1:9'}\n"
        "defaults: {auth: {method: token, token: {env: T}}}\n"
        "instances: {a: {clients: [{name: R, scope: [data]}, {name: S, scope: [data]}]}}\n"
    )
    git(tmp_path, "init", "-q")
    (tmp_path / "bin").mkdir()
    own = tmp_path / "bin" / "git"  # git's own switch for tests: any repository is another user's
    own.write_text(
        f'#!/bin/sh\nGIT_TEST_ASSUME_DIFFERENT_OWNER=1 exec {shutil.which("git")} "$@"\n'
    )
    own.chmod(0o755)
    path = f"{own.parent}{os.pathsep}{os.environ['PATH']}"
    home = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    run = reconciler("apply", "--auto-approve", env={**home, "PATH": path, "T": "x"})
    assert run.code == 1
    assert run.err.count("another user owns") == 1
    assert f"hint: if you trust it: git config --global --add safe.directory {tmp_path}" in run.err
    assert ".journal" not in run.err
