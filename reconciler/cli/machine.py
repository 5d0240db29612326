"""Opens the adapters of this machine with the options of a command."""

import os
from typing import TYPE_CHECKING

from reconciler.bootstrap import Machine, Settings

if TYPE_CHECKING:
    from reconciler.cli.values import ConnectionOptions
    from reconciler.cli.views.console import Console
    from reconciler.domo.transport import Exchange
    from reconciler.model.manifest import Manifest
    from reconciler.ports import StateStore


def open_machine(
    console: "Console", desired: "Manifest", store: "StateStore", reach: "ConnectionOptions"
) -> Machine:
    """Return the adapters; with `-v` the console shows each request."""

    def show(exchange: "Exchange") -> None:
        _show_request(console, exchange)

    settings = Settings(
        environ=os.environ,
        run=console.run,
        concurrency=reach.concurrency,
        rate=reach.rate,
        on_request=show if console.verbosity else None,
    )
    return Machine(desired=desired, store=store, settings=settings)


def _show_request(console: "Console", exchange: "Exchange") -> None:
    from dataclasses import asdict

    if console.log_format == "json":
        console.event({"event": "request", **asdict(exchange)})
        return
    answer = exchange.status or exchange.failure
    console.detail(
        f"{exchange.method} {exchange.host} {exchange.path} {answer} {exchange.milliseconds} ms"
    )
