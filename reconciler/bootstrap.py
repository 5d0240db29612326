"""Builds the adapters that operations work through: the only module that knows all of them."""

import os
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.model.errors import ReconcilerError
from reconciler.operations.workspace import ProjectPaths, load_manifest

# Each adapter is imported when it is built: a plan without a state needs none of them.
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import BinaryIO

    from reconciler.credentials.resolver import LocalCredentials
    from reconciler.domo.client import DomoHttp
    from reconciler.domo.transport import Exchange
    from reconciler.model.manifest import Manifest
    from reconciler.ports import Clock, ErrorOutput, Sealing, StateStore
    from reconciler.sinks.registry import LocalSinks
    from reconciler.stores.encryption import Identity
    from reconciler.stores.ledger import Ledger
    from reconciler.system.process_reaper import ProcessReaper
    from reconciler.system.provenance import Provenance


class SystemClock:
    """The machine's time."""

    def now(self) -> datetime:
        """Return the current UTC instant."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that never run backwards."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Let `seconds` pass."""
        from asyncio import sleep

        await sleep(seconds)


def new_run() -> str:
    """Return a random name for a run; names sort by time."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.urandom(4).hex()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What adapters need to know besides the manifest.

    `run` names the run in its journal and its error log. `concurrency` counts instances. `rate` is
    in requests a second for each host, None for no limit. `on_request` gets each request that has
    ended.
    """

    environ: Mapping[str, str]
    run: str = field(default_factory=new_run)
    concurrency: int = 16
    rate: float | None = None
    on_request: "Callable[[Exchange], None] | None" = None


@dataclass(frozen=True, kw_only=True)
class Machine:
    """The adapters of one command on this machine; they share the error log.

    Implements `operations.adapters.Adapters`.
    """

    desired: "Manifest"
    store: "StateStore"
    settings: Settings

    @property
    def clock(self) -> "Clock":
        """Return the clock."""
        return SystemClock()

    @property
    def run(self) -> str:
        """Return the name of the run."""
        return self.settings.run

    @property
    def concurrency(self) -> int:
        """Return how many instances are worked on at once."""
        return self.settings.concurrency

    def nonce(self) -> str:
        """Draw 8 random hexadecimal digits."""
        return secrets.token_hex(4)

    def reaper(self) -> "ProcessReaper":
        """Return what ends child processes together with this process."""
        from reconciler.system.process_reaper import ProcessReaper

        return ProcessReaper()

    def domo(self, stopped: Callable[[], bool] | None = None) -> "DomoHttp":
        """Return the connections; once `stopped` returns true, nothing is tried again."""
        from random import SystemRandom

        from reconciler.domo.client import DomoHttp

        return DomoHttp(
            clock=self.clock,
            rng=SystemRandom(),
            rate=self.settings.rate,
            stopped=stopped,
            report=self.settings.on_request,
        )

    def credentials(self, keeper: "ProcessReaper") -> "LocalCredentials":
        """Return what resolves references; its commands end with `keeper`."""
        from reconciler.credentials.resolver import LocalCredentials

        return LocalCredentials(
            self._root,
            self.settings.environ,
            self._hidden,
            keeper=keeper,
            keep=self._errors.keep,
        )

    def sinks(self, keeper: "ProcessReaper", *, concurrency: int = 8) -> "LocalSinks":
        """Return the sinks; `concurrency` is how many of their commands run at once."""
        from reconciler.sinks.registry import LocalSinks

        return LocalSinks(
            self._root,
            self.settings.environ,
            self._hidden,
            keeper=keeper,
            keep=self._errors.keep,
            concurrency=concurrency,
        )

    def sealing(self, identities: "Sequence[Identity]" = ()) -> "Sealing":
        """Return what seals secrets as the manifest asks, and opens what `identities` open."""
        return sealing_of(self.desired, identities)

    def ledger(self, path: Path) -> "Ledger":
        """Return the ledger at a path; it is opened as a context."""
        from reconciler.stores.ledger import Ledger

        return Ledger(path)

    def provenance(self) -> "Provenance":
        """Return who runs this, and the commit of the manifest."""
        from reconciler.system.provenance import provenance

        return provenance(self.settings.environ, self._root)

    @property
    def _root(self) -> Path:
        return Path(self.desired.root)

    @cached_property
    def _hidden(self) -> frozenset[str]:
        return self.desired.environment_names()

    @cached_property
    def _errors(self) -> "ErrorOutput":
        return self.store.error_log(self.run)


def sealing_of(desired: "Manifest", identities: "Sequence[Identity]" = ()) -> "Sealing":
    """Return what seals secrets as the manifest asks, and opens what `identities` open."""
    from reconciler.stores.encryption import AgeSealing, PlainSealing

    if desired.recipients:
        return AgeSealing(desired.recipients, identities)
    return PlainSealing(identities)


def state_path(where: ProjectPaths, desired: "Manifest") -> Path:
    """Return the state's path: `--state` from the current folder, else the manifest's word.

    Raises:
        ReconcilerError: the folder of `--state` does not exist.

    """
    return _given(where.state) if where.state else Path(desired.root, desired.state_path)


def _given(state: str) -> Path:
    """Return the path that `--state` gives; a folder that is missing is most often a slip."""
    path = Path(state)
    if not path.parent.is_dir():
        raise ReconcilerError(
            f"--state `{state}`: there is no folder `{path.parent}`",
            hint="correct the path, or create the folder for a new state",
        )
    return path


def open_store(where: ProjectPaths, desired: "Manifest") -> "StateStore":
    """Return the store; nothing is read or locked yet."""
    from reconciler.stores.local import LocalStore

    return LocalStore(state_path(where, desired))


def find_store(where: ProjectPaths) -> "StateStore":
    """Return the store; the manifest is read only where nothing else says which one it is."""
    if where.state is None:
        return open_store(where, load_manifest(where))
    from reconciler.stores.local import LocalStore

    return LocalStore(_given(where.state))


def read_identities(
    paths: "Sequence[str]", stdin: "BinaryIO | None" = None
) -> "tuple[Identity, ...]":
    """Read the private keys in these files; `-` is `stdin`.

    Raises:
        UsageError: the value is a key and not a file; the message does not repeat it.
        CredentialUnavailable: a file is missing, or contains no usable key.

    """
    if not paths:
        return ()
    from reconciler.stores.identity_files import read_identity_files

    return read_identity_files(paths, stdin)
