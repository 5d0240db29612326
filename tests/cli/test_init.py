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
from reconciler.operations.shipped import shipped

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


@pytest.mark.parametrize(
    ("options", "method", "source"),
    [
        ((), "token", "Access tokens"),
        (("--auth", "password"), "password", "does not work with a second"),
        (("--auth", "cookie"), "cookie", "developer tools"),
    ],
)
def test_the_manifest_explains_its_sign_on(
    options: tuple[str, ...], method: str, source: str, tmp_path: Path, reconciler: "Reconciler"
) -> None:
    """An access token is the usual one; the other methods recommend it for unattended runs."""
    made = reconciler("init", "--instance", "acme", *options)
    manifest = (tmp_path / "reconciler.yaml").read_text()

    assert f"auth: {{method: {method}," in manifest
    assert source in manifest
    assert "valid until" in manifest
    assert ("for unattended runs use an access token" in made.err) is (method != "token")


def test_a_terminal_explains_every_method(tmp_path: Path, environment: dict[str, str]) -> None:
    """The question comes after what each method is, and proposes the access token."""
    terminal = Terminal(tmp_path, environment, "--instance", "acme", "--sink", "file")
    terminal.answer(("Sign on with", ""), ("age recipient", ""))
    code, shown = terminal.end("what is next")
    assert code == 0, shown
    assert "method: token" in (tmp_path / "reconciler.yaml").read_text()


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
        (
            ("--instance", "a", "--github", "--age", RECIPIENT, "--sink", "file"),
            "lost when its runner",
        ),
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


class Terminal:
    """`init` on a terminal, answered as a person would."""

    def __init__(self, folder: Path, environment: dict[str, str], *options: str) -> None:
        self.screen, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "reconciler", "init", *options],
            cwd=folder, env={**environment, "TERM": "dumb"}, stdin=theirs, stdout=theirs,
            stderr=theirs,
        )  # fmt: skip
        os.close(theirs)

    def answer(self, *pairs: tuple[str, str]) -> None:
        """Wait for each question, and answer it."""
        for question, answer in pairs:
            _until(self.screen, question)
            os.write(self.screen, f"{answer}\n".encode())

    def end(self, word: str) -> tuple[int, str]:
        """Wait for a last word, and return how it ended and what it showed since."""
        shown = _until(self.screen, word)
        code = self.process.wait(timeout=20)
        os.close(self.screen)
        return code, shown


def test_a_terminal_is_asked(tmp_path: Path, environment: dict[str, str]) -> None:
    """What no option says is asked for, with what is usual as the default."""
    terminal = Terminal(tmp_path, environment, "--auth", "password")
    terminal.answer(
        ("Instances", "acme-prod globex"),
        ("E-mail", "ops@acme.example"),
        ("Pipeline", "azure"),
        ("age recipient", RECIPIENT),
        ("Secrets go to", ""),
    )
    code, shown = terminal.end("Repositories > Security")
    assert code == 0, shown
    assert ("Environments: `domo`" in shown, "variable group `domo`" in shown) == (True, True)
    manifest = (tmp_path / "reconciler.yaml").read_text()
    assert ("email: ops@acme.example" in manifest, "sink: state" in manifest) == (True, True)
    assert (tmp_path / "azure-pipelines.yml").exists()


def test_a_wrong_answer_is_asked_for_again(tmp_path: Path, environment: dict[str, str]) -> None:
    """What is wrong is said at once, and no other answer is lost."""
    terminal = Terminal(tmp_path, environment, "--auth", "password")
    terminal.answer(
        ("Instances", ""),
        ("no instance is named", "Acme Prod"),
        ("not an instance's key", "acme acme"),
        ("named twice", "acme-prod"),
        ("E-mail", "ops"),
        ("not an e-mail address", "ops@acme.example"),
        ("Pipeline", "travis"),
        ("not one of", "gitlab"),
        ("age recipient", ""),
        ("must be sealed", "AGE-SECRET-KEY-1QQQ"),
        ("not a recipient", RECIPIENT),
        ("Secrets go to", "file"),
        ("not one of", "exec"),
    )
    code, shown = terminal.end("Git push requests")
    assert code == 0, shown
    manifest = (tmp_path / "reconciler.yaml").read_text()
    assert ("email: ops@acme.example" in manifest, "acme-prod: {}" in manifest) == (True, True)
    assert (tmp_path / ".gitlab-ci.yml").exists()


def test_nothing_is_asked_where_it_would_be_in_vain(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    """A manifest that is there, and an option that is wrong, end it before the first question."""
    code, _ = Terminal(tmp_path, environment, "--email", "ops").end("not an e-mail address")
    assert code == 64
    (tmp_path / "reconciler.yaml").write_text("mine\n")
    code, shown = Terminal(tmp_path, environment).end("--force")
    assert (code, "Instances" in shown) == (1, False)


def test_what_is_next_is_short_for_any_fleet(tmp_path: Path, reconciler: "Reconciler") -> None:
    """A few credentials are named and the others counted; the forge's settings are listed."""
    keys = [each for number in range(20) for each in ("--instance", f"i-{number}")]
    made = reconciler("init", *keys, "--auth", "token", "--age", RECIPIENT, "--github")
    assert made.code == 0, made.err
    assert "DOMO_I_0_TOKEN, DOMO_I_1_TOKEN, DOMO_I_2_TOKEN and 17 more" in made.err
    assert ("Environments: `domo`" in made.err, "DOMO_DEPLOY_KEY" in made.err) == (True, True)
    assert "DOMO_DEPLOY_KEY" in (tmp_path / ".github/workflows/apply.yml").read_text()


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


@pytest.mark.parametrize("coding", ["utf-8", "utf-16", "latin-1"])
def test_init_extends_a_gitignore_in_its_own_encoding(
    coding: str, tmp_path: Path, reconciler: "Reconciler"
) -> None:
    """The old lines stay, the new ones are added once, also by a second run."""
    before = "größe\r\n*.log".encode(coding)
    (tmp_path / ".gitignore").write_bytes(before)
    for _ in range(2):
        run = reconciler("init", "--instance", "acme")
        assert run.code == 0, run.err
    found = (tmp_path / ".gitignore").read_bytes()
    assert found.startswith(before)
    assert found.decode(coding).split() == ["größe", "*.log", "*.state.json*", "secrets/"]


def test_init_that_stopped_halfway_can_run_again(tmp_path: Path, reconciler: "Reconciler") -> None:
    """Files that an earlier run wrote are kept; a changed one is still refused."""
    assert reconciler("init", "--instance", "acme").code == 0
    (tmp_path / "schemas/manifest.v1.schema.json").unlink()
    (tmp_path / ".gitignore").unlink()
    assert reconciler("init", "--instance", "acme").code == 0
    assert (tmp_path / ".gitignore").exists()
    (tmp_path / "reconciler.yaml").write_text("mine")
    assert reconciler("init", "--instance", "acme").code == 1
    assert (tmp_path / "reconciler.yaml").read_text() == "mine"


def test_init_force_keeps_a_linked_manifest_and_the_old_file_if_the_write_fails(
    tmp_path: Path, reconciler: "Reconciler"
) -> None:
    """The link stays; a write that fails empties no file."""
    (tmp_path / "real.yaml").write_text("old")
    (tmp_path / "reconciler.yaml").symlink_to("real.yaml")
    assert reconciler("init", "--instance", "acme", "--force").code == 0
    assert (tmp_path / "reconciler.yaml").is_symlink()
    assert (tmp_path / "real.yaml").read_text().startswith("# yaml-language-server")
    shutil.rmtree(tmp_path / ".vscode")
    (tmp_path / ".vscode").write_text("in the way")
    run = reconciler("init", "--instance", "other", "--force")
    assert run.code == 1
    assert "cannot be written" in run.err
    assert not list(tmp_path.rglob("*.tmp"))


def test_a_pipeline_is_added_to_an_edited_manifest(
    tmp_path: Path, reconciler: "Reconciler"
) -> None:
    """Only what is missing is written, with the manifest's variables; every edit stays."""
    assert reconciler("init", "--instance", "acme", "--age", RECIPIENT, "--sink", "state").code == 0
    manifest = tmp_path / "reconciler.yaml"
    manifest.write_text(manifest.read_text().replace("DOMO_{INSTANCE}_TOKEN", "OPS_PW") + "# me\n")
    (tmp_path / ".vscode/settings.json").write_text("{}")
    plan = tmp_path / ".github/workflows/plan.yml"
    plan.parent.mkdir(parents=True)
    plan.write_text("mine")
    before = {name: (tmp_path / name).read_bytes() for name in names(tmp_path)}
    added = reconciler("init", "--github")
    assert added.code == 0, added.err
    assert set(added.out.split()) == {
        ".github/actions/reconciler/action.yml",
        ".github/workflows/apply.yml",
    }
    assert all((tmp_path / name).read_bytes() == data for name, data in before.items())
    assert "OPS_PW: ${{ secrets.OPS_PW }}" in (tmp_path / ".github/workflows/apply.yml").read_text()
    assert "\n  .github/workflows/plan.yml\n" in added.err
    again = reconciler("init", "--github")
    assert (again.code, again.out) == (0, "")


def test_a_pipeline_needs_a_manifest_that_seals_its_state(
    tmp_path: Path, reconciler: "Reconciler"
) -> None:
    """A plain state is not committed; options that the manifest would ignore are refused."""
    assert reconciler("init", "--instance", "acme", "--sink", "state").code == 0
    before = names(tmp_path)
    plain = reconciler("init", "--github")
    assert (plain.code, "does not encrypt it" in plain.err) == (64, True)
    sealed = ("init", "--instance", "acme", "--sink", "state", "--age", RECIPIENT)
    assert reconciler(*sealed, "--force").code == 0
    other = reconciler("init", "--instance", "other", "--age", RECIPIENT, "--github")
    assert (other.code, "already a manifest" in other.err) == (64, True)
    assert names(tmp_path) == before
    assert reconciler(*sealed, "--github").code == 0  # the same options: an earlier run goes on
    assert (tmp_path / ".github/workflows/plan.yml").exists()
