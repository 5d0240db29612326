"""The adapter of the sink `locker`."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

from reconciler.ports.plugin import (
    Delivery,
    Host,
    ReadBack,
    Secret,
    SinkTarget,
    SinkUnreadable,
    UnusableTarget,
)


class LockerAdapter:
    """Works on the files of lockers. It has no pause between a read and a write, so no lock."""

    def __init__(self, host: Host) -> None:
        self._root = host.root

    async def probe(self, targets: Sequence[SinkTarget]) -> Sequence[UnusableTarget]:
        """Return the targets whose locker is in a folder that does not exist."""
        return [
            UnusableTarget(
                before=f"sink {each.sink}: locker ", what=each.data["file"], why=": no such folder"
            )
            for each in targets
            if not self._path(each).parent.is_dir()
        ]

    async def deliver(self, target: SinkTarget, delivery: Delivery) -> None:
        """Put the pair into the entry."""
        if target.data["entry"].endswith("Clumsy"):
            raise RuntimeError(delivery.client_secret.reveal())
        entries = self._entries(target)
        entries[target.data["entry"]] = {
            "name": delivery.address.client,
            "client_id": delivery.client_id,
            "client_secret": delivery.client_secret.reveal(),
        }
        path = self._path(target)
        path.touch(mode=0o600)
        path.write_text(json.dumps(entries), encoding="utf-8")

    async def read(self, target: SinkTarget) -> ReadBack:
        """Return the pair of the entry."""
        found = self._entries(target).get(target.data["entry"])
        if found is None:
            raise SinkUnreadable(f"sink {target.sink}: {target} has no entry")
        return ReadBack(client_id=found["client_id"], secret=Secret(found["client_secret"]))

    def _path(self, target: SinkTarget) -> Path:
        return Path(os.path.normpath(self._root / target.data["file"]))

    def _entries(self, target: SinkTarget) -> dict[str, dict[str, str]]:
        path = self._path(target)
        found: dict[str, dict[str, str]] = json.loads(path.read_text()) if path.exists() else {}
        return found
