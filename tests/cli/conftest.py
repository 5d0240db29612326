"""Whole runs of the command line, as processes."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
GOLDEN: Final = ROOT / "tests" / "golden"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a user sees of one run."""

    arguments: tuple[str, ...]
    code: int
    out: str
    err: str

    def transcript(self) -> str:
        """Return the run as it is kept in `tests/golden`."""
        return (
            f"$ reconciler {' '.join(self.arguments)}\n"
            f"exit {self.code}\n"
            f"---- stdout\n{self.out}---- stderr\n{self.err}"
        )


Reconciler = Callable[..., Run]


@pytest.fixture
def environment() -> dict[str, str]:
    """Return the environment of this process without what would change the tool's answers."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("RECONCILER_", "_RECONCILER", "DOMO_")) and name != "NO_COLOR"
    }
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}


@pytest.fixture
def reconciler(tmp_path: Path, environment: dict[str, str]) -> Reconciler:
    """Return a function that runs the command line in the test's own folder."""

    def run(*arguments: str, env: Mapping[str, str] | None = None, stdin: str = "") -> Run:
        done = subprocess.run(
            [sys.executable, "-m", "reconciler", *arguments],
            cwd=tmp_path,
            env={**environment, **(env or {})},
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        return Run(arguments=arguments, code=done.returncode, out=done.stdout, err=done.stderr)

    return run


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPair:
    """An age key: the file of the private part, by name, and the recipient."""

    file: str
    recipient: str


@pytest.fixture
def keypair(tmp_path: Path) -> Callable[[str], KeyPair]:
    """Return a function that makes a new age key in the test's own folder."""
    import pyrage  # type: ignore[import-untyped]  # it ships no types

    def make(name: str) -> KeyPair:
        identity = pyrage.x25519.Identity.generate()
        (tmp_path / name).write_text(f"# {name}\n{identity}\n")
        return KeyPair(file=name, recipient=str(identity.to_public()))

    return make


@pytest.fixture
def golden() -> Callable[[str, Run], None]:
    """Return a check that a run is the one that is kept; `UPDATE_GOLDEN=1` keeps this one."""

    def check(name: str, run: Run) -> None:
        path = GOLDEN / f"{name}.txt"
        if os.environ.get("UPDATE_GOLDEN"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(run.transcript(), encoding="utf-8")
        assert run.transcript() == path.read_text(encoding="utf-8")

    return check
