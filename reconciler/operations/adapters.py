"""What operations need of the machine that they run on; `bootstrap.Machine` implements it."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from reconciler.model.manifest import Manifest
    from reconciler.ports import Clock, Credentials, Domo, Prover, Sealing, Sinks, StateStore
    from reconciler.stores.encryption import Identity
    from reconciler.stores.ledger import Ledger
    from reconciler.system.process_reaper import ProcessReaper
    from reconciler.system.provenance import Provenance

    class Connections(Domo, Prover, Protocol):
        """Signs on to instances, and signs in with secrets."""


class Adapters(Protocol):
    """The adapters of one command. All methods build an adapter; none of them does I/O."""

    @property
    def desired(self) -> "Manifest":
        """Return the manifest."""
        ...

    @property
    def store(self) -> "StateStore":
        """Return the store of the state."""
        ...

    @property
    def clock(self) -> "Clock":
        """Return the clock."""
        ...

    @property
    def run(self) -> str:
        """Return the name of the run, for its journal and its error log."""
        ...

    @property
    def concurrency(self) -> int:
        """Return how many instances are worked on at once."""
        ...

    def nonce(self) -> str:
        """Draw 8 random hexadecimal digits."""
        ...

    def reaper(self) -> "ProcessReaper":
        """Return what ends child processes together with this process."""
        ...

    def domo(
        self, stopped: Callable[[], bool] | None = None
    ) -> "AbstractAsyncContextManager[Connections]":
        """Return the connections; once `stopped` returns true, nothing is tried again."""
        ...

    def credentials(self, keeper: "ProcessReaper") -> "Credentials":
        """Return what resolves references; its commands end with `keeper`."""
        ...

    def sinks(self, keeper: "ProcessReaper", *, concurrency: int = 8) -> "Sinks":
        """Return the sinks; `concurrency` is how many of their commands run at once."""
        ...

    def sealing(self, identities: "Sequence[Identity]" = ()) -> "Sealing":
        """Return what seals secrets as the manifest asks, and opens what `identities` open."""
        ...

    def ledger(self, path: "Path") -> "Ledger":
        """Return the ledger at a path; it is opened as a context."""
        ...

    def provenance(self) -> "Provenance":
        """Return who runs this, and the commit of the manifest."""
        ...
