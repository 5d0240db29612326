"""What the wrong parts of a manifest may have held: what seems to be absent there may not be."""

from collections.abc import Collection
from typing import Final

from reconciler.manifest.schema.valid_subset import Path

_OWN: Final = ("instances",)
_CLIENTS: Final = ("clients",)


class DroppedPaths:
    """Answers questions about what was left out, given its paths; `()` is a whole file.

    A rule that reports something as absent asks here first: only what could really have held it
    keeps the rule silent, so that no mistake hides another.
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
        """Say whether a key of the whole manifest is lost, with all that stands under it."""
        return self._everything or (name,) in self._parts

    def of_instance(self, key: str, name: str) -> bool:
        """Say whether what an instance gives by a name is lost, or a part of it."""
        return ("instances", key) in self._parts or ("instances", key, name) in self._parts

    def a_client_of(self, key: str) -> bool:
        """Say whether an instance has clients of its own that are lost."""
        return key in self._clients

    def auth_of(self, key: str) -> bool:
        """Say whether what an instance signs on with is lost, its own or the default."""
        default = self.section("defaults") or ("defaults", "auth") in self._parts
        return default or self.of_instance(key, "auth")

    def selected_by(self, name: str, *, labels: bool) -> bool:
        """Say whether an instance may be lost that a client set selects, or the `select` itself.

        `labels` says that it selects by labels.
        """
        if ("client_sets", name, "select") in self._parts:
            return True
        return self.a_label if labels else self.an_instance
