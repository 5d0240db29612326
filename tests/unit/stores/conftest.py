"""A state and a journal to store."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.model.address import Address
from reconciler.model.secret import Secret
from reconciler.state.journal_records import Header, Intent
from reconciler.state.model import Entry, Plain, State

LINEAGE = "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0"
AT = "2026-01-31T08:00:00Z"


@pytest.fixture
def state() -> Callable[..., State]:
    """Return a function that makes a state with a serial and, if asked, one client's secret."""

    def make(serial: int, secret: str | None = None, *, lineage: str = LINEAGE) -> State:
        entry = Entry(
            domain="acme.domo.com",
            live_name="Reporting",
            client_id="c1",
            scope=("data",),
            created_at=AT,
            sinks=("state",),
            secret=None if secret is None else Plain(secret=Secret(secret)),
        )
        clients = {Address("acme", "Reporting"): entry}
        return State(lineage=lineage, serial=serial, clients=clients)

    return make


@pytest.fixture
def header() -> Callable[..., Header]:
    """Return a function that makes a journal's header."""

    def make(run: str = "r1", **changes: Any) -> Header:
        fields: dict[str, Any] = {
            "lineage": LINEAGE,
            "serial": 1,
            "plan_id": "p",
            "at": AT,
        } | changes
        return Header(run=run, **fields)

    return make


@pytest.fixture
def intent() -> Callable[[str], Intent]:
    """Return a function that makes an intent of a nonce."""

    def make(nonce: str = "n1") -> Intent:
        return Intent(
            address=Address("acme", "Reporting"),
            nonce=nonce,
            domain="acme.domo.com",
            live_name="Reporting",
            scope=("data",),
            sinks=("ops",),
            at=AT,
            principal="p",
        )

    return make


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a work tree that ignores `secrets/` and `*.state.json*`."""
    top = tmp_path / "repository"
    top.mkdir()
    git = shutil.which("git") or "git"
    subprocess.run([git, "init", "-q", str(top)], check=True)
    (top / ".gitignore").write_text("secrets/\n*.state.json*\n")
    return top
