"""Builds what one command needs of this machine: its connections, credentials and sinks."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from random import SystemRandom
from typing import TYPE_CHECKING

from reconciler.cli.workspace import SystemClock

if TYPE_CHECKING:
    from reconciler.cli.values import ConnectionOptions
    from reconciler.cli.views.console import Console
    from reconciler.credentials.resolver import LocalCredentials
    from reconciler.domo.client import DomoHttp
    from reconciler.domo.transport import Exchange
    from reconciler.model.manifest import Manifest
    from reconciler.sinks.registry import LocalSinks
    from reconciler.stores.error_log import ErrorLog
    from reconciler.stores.local import LocalStore
    from reconciler.system.process_reaper import ProcessReaper


@dataclass(frozen=True, kw_only=True)
class Machine:
    """One command's view of the machine; what it builds shares the rate and the error log."""

    console: "Console"
    desired: "Manifest"
    store: "LocalStore"
    reach: "ConnectionOptions"

    def domo(self, stopped: Callable[[], bool] | None = None) -> "DomoHttp":
        """Return the connections; once `stopped` returns true, nothing is tried again."""
        from reconciler.domo.client import DomoHttp

        return DomoHttp(
            clock=SystemClock(),
            rng=SystemRandom(),
            rate=self.reach.rate,
            stopped=stopped,
            report=self._show_request if self.console.verbosity else None,
        )

    def _show_request(self, exchange: "Exchange") -> None:
        from dataclasses import asdict

        if self.console.log_format == "json":
            self.console.event({"event": "request", **asdict(exchange)})
            return
        answer = exchange.status or exchange.failure
        self.console.detail(
            f"{exchange.method} {exchange.host} {exchange.path} {answer} {exchange.milliseconds} ms"
        )

    def credentials(self, keeper: "ProcessReaper") -> "LocalCredentials":
        """Return what resolves references; its commands end with `keeper`."""
        from reconciler.credentials.resolver import LocalCredentials

        return LocalCredentials(
            self._root, os.environ, self._hidden, keeper=keeper, keep=self._errors.keep
        )

    def sinks(self, keeper: "ProcessReaper", *, concurrency: int = 8) -> "LocalSinks":
        """Return the sinks; `concurrency` is how many of their commands run at once."""
        from reconciler.sinks.registry import LocalSinks

        return LocalSinks(
            self._root,
            os.environ,
            self._hidden,
            keeper=keeper,
            keep=self._errors.keep,
            concurrency=concurrency,
        )

    @property
    def _root(self) -> Path:
        return Path(self.desired.root)

    @cached_property
    def _hidden(self) -> frozenset[str]:
        return self.desired.environment_names()

    @cached_property
    def _errors(self) -> "ErrorLog":
        return self.store.error_log(self.console.run)
