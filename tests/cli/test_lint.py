"""`reconciler state lint`, and the hooks that call it."""

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml
from click import Group

from reconciler.cli.main import group

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.sandbox.handle import Running
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
    hook = yaml.safe_load(HOOKS.read_text())[1]
    assert re.search(hook["files"], name)


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
        for word in words:
            assert isinstance(command, Group)
            found = command.get_command(command.make_context("x", [], resilient_parsing=True), word)
            assert found is not None
            command = found  # type: ignore[assignment]  # the last one is no group
    pattern = next(hook["files"] for hook in hooks if hook["id"] == "reconciler-state")
    named = ["domo.state.json", "a/reconciler.state.json.backup", "x.state.json.20260101.journal"]
    assert all(re.search(pattern, name) for name in named)
    assert not re.search(pattern, "schemas/state.v1.schema.json")


def test_a_large_file_with_many_secrets_is_read_soon(
    tmp_path: Path, reconciler: "Reconciler"
) -> None:
    """The time grows with the file, not with the file times its secrets."""
    secrets = (f'"{number}": {{"client_secret": "{number:064x}"}}' for number in range(100_000))
    (tmp_path / "s.json").write_text('{"clients": {' + ",\n".join(secrets), encoding="utf-8")
    run = reconciler("state", "lint", "s.json")
    assert (run.code, "100,000 secrets in plain" in run.err) == (1, True)
    assert "s.json:3\n" in run.err
