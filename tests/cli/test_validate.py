"""`reconciler validate`, whole runs."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Reconciler, Run

BAD: Final = Path(__file__).parent / "bad"
GOOD: Final = """\
version: 1
defaults:
  auth: {method: token, token: {env: "TOKEN_{INSTANCE}"}}
client_sets:
  baseline:
    select: {all: true}
    clients: [{name: ETL, scope: [data]}]
instances:
  acme-prod: {clients: [{name: Reporting, scope: [data, audit]}]}
  globex: {}
"""


@pytest.mark.parametrize("name", sorted(path.stem for path in BAD.glob("*.yaml")))
def test_a_wrong_manifest_gets_its_report(
    name: str, tmp_path: Path, reconciler: "Reconciler", golden: Callable[[str, "Run"], None]
) -> None:
    """Each manifest of the gallery is answered with the report that is kept for it."""
    (tmp_path / "reconciler.yaml").write_bytes((BAD / f"{name}.yaml").read_bytes())
    run = reconciler("validate")
    golden(f"validate/{name}", run)
    assert (run.code, run.out) == (1, "")
    assert "correct-horse-battery" not in run.err
    assert [path.name for path in tmp_path.iterdir()] == ["reconciler.yaml"]


def bomb() -> bytes:
    """Return ten lists, each of nine aliases to the one before: a billion values if expanded."""
    lists = [b"a: &a [x, x, x, x, x, x, x, x, x]"]
    for before in b"abcdefghi":
        aliases = b", ".join([b"*%c" % before] * 9)
        lists.append(b"%c: &%c [%s]" % (before + 1, before + 1, aliases))
    return b"\n".join(lists)


@pytest.mark.parametrize(
    "data",
    [
        b"version: 1\ninstances: {a\xff: {}}\n",
        b"version: 1\ninstances: {a\x00: {}}\n",
        b"version: 1\x1b[2J\n",
        b"[" * 10_000,
        bomb(),
        b"version: 1\nbogus: " + b"x" * 5_000_000,
        b"version: 1\n" + b"".join(b"k%d: 1\n" % n for n in range(200_000)),
    ],
    ids=["bytes", "nul", "escape", "nesting", "bomb", "scalar", "keys"],
)  # fmt: skip
@pytest.mark.usefixtures("uncovered")
def test_a_hostile_manifest_gets_a_short_answer(
    data: bytes, tmp_path: Path, reconciler: "Reconciler"
) -> None:
    """Whatever the bytes, the answer is an error with a place, of readable length, and soon."""
    (tmp_path / "reconciler.yaml").write_bytes(data)
    run = reconciler("validate")
    assert run.code == 1
    assert run.err.startswith("reconciler.yaml:")
    assert ": error: " in run.err.splitlines()[0]
    assert "Traceback" not in run.err
    assert "\x1b" not in run.err
    assert len(run.err) < 50_000


def test_a_right_manifest_is_counted(tmp_path: Path, reconciler: "Reconciler") -> None:
    """The answer says how much the manifest holds; no credential is looked for."""
    (tmp_path / "reconciler.yaml").write_text(GOOD)
    run = reconciler("validate")
    assert (run.code, run.out, run.err) == (0, "valid: 2 instances, 3 clients\n", "")


@pytest.mark.parametrize(("text", "valid"), [(GOOD, True), ("version: 2\n", False)])
def test_json_says_the_same_to_a_program(
    text: str, valid: bool, tmp_path: Path, reconciler: "Reconciler"
) -> None:
    """With `--format json` the whole answer is one object on standard output."""
    (tmp_path / "reconciler.yaml").write_text(text)
    run = reconciler("validate", "--format", "json")
    answer = json.loads(run.out)
    assert (answer["format"], answer["version"], answer["valid"]) == (
        "reconciler.validate",
        1,
        valid,
    )
    assert bool(answer["diagnostics"]) is not valid
    assert (run.code, run.err) == (0 if valid else 1, "")


@pytest.mark.parametrize("text", [GOOD, "version: 1\ninstances: {a: {clients: [{name: x}]}}\n"])
def test_each_format_for_machines_is_the_whole_of_standard_output(
    text: str, tmp_path: Path, reconciler: "Reconciler"
) -> None:
    """Annotations, SARIF and JUnit say whether it is right; standard error says nothing."""
    (tmp_path / "reconciler.yaml").write_text(text)
    runs = {name: reconciler("validate", "--format", name) for name in ("github", "sarif", "junit")}
    assert {(run.code, run.err) for run in runs.values()} == {(int(text is not GOOD), "")}
    results = json.loads(runs["sarif"].out)["runs"][0]["results"]
    suite = ET.fromstring(runs["junit"].out.encode())[0]
    annotations = runs["github"].out.count("::error file=reconciler.yaml,")
    assert len(results) == int(suite.get("failures", "")) == annotations
    assert runs["github"].out.startswith("valid: 2 instances" if text is GOOD else "::error ")


@pytest.mark.parametrize("name", ["broken_credentials", "literal_password"])
@pytest.mark.parametrize("form", ["text", "json", "github", "sarif", "junit"])
def test_no_format_shows_a_credential(
    form: str, name: str, tmp_path: Path, reconciler: "Reconciler"
) -> None:
    """A literal credential is in no answer, whoever it is for."""
    (tmp_path / "reconciler.yaml").write_bytes((BAD / f"{name}.yaml").read_bytes())
    run = reconciler("validate", "--format", form)
    assert run.code == 1
    assert "correct-horse" not in run.out + run.err


def test_a_missing_manifest_is_said(
    reconciler: "Reconciler", golden: Callable[[str, "Run"], None]
) -> None:
    """Without a manifest the error says which file was looked for."""
    golden("validate_nothing", reconciler("validate"))


def test_a_folder_shows_both_places_of_a_clash(
    tmp_path: Path, reconciler: "Reconciler", golden: Callable[[str, "Run"], None]
) -> None:
    """An instance that two files of a folder define is an error that shows both."""
    (tmp_path / "fleet").mkdir()
    for name in ("a.yaml", "b.yml"):
        (tmp_path / "fleet" / name).write_text("version: 1\ninstances: {acme-prod: {}}\n")
    golden("validate_folder_clash", reconciler("validate", "-f", "fleet"))
