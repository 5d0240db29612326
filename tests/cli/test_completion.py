"""What a shell completes: names that hold spaces, commas and `=`, read from manifest and state."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Reconciler, Shelf

MANIFEST: Final = """\
version: 1
sinks:
  cli: {type: exec, command: [a, "{instance}", "{client}"], read: [b]}
  files: {type: file, path: "{instance}/{client_slug}"}
defaults: {auth: {method: password, email: a@b.c, password: {env: PW}}}
instances:
  acme-prod:
    labels: {env: prod, region: emea}
    clients:
      - {name: Automation Client, scope: [data]}
      - {name: "ETL: nightly, big", scope: [data]}
  globex: {labels: {env: dev}, clients: [{name: Sync, scope: [data]}]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Write a manifest."""
    (tmp_path / "reconciler.yaml").write_text(MANIFEST)
    return tmp_path


def completed(reconciler: "Reconciler", *words: str) -> list[str]:
    """Return what may stand in the place of the last word."""
    env = {
        "_RECONCILER_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(["reconciler", *words]),
        "COMP_CWORD": str(len(words)),
    }
    run = reconciler(env=env)
    assert (run.code, run.err) == (0, "")
    return [line.partition(",")[2] for line in run.out.splitlines() if line]


@pytest.mark.usefixtures("folder")
def test_names_are_completed(reconciler: "Reconciler") -> None:
    """Instances, addresses, labels, sinks and codes, each where it belongs."""
    automation, nightly = "acme-prod/Automation Client", "acme-prod/ETL: nightly, big"
    assert completed(reconciler, "plan", "--target", "ac") == ["acme-prod", automation, nightly]
    assert completed(reconciler, "output", "acme-prod/A") == [automation]
    assert completed(reconciler, "state", "show", "gl") == ["globex/Sync"]
    assert completed(reconciler, "apply", "--label", "env") == ["env=dev", "env=prod"]
    assert completed(reconciler, "verify", "--from-sink", "") == ["cli"]
    assert completed(reconciler, "explain", "lock") == ["lock-held"]
    assert completed(reconciler, "import", "--instance", "") == ["acme-prod", "globex"]
    assert completed(reconciler, "rotate", "ac") == ["acme-prod", automation, nightly]


def test_the_line_says_which_manifest(folder: Path, reconciler: "Reconciler") -> None:
    """`-f` before the word is obeyed; a file itself is left to the shell."""
    (folder / "reconciler.yaml").rename(folder / "other.yaml")
    assert completed(reconciler, "plan", "--target", "glo") == []
    found = completed(reconciler, "plan", "-f", "other.yaml", "--target", "glo")
    assert found == ["globex", "globex/Sync"]
    assert completed(reconciler, "plan", "-f", "oth") == ["oth"]


def test_the_state_completes_what_has_left_the_manifest(
    shelf: "Shelf", reconciler: "Reconciler", tmp_path: Path
) -> None:
    """A client that only the state knows can be named; a broken manifest is no error here."""
    shelf.write(Reporting=shelf.entry)
    words = ("state", "show", "--state", "s.json", "ac")
    assert completed(reconciler, *words) == ["acme/Reporting"]
    (tmp_path / "reconciler.yaml").write_text("{")
    assert completed(reconciler, *words) == ["acme/Reporting"]
    (tmp_path / "s.json").write_text("{")
    assert completed(reconciler, *words) == []


def test_a_fleet_is_completed_in_two_steps(tmp_path: Path, reconciler: "Reconciler") -> None:
    """Of very many addresses the instances come first, with the slash that goes on."""
    lines = ["version: 1", "defaults: {auth: {method: token, token: {env: T}}}", "instances:"]
    names = ", ".join(f"{{name: C{number:02}, scope: [data]}}" for number in range(60))
    lines += [f"  {key}: {{clients: [{names}]}}" for key in ("one", "other")]
    (tmp_path / "reconciler.yaml").write_text("\n".join(lines))
    assert completed(reconciler, "output", "o") == ["one/", "other/"]
    assert len(completed(reconciler, "output", "one/")) == 60


def script(folder: Path, reconciler: "Reconciler", shell: str) -> Path:
    """Write a shell's script, and the program that it calls back; return the script."""
    program = folder / "bin" / "reconciler"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m reconciler "$@"\n')
    program.chmod(0o755)
    path = folder / f"completion.{shell}"
    path.write_text(reconciler("completion", shell).out)
    return path


def shell(folder: Path, environment: dict[str, str], *command: str) -> str:
    """Run a shell with the program on its path; return what it printed."""
    path = f"{folder / 'bin'}:{environment['PATH']}"
    done = subprocess.run(
        command, cwd=folder, env={**environment, "PATH": path, "LC_ALL": "C.UTF-8"},
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    return done.stdout


BASH: Final = """\
source completion.bash
try() {
    COMP_LINE=$1 COMP_POINT=${#1} COMP_WORDS=("${@:2}") COMP_CWORD=$(($# - 2))
    _reconciler_completion reconciler
    printf '%s\\n' "${COMPREPLY[@]}" --
}
try 'reconciler output acme-prod/Auto' reconciler output acme-prod/Auto
try 'reconciler output acme-prod/Automation\\ C' reconciler output 'acme-prod/Automation\\ C'
try 'reconciler output "acme-prod/Automation C' reconciler output '"acme-prod/Automation C'
try 'reconciler output acme-prod/ETL:' reconciler output acme-prod/ETL :
try 'reconciler plan --label env=p' reconciler plan --label env = p
try 'reconciler plan --label=env=p' reconciler plan --label = env = p
try 'reconciler output ' reconciler output ''
"""


def test_bash_gets_words_that_it_can_insert(
    folder: Path, reconciler: "Reconciler", environment: dict[str, str]
) -> None:
    """Spaces are escaped unless a quote is open, and what bash calls a word is what is replaced."""
    script(folder, reconciler, "bash")
    found = shell(folder, environment, "bash", "--norc", "-c", BASH)
    assert [part.splitlines() for part in found.split("--\n")[:-1]] == [
        [r"acme-prod/Automation\ Client"],
        [r"acme-prod/Automation\ Client"],
        ["acme-prod/Automation Client"],
        [r"\ nightly\,\ big"],
        ["prod"],
        ["prod"],
        [r"acme-prod/Automation\ Client", r"acme-prod/ETL:\ nightly\,\ big", "globex/Sync"],
    ]


def test_fish_gets_whole_names(
    folder: Path, reconciler: "Reconciler", environment: dict[str, str]
) -> None:
    """A comma in a name does not cut it off."""
    path = script(folder, reconciler, "fish")
    assert 'string split --max 1 ","' in path.read_text()
    if shutil.which("fish") is None:  # few machines have one: the text is all that can be seen
        return
    line = json.dumps("reconciler output acme-prod/")
    found = shell(folder, environment, "fish", "-c", f"source {path}; complete -C {line}")
    assert found.splitlines() == ["acme-prod/Automation Client", "acme-prod/ETL: nightly, big"]
