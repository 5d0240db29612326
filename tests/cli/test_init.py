"""`reconciler init`: a folder that is ready to use, on a terminal and elsewhere."""

import json
import os
import pty
import re
import select
import shutil
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

import reconciler as package
from reconciler.cli.shipped import shipped

if TYPE_CHECKING:
    from tests.cli.conftest import Reconciler

RECIPIENT: Final = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"


def names(folder: Path) -> list[str]:
    """Return the files of a folder, by their paths in it."""
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )


@pytest.mark.parametrize(
    ("auth", "sink", "age"),
    [
        ("password", "file", ()),
        ("password", "state", ("--age", RECIPIENT)),
        ("cookie", "state", ()),
        ("token", "exec", ("--age", RECIPIENT)),
    ],
)
def test_every_choice_makes_a_manifest_that_plans(
    auth: str, sink: str, age: tuple[str, ...], tmp_path: Path, reconciler: "Reconciler"
) -> None:
    """What is written is valid without a change, and its plan creates a client an instance."""
    made = reconciler(
        "init", "--instance", "acme-prod", "--instance", "007", "--auth", auth, "--sink", sink, *age
    )
    assert made.code == 0, made.err
    assert made.out.splitlines() == names(tmp_path)
    planned = reconciler("plan")
    assert (planned.code, "Plan: 2 to create." in planned.out) == (0, True)
    assert ("secrets are kept in plain" in planned.out) is not bool(age)
    settings = json.loads((tmp_path / ".vscode/settings.json").read_bytes())
    (schema,) = settings["yaml.schemas"]
    assert (tmp_path / schema).read_text() == shipped("schemas/manifest.v1.schema.json")


def test_git_keeps_no_plain_secret(tmp_path: Path, reconciler: "Reconciler") -> None:
    """All that could hold one is ignored; lines that are there stay, and are not doubled."""
    (tmp_path / ".gitignore").write_text("*.pyc\nsecrets/")
    assert reconciler("init", "--instance", "acme", "--sink", "file").code == 0
    assert (tmp_path / ".gitignore").read_text() == "*.pyc\nsecrets/\n*.state.json*\n"
    git = shutil.which("git") or "git"
    subprocess.run([git, "init", "-q"], cwd=tmp_path, check=True)
    paths = ["reconciler.state.json", "reconciler.state.json.backup", "secrets/acme/reporting.json"]
    asked = subprocess.run(
        [git, "check-ignore", *paths], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert asked.stdout.split() == paths


@pytest.mark.parametrize(
    ("flag", "files"),
    [
        (
            "--github",
            [
                ".github/actions/reconciler/action.yml",
                ".github/workflows/apply.yml",
                ".github/workflows/plan.yml",
            ],
        ),
        ("--gitlab", [".gitlab-ci.yml"]),
        ("--azure", ["azure-pipelines.yml"]),
    ],
)
def test_a_pipeline_is_the_one_that_is_shown(
    flag: str, files: list[str], tmp_path: Path, reconciler: "Reconciler"
) -> None:
    """The files of the example are written, pinned to this version, with these credentials."""
    made = reconciler(
        "init", "--instance", "a-1", "--instance", "b", "--auth", "token", "--age", RECIPIENT, flag
    )
    assert made.code == 0, made.err
    assert set(files) <= set(made.out.splitlines())
    text = "".join((tmp_path / each).read_text() for each in files)
    assert package.__version__ in text
    assert "ACME" not in text
    if flag != "--gitlab":  # there the project's variables are the job's environment
        assert {"DOMO_A_1_TOKEN", "DOMO_B_TOKEN"} <= set(re.findall(r"DOMO_\w+", text))


def test_nothing_that_is_there_is_overwritten(tmp_path: Path, reconciler: "Reconciler") -> None:
    """A file that is there is named, and nothing at all is written; --force overwrites."""
    (tmp_path / "reconciler.yaml").write_text("mine\n")
    refused = reconciler("init", "--instance", "acme")
    assert (refused.code, refused.out) == (1, "")
    assert "\n  reconciler.yaml\n" in refused.err
    assert names(tmp_path) == ["reconciler.yaml"]
    assert reconciler("init", "--instance", "acme", "--force").code == 0
    assert (tmp_path / "reconciler.yaml").read_text() != "mine\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "no instance"),
        (("--instance", "Acme Prod"), "not an instance's key"),
        (("--instance", "a", "--instance", "a"), "named twice"),
        (("--instance", "a", "--email", "x: y"), "not an e-mail address"),
        (("--instance", "a", "--age", "AGE-SECRET-KEY-1QQQ"), "not a recipient"),
        (("--instance", "a", "--github"), "must be sealed"),
        (("--instance", "a", "--github", "--age", RECIPIENT, "--sink", "file"), "pipeline's files"),
    ],
)
def test_what_does_not_go_together_is_said(
    arguments: tuple[str, ...], said: str, tmp_path: Path, reconciler: "Reconciler"
) -> None:
    """The answer is a usage error, and the folder stays empty."""
    run = reconciler("init", *arguments)
    assert (run.code, run.out, said in run.err) == (64, "", True)
    assert "AGE-SECRET-KEY" not in run.err
    assert names(tmp_path) == []


def test_the_command_of_an_exec_sink_can_be_run(tmp_path: Path, reconciler: "Reconciler") -> None:
    """The script that takes the secrets is there, and executable."""
    assert reconciler("init", "--dir", "new/ops", "--instance", "a", "--sink", "exec").code == 0
    mode = (tmp_path / "new/ops/put-secret.sh").stat().st_mode
    assert stat.S_IMODE(mode) & 0o111 == 0o111


def test_a_terminal_is_asked(tmp_path: Path, environment: dict[str, str]) -> None:
    """What no option says is asked for, with what is usual as the default."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "reconciler", "init", "--auth", "password"],
        cwd=tmp_path, env={**environment, "TERM": "dumb"}, stdin=theirs, stdout=theirs,
        stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    shown = ""
    for question, answer in (
        ("Instances", "acme-prod globex"),
        ("E-mail", "ops@acme.example"),
        ("age recipient", RECIPIENT),
        ("Secrets go to", ""),
        ("Pipeline", "azure"),
    ):
        shown = _until(ours, question)
        os.write(ours, f"{answer}\n".encode())
    shown = _until(ours, "reconciler validate")
    assert process.wait(timeout=20) == 0, shown
    os.close(ours)
    manifest = (tmp_path / "reconciler.yaml").read_text()
    assert ("email: ops@acme.example" in manifest, "sink: state" in manifest) == (True, True)
    assert (tmp_path / "azure-pipelines.yml").exists()


def _until(terminal: int, word: str) -> str:
    """Read a terminal until it shows a word."""
    shown, end = "", time.monotonic() + 20
    while word not in shown and time.monotonic() < end:
        if select.select([terminal], [], [], 0.2)[0]:
            try:
                shown += os.read(terminal, 4096).decode(errors="replace")
            except OSError:
                break  # Linux answers so once the other side is closed
    assert word in shown
    return shown
