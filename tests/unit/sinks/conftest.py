"""A delivery, and sinks of a manifest's folder that is made for each test."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reconciler.model.address import Address
from reconciler.model.client import Delivery
from reconciler.model.secret import Secret
from reconciler.sinks.registry import LocalSinks
from reconciler.stores.local import LocalStore
from reconciler.system.child_process import KeepErrors
from reconciler.system.process_reaper import ProcessReaper


@pytest.fixture
def deliver_of() -> Callable[[str], Delivery]:
    """Return a function that makes a delivery of a given secret."""

    def make(secret: str) -> Delivery:
        return Delivery(
            address=Address("acme-prod", "Automation Client"),
            domain="acme-prod.domo.com",
            live_name="Automation Client (2)",
            description="Nächtliches ETL",
            scope=("data", "user"),
            client_id="0e5f9f6c-0000-4000-8000-000000000000",
            client_secret=Secret(secret),
            created_at="2026-01-31T08:00:00Z",
        )

    return make


@pytest.fixture
def delivery(deliver_of: Callable[[str], Delivery]) -> Delivery:
    """Return what a sink receives."""
    return deliver_of("5ec4e7" * 10 + "beef")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return the manifest's folder."""
    folder = tmp_path / "manifest"
    folder.mkdir()
    return folder


@pytest.fixture
def keep(root: Path) -> KeepErrors:
    """Return what keeps the error output of the test's commands."""
    return LocalStore(root / "s.json").error_log("20260131T080000-0123abcd").keep


@pytest.fixture
def keeper() -> Iterator[ProcessReaper]:
    """Return what ends the commands of a test."""
    with ProcessReaper() as kept:
        yield kept


@pytest.fixture
def sinks(root: Path, keeper: ProcessReaper, keep: KeepErrors) -> LocalSinks:
    """Return the sinks of the manifest's folder, with this process's environment."""
    return LocalSinks(root, os.environ, frozenset(), keeper=keeper, keep=keep)
