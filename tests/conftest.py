"""What every test may ask for: a Domo double that serves."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from reconciler.sandbox.handle import Running


@pytest.fixture
def sandbox() -> Iterator[Callable[..., "Running"]]:
    """Return a function that starts a sandbox and stops it at the end of the test.

    `start()` serves the instances acme-prod, acme-dev and globex; `start(["a", "b"], list_lag=1)`
    serves others, with rules; `start(config)` serves any config. `latency` is in seconds.
    """
    from reconciler.sandbox.fleet import fleet
    from reconciler.sandbox.server import running
    from reconciler.sandbox.world import World

    def start(
        which: Mapping[str, Any] | list[str] | None = None,
        *,
        latency: float | None = None,
        **rules: Any,
    ) -> "Running":
        if isinstance(which, Mapping):
            config = which
        else:
            keys = ["acme-prod", "acme-dev", "globex"] if which is None else which
            config = fleet(keys, seed=7, **rules)
        return stack.enter_context(running(World.from_config(config), latency=latency))

    with ExitStack() as stack:
        yield start
