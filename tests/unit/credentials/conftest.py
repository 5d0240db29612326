"""Credentials of a manifest's folder that is made for each test."""

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from reconciler.credentials.resolver import LocalCredentials
from reconciler.model.reference import CredentialRef
from reconciler.stores.local import LocalStore
from reconciler.system.child_process import KeepErrors
from reconciler.system.process_reaper import ProcessReaper

Resolve = Callable[[CredentialRef], str]


@pytest.fixture
def keeper() -> Iterator[ProcessReaper]:
    """Return what ends the commands of a test."""
    with ProcessReaper() as kept:
        yield kept


@pytest.fixture
def keep(tmp_path: Path) -> KeepErrors:
    """Return what keeps the error output of the test's commands."""
    return LocalStore(tmp_path / "s.json").error_log("20260131T080000-0123abcd").keep


@pytest.fixture
def resolve_with(tmp_path: Path, keeper: ProcessReaper, keep: KeepErrors) -> Callable[..., Resolve]:
    """Return a function that takes variables (and a time-out) and returns one that resolves."""

    def prepare(
        environ: Mapping[str, str] | None = None,
        hidden: frozenset[str] = frozenset(),
        command_timeout: float = 20.0,
    ) -> Resolve:
        variables = {"PATH": os.environ["PATH"], **(environ or {})}
        credentials = LocalCredentials(
            tmp_path, variables, hidden, keeper=keeper, keep=keep, command_timeout=command_timeout
        )

        def resolve(reference: CredentialRef) -> str:
            return asyncio.run(credentials.resolve(reference)).reveal()

        return resolve

    return prepare


@pytest.fixture
def resolve(resolve_with: Callable[..., Resolve]) -> Resolve:
    """Return a function that resolves a reference and reveals what it got."""
    return resolve_with()
