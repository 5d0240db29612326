"""`reconciler state lint`, and the hooks that call it."""

import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml
from click import Group

from reconciler.cli.main import group

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.sandbox.running_sandbox import Running
    from tests.cli.conftest import Reconciler

HOOKS: Final = Path(__file__).parents[2] / ".pre-commit-hooks.yaml"
RECIPIENT: Final = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
MANIFEST: Final = """\
version: 1
endpoints: {{api: {api}, instance: "{instance}"}}
{state}instances:
  acme:
    auth: {{method: password, email: ops@acme.example, password: {{env: PW}}}}
    clients: [{{name: ETL, scope: [data]}}]
"""


@pytest.mark.parametrize(
    ("state", "code"),
    [("", 1), (f"state: {{encryption: {{age: {{recipients: [{RECIPIENT}]}}}}}}\n", 0)],
    ids=["plain", "sealed"],
)
def test_a_state_with_a_plain_secret_is_refused(
    state: str, code: int, tmp_path: Path, sandbox: "Callable[..., Running]",
    reconciler: "Reconciler",
) -> None:  # fmt: skip
    """A real state is refused where its secrets are in plain, by place and never by value."""
    user = {"email": "ops@acme.example", "password": "right"}
    served = sandbox({"seed": 1, "instances": {"acme.domo.com": {"users": [user]}}})
    text = MANIFEST.format(api=served.api, instance=served.instance_template, state=state)
    (tmp_path / "reconciler.yaml").write_text(text)
    assert reconciler("apply", "--auto-approve", env={"PW": "right"}).code == 0
    run = reconciler("state", "lint", "reconciler.state.json")
    assert (run.code, run.out) == (code, "")
    assert ("reconciler.state.json:" in run.err) is bool(code)
    assert served.clients("acme.domo.com")[0].client_secret not in run.err


def test_an_error_log_is_refused(tmp_path: Path, reconciler: "Reconciler") -> None:
    """What a command printed is not searched: its secrets may be in it in any form."""
    name = "reconciler.state.json.20260131T080000-0123abcd.log"
    (tmp_path / name).write_text("== it failed\nvault is sealed\n")
    (tmp_path / "other.log").write_text("vault is sealed\n")
    run = reconciler("state", "lint", name, "other.log")
    assert run.code == 1
    assert f"1 secret in plain:\n  {name}:1\n" in run.err
    (tmp_path / "reconciler.yaml").write_text("version: 1\n")
    assert reconciler("state", "lint", "--of-manifest", name).code == 1


def test_damaged_files_and_journals_are_read_too(tmp_path: Path, reconciler: "Reconciler") -> None:
    """Half a state, and a line of a journal, show what they hold; each place is listed."""
    (tmp_path / "half.json").write_text('{\n  "clients": {"a/b": {\n  "client_secret" : "x')
    (tmp_path / "a.journal").write_text('{}\n{"client_secret":"y","z":1}\n')
    (tmp_path / "clean.json").write_text('{"client_secret_sealed": "-----BEGIN AGE"}')
    run = reconciler("state", "lint", "half.json", "a.journal", "clean.json")
    assert run.code == 1
    assert "2 secrets in plain:\n  half.json:3\n  a.journal:2\n" in run.err
    clean = reconciler("state", "lint", "-v", "clean.json")
    assert (clean.code, "no plain secret in 1 file" in clean.err) == (0, True)
    assert reconciler("state", "lint", "none.json").code == 1


def test_hooks_call_commands_that_exist() -> None:
    """Each hook's entry is a command of this program, and its pattern finds what it is for."""
    hooks: list[dict[str, Any]] = yaml.safe_load(HOOKS.read_text(encoding="utf-8"))
    for hook in hooks:
        program, *words = shlex.split(hook["entry"])
        command = group()
        assert program == "reconciler"
        for word in (each for each in words if not each.startswith("-")):
            assert isinstance(command, Group)
            found = command.get_command(command.make_context("x", [], resilient_parsing=True), word)
            assert found is not None
            command = found  # type: ignore[assignment]  # the last one is no group


def test_a_large_file_with_many_secrets_is_read_soon(
    tmp_path: Path, reconciler: "Reconciler"
) -> None:
    """The time grows with the file, not with the file times its secrets."""
    secrets = (f'"{number}": {{"client_secret": "{number:064x}"}}' for number in range(100_000))
    (tmp_path / "s.json").write_text('{"clients": {' + ",\n".join(secrets), encoding="utf-8")
    run = reconciler("state", "lint", "s.json")
    assert (run.code, "100,000 secrets in plain" in run.err) == (1, True)
    assert "s.json:3\n" in run.err


OPS: Final = """\
version: 1
state: {path: keep/mine.json}
sinks:
  env: {type: file, path: "out/{instance}/{client_slug}.env", format: dotenv}
  raw: {type: file, path: "out/{instance}.{client_slug}", format: raw}
defaults: {auth: {method: token, token: {env: TOKEN}}, sink: [env, raw, state]}
instances: {acme: {clients: [{name: ETL, scope: [data]}]}}
"""
SECRETS: Final = {
    "ops/keep/mine.json": '{"clients": {"acme/ETL": {"client_secret": "s"}}}',
    "ops/keep/mine.json.backup": '{"client_secret": "s"}',
    "ops/keep/mine.json.20260131T080000-0123abcd.journal": '{"client_secret": "s"}',
    "ops/out/acme/etl.env": "DOMO_CLIENT_ID=c\nDOMO_CLIENT_SECRET=s\n",
    "ops/out/acme.etl": "s",
    "ops/out/acme/removed.env": "export DOMO_CLIENT_SECRET='s'\n",
}
HARMLESS: Final = {
    "docs/answer.json": '{"client_secret": "an example of the reference"}',
    "ops/keep/mine.json.lock": "{}",
    "ops/out/README.md": "DOMO_CLIENT_SECRET is the variable\n",
    "ops/out/acme/notes.env": "X=1\n",
}


class Repository:
    """A real repository whose pre-commit hook runs ours, with the files of the commit."""

    def __init__(self, folder: "Path", environment: dict[str, str]) -> None:
        self.folder = folder / "work"
        quiet = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
        author = {"GIT_AUTHOR_NAME": "U", "GIT_AUTHOR_EMAIL": "u@u.example"}
        author |= {"GIT_COMMITTER_NAME": "U", "GIT_COMMITTER_EMAIL": "u@u.example"}
        self._environment = environment | quiet | author
        self.folder.mkdir()
        self.git("init", "--quiet")
        hooks: list[dict[str, Any]] = yaml.safe_load(HOOKS.read_text(encoding="utf-8"))
        hook = next(each for each in hooks if each["id"] == "reconciler-state")
        assert "files" not in hook  # the manifest says which, and it may name any
        entry = hook["entry"].replace("reconciler", f"{shlex.quote(sys.executable)} -m reconciler")
        script = self.folder / ".git" / "hooks" / "pre-commit"
        script.parent.mkdir(exist_ok=True)
        script.write_text(
            f"#!/bin/sh\ngit diff --cached --name-only -z | xargs -0 {entry} -f ops\n"
        )
        script.chmod(0o755)

    def git(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run git."""
        return subprocess.run(
            [shutil.which("git") or "git", *arguments], cwd=self.folder, text=True,
            env=self._environment, capture_output=True, check=False,
        )  # fmt: skip

    def commit(self, *paths: str) -> "subprocess.CompletedProcess[str]":
        """Add the files and commit them, unless the hook refuses; then take them back."""
        self.git("add", "--force", *paths)
        done = self.git("commit", "--quiet", "--message", "Change")
        self.git("reset", "--quiet")
        return done


@pytest.fixture
def repository(tmp_path: "Path", environment: dict[str, str]) -> Repository:
    """Return a repository with a manifest and files of all kinds, none committed yet."""
    made = Repository(tmp_path, environment)
    for path, text in {**SECRETS, **HARMLESS, "ops/reconciler.yaml": OPS}.items():
        (made.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (made.folder / path).write_text(text)
    return made


def test_the_hook_refuses_what_the_manifest_names(repository: Repository) -> None:
    """A state at its own path, the files beside it and those of sinks cannot be committed."""
    for path in SECRETS:
        done = repository.commit(path)
        assert (done.returncode != 0, f"  {path}:" in done.stderr) == (True, True), path
    assert not repository.git("log", "--oneline").stdout


def test_the_hook_lets_the_rest_pass(repository: Repository) -> None:
    """Other files pass, whatever they contain, and so does a sealed state."""
    sealed = '{"client_secret_sealed": "-----BEGIN AGE ENCRYPTED FILE-----"}'
    (repository.folder / "ops/keep/mine.json").write_text(sealed)
    done = repository.commit(*HARMLESS, "ops/reconciler.yaml", "ops/keep/mine.json")
    assert done.returncode == 0, done.stderr


def test_the_hook_reads_the_manifest_of_the_commit(repository: Repository) -> None:
    """With a manifest that cannot be read the files are unknown: the commit is refused."""
    (repository.folder / "ops/reconciler.yaml").write_text("version: [")
    done = repository.commit("docs/answer.json")
    assert (done.returncode != 0, "reconciler.yaml:1:" in done.stderr) == (True, True)
