"""Machines that differ: locales, names that are not UTF-8, streams, limits and no home folder."""

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Reconciler

MANIFEST: Final = """\
version: 1
defaults: {auth: {method: token, token: {env: DOMO_TOKEN}}}
instances:
  acme:
    clients: [{name: Übung, scope: [data]}]
"""
LATIN: Final = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
"""A locale that is not UTF-8, with everything off that Python does about it."""

COMMANDS: Final = (
    "plan",
    "plan --format json",
    "apply --auto-approve",
    "check",
    "validate",
    "state list",
    "init --force new",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a manifest whose client has a name that is not ASCII."""
    (tmp_path / "reconciler.yaml").write_text(MANIFEST)
    (tmp_path / "mänifest.yaml").write_text(MANIFEST)
    return tmp_path


@pytest.mark.parametrize(
    "arguments",
    [
        ("plan", "-f", "mänifest.yaml", "--target", "acme/Übung", "--format", "json"),
        ("plan", "--target", "acme/Übungen"),
        ("validate", "-f", "nö.yaml"),
        ("apply", "--state", "stäte.json", "--nöpe"),
    ],
)
def test_a_locale_that_is_not_utf8_changes_nothing(
    folder: Path, reconciler: "Reconciler", arguments: tuple[str, ...]
) -> None:
    """Arguments and names mean the same in every locale, and so the output has the same bytes."""
    del folder
    usual = reconciler(*arguments)
    other = reconciler(*arguments, env=LATIN)
    assert (other.code, other.out, other.err) == (usual.code, usual.out, usual.err)
    assert "internal error" not in usual.err


@pytest.mark.parametrize("place", ["argument", "variable"])
def test_an_argument_that_is_not_utf8_is_a_usage_error(
    folder: Path, environment: dict[str, str], place: str
) -> None:
    """No document could contain it, so it is refused with its bytes shown."""
    command: list[bytes | str] = [sys.executable, "-m", "reconciler", "plan"]
    env: dict[bytes, bytes] = {os.fsencode(k): os.fsencode(v) for k, v in environment.items()}
    if place == "argument":
        command += ["--target", b"acme/\xff"]
    else:
        env[b"RECONCILER_TARGET"] = b"acme/\xff"
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, check=False)
    assert done.returncode == 64
    assert b"`acme/\\udcff` is not UTF-8\nhint: " in done.stderr


def test_a_manifest_file_whose_name_is_not_utf8_is_refused(
    folder: Path, reconciler: "Reconciler"
) -> None:
    """A plan could not show where its clients are defined."""
    (folder / "all").mkdir()
    Path(os.fsdecode(os.fsencode(folder / "all") + b"/\xff.yaml")).write_text(MANIFEST)
    done = reconciler("plan", "-f", "all", "--format", "json")
    assert done.code == 1
    assert "the name of the manifest file `all/\\udcff.yaml` is not UTF-8\n" in done.err


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    "how",
    [
        "{} <&-",
        "{} <&- >&- 2>&-",
        "{} >&- 2>/dev/full",
        "env -u HOME {}",
        "env HOME=/nonexistent {}",
        "ulimit -v 200000; {}",
        "ulimit -v 100000; {}",
    ],
)
def test_a_poor_machine_causes_no_internal_error(
    folder: Path, environment: dict[str, str], command: str, how: str
) -> None:
    """Closed streams, no home folder and little memory end in an exit code and a clear message."""
    program = shlex.join([sys.executable, "-m", "reconciler", *command.split()])
    done = subprocess.run(
        ["/bin/sh", "-c", how.format(program)],
        cwd=folder,
        env=environment,
        capture_output=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode in {0, 1, 3, 64}
    assert b"internal error" not in done.stderr
    assert b"Traceback" not in done.stderr
