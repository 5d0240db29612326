"""Delivery of secrets: what the engine needs from all sinks of a manifest together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from reconciler.model.client import Delivery
from reconciler.model.leftover import Fate, Leftover
from reconciler.model.secret import Secret
from reconciler.model.sink import SinkTarget


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBack:
    """What a sink returned; `client_id` is None if it contains the secret alone."""

    client_id: str | None
    secret: Secret


class SinkReader(Protocol):
    """Reads secrets back from sinks."""

    async def read(self, target: SinkTarget) -> ReadBack:
        """Return what a consumer would find at the target.

        Raises:
            SinkUnreadable: it contains nothing, or nothing that can be used.

        """
        ...

    async def read_recorded(self, text: str) -> ReadBack:
        """Return the secret in a file that a delivery recorded as `text`.

        Raises:
            SinkUnreadable: the text names no file, or the file cannot be used.

        """
        ...


class Sinks(SinkReader, Protocol):
    """Delivers secrets to the sinks of a manifest.

    The engine probes all targets before it creates the first client, so that no secret is created
    that its sink refuses. It may deliver the same secret to the same target more than once.
    """

    async def probe(self, targets: Iterable[SinkTarget]) -> None:
        """Check that each target can take a secret.

        A probe leaves nothing behind and runs no command of the user.

        Raises:
            SinkFailed: with every target that cannot take a secret, and why.

        """
        ...

    async def deliver(self, target: SinkTarget, delivery: Delivery) -> None:
        """Deliver the secret; a repeated delivery has no further effect.

        Raises:
            SinkFailed: the target may not have it.

        """
        ...

    async def sweep(self, files: Sequence[tuple[Leftover, bool]]) -> Sequence[Fate]:
        """Look at each leftover file, and remove the marked ones that are provably unchanged.

        Returns what was found or done, in the order of `files`.
        """
        ...
