"""Paths dropped as invalid, so that later checks do not report their contents as missing."""

from collections.abc import Collection
from typing import Final

from reconciler.manifest.schema.valid_subset import Path

_OWN: Final = ("instances",)
_CLIENTS: Final = ("clients",)


class DroppedPaths:
    """Answers questions about dropped paths; the path `()` is a whole file.

    A check that reports a missing value asks here first. It stays silent only if a dropped part
    could have contained the value, so that one mistake does not hide another.
    """

    def __init__(self, paths: Collection[Path] = ()) -> None:
        self._parts = {path[:3] for path in paths}
        self._clients = {
            path[1]
            for path in paths
            if len(path) == 4 and path[:1] == _OWN and path[2:3] == _CLIENTS
        }
        self._everything = () in self._parts
        instances = [path for path in self._parts if path[:1] == _OWN]
        sets = [path for path in paths if path[:1] == ("client_sets",) and len(path) < 5]
        self.an_instance = self._everything or any(len(path) < 3 for path in instances)
        self.a_label = self.an_instance or any(path[2] == "labels" for path in instances)
        self.a_set_client = self._everything or any(
            len(path) < 3 or path[2] in ("select", "clients") for path in sets
        )

    def section(self, name: str) -> bool:
        """Return if a top-level key was dropped with everything under it."""
        return self._everything or (name,) in self._parts

    def of_instance(self, key: str, name: str) -> bool:
        """Return if the value of an instance's key, or a part of it, was dropped."""
        return ("instances", key) in self._parts or ("instances", key, name) in self._parts

    def a_client_of(self, key: str) -> bool:
        """Return if clients in an instance's own list were dropped."""
        return key in self._clients

    def auth_of(self, key: str) -> bool:
        """Return if an instance's `auth`, its own or the default, was dropped."""
        default = self.section("defaults") or ("defaults", "auth") in self._parts
        return default or self.of_instance(key, "auth")

    def selected_by(self, name: str, *, labels: bool) -> bool:
        """Return if a client set's `select`, or an instance that it may select, was dropped.

        `labels` is true if the set selects by labels.
        """
        if ("client_sets", name, "select") in self._parts:
            return True
        return self.a_label if labels else self.an_instance
