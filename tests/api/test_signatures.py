"""The public signatures, as a type checker sees them from outside of the package."""

import subprocess
import sys
from pathlib import Path
from typing import Final

import reconciler

ROOT: Final = Path(__file__).parents[2]
CONSUMER: Final = Path(__file__).with_name("consumer.py")


def test_a_typed_program_passes_the_strict_check(tmp_path: Path) -> None:
    """A consumer of every public method needs no cast, no ignore and no private import."""
    (tmp_path / "consumer.py").write_bytes(CONSUMER.read_bytes())
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file=", "consumer.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={"MYPYPATH": str(ROOT), "PATH": "/usr/bin:/bin", "PYTHONUTF8": "1"},
    )
    assert (checked.returncode, checked.stderr) == (0, ""), checked.stdout


def test_every_public_name_can_be_imported() -> None:
    """`__all__` lists what exists, and an unknown name is an AttributeError."""
    for name in reconciler.__all__:
        assert getattr(reconciler, name) is not None
    assert not hasattr(reconciler, "Projekt")


def test_the_package_itself_imports_nothing_of_the_api() -> None:
    """The command line starts without the API: public names are imported when they are used."""
    script = "import sys, reconciler; print([m for m in sys.modules if 'reconciler.' in m])"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"
