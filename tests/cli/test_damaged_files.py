"""Files that other tools changed: the message names the cause."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Reconciler

SINK = """\
version: 1
sinks: {f: {type: file, path: 'secrets/{{x}}/{instance}-{client_slug}.json'}}
defaults: {sink: f, auth: {method: token, token: {env: T}}}
instances: {acme: {clients: [{name: ETL, scope: [data]}]}}
"""
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n"
CONFLICT = b"version: 1\n<<<<<<< HEAD\na: 1\n=======\na: 2\n>>>>>>> other\n"


@pytest.mark.parametrize("name", ["reconciler.yaml", "reconciler.state.json"])
@pytest.mark.parametrize(
    ("data", "said"),
    [
        (LFS, "is a Git LFS pointer"),
        (b"\0GITCRYPT\0abc", "is encrypted by git-crypt"),
        (CONFLICT, "has git conflict markers"),
    ],
)
def test_plan_names_the_cause_of_a_changed_file(
    name: str, data: bytes, said: str, tmp_path: Path, reconciler: "Reconciler"
) -> None:
    """The manifest and the state are refused with the cause and the remedy."""
    (tmp_path / "reconciler.yaml").write_text(SINK)
    (tmp_path / name).write_bytes(data)
    run = reconciler("plan")
    assert run.code == 1
    assert said in run.err
    assert name in run.err
    assert (tmp_path / name).read_bytes() == data


JOURNAL = "reconciler.state.json.20260101T000000-0a0b0c0d.journal"


@pytest.mark.parametrize(
    ("name", "command"),
    [
        (JOURNAL, ("plan",)),
        ("ledger.jsonl", ("ledger", "verify", "ledger.jsonl")),
        ("key.txt", ("plan", "--identity", "key.txt")),
    ],
)
@pytest.mark.parametrize(
    ("data", "said"), [(LFS, "is a Git LFS pointer"), (CONFLICT, "has git conflict markers")]
)
def test_other_files_name_the_cause_of_a_change(
    name: str,
    command: tuple[str, ...],
    data: bytes,
    said: str,
    tmp_path: Path,
    reconciler: "Reconciler",
) -> None:
    """A journal, a ledger and an identity are refused as the state is."""
    (tmp_path / "reconciler.yaml").write_text(SINK)
    (tmp_path / name).write_bytes(data)
    run = reconciler(*command)
    assert (run.code, said in run.err, name in run.err) == (1, True, True), run.err
    assert (tmp_path / name).read_bytes() == data


def test_validate_accepts_literal_braces_in_a_path(
    tmp_path: Path, reconciler: "Reconciler"
) -> None:
    """Doubled braces in a sink's path are literal braces."""
    (tmp_path / "reconciler.yaml").write_text(SINK)
    run = reconciler("validate")
    assert run.code == 0, run.err
