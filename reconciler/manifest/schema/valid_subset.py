"""Drop the invalid parts of a document, so that the rest can be checked."""

from collections.abc import Iterable
from typing import Any, Final

from reconciler.manifest.yaml.source_map import Entry, SourceMap

Path = tuple[str | int, ...]
_Tree = dict[str | int, Any]
"""For each step of the paths either the tree below it or the `_Leaf` for its value."""

NO_MATCH_GLOB: Final = "A"
"""A glob that matches no instance's key. It replaces an invalid `select`."""


_NEVER_EMPTY: Final = ("sink", "canary")
"""Keys of lists that are dropped with their last item, because the schema forbids empty ones."""
_GONE: Final = object()


class _Leaf:
    """The end of a path: the value is dropped, or replaced by `stand`."""

    def __init__(self, stand: Any) -> None:
        self.stand = stand


def unit(path: Path) -> Path:
    """Return the path of the smallest part to drop with an invalid value.

    A client cannot exist without a name, for example. Values with a `stand_in` are replaced
    instead, so that the rest of a client or a client set is still checked.
    """
    match path:
        case ("defaults", "auth", *_) | ("sinks", _, *_) | ("moved", _, *_):
            return path[:2]
        case ("instances", _, "auth", *_) | ("state", "encryption", *_):
            return path[: 3 if path[0] == "instances" else 2]
        case (_, _, "clients", _, "name", *_):
            return path[:4]
        case (_, _, "clients", _, "scope", *_):
            return path[:5]
        case ("client_sets", _, "select", *_):
            return path[:3]
        case _:
            return path


def stand_in(path: Path) -> Any:
    """Return a valid replacement for the value at a path of `unit`; None for most paths."""
    match path:
        case (_, _, "clients", _, "scope"):
            return ["data"]
        case ("client_sets", _, "select"):
            return {"instances": [NO_MATCH_GLOB]}
        case ("client_sets", _, "clients"):
            return []
        case _:
            return None


def pruned(value: Any, invalid: Iterable[Path], source_map: SourceMap) -> Any:
    """Return `value` without the parts at `invalid`; unchanged parts are shared, not copied."""
    tree: _Tree = {}
    for path in invalid:
        if path:
            _plant(tree, path)
    return _Pruner(source_map).without(value, tree, 0)


def _plant(tree: _Tree, path: Path) -> None:
    for step in path[:-1]:
        branch = tree.setdefault(step, {})
        if isinstance(branch, _Leaf):
            return
        tree = branch
    tree[path[-1]] = _Leaf(stand_in(path))


class _Pruner:
    """Copies the containers above a dropped part, each with its positions."""

    def __init__(self, source_map: SourceMap) -> None:
        self._source_map = source_map

    def without(self, value: Any, tree: _Tree, at: int) -> Any:
        """Return the value at `at` without the parts in its tree."""
        if not tree:
            return value
        return (
            self._mapping(value, tree, at) if isinstance(value, dict) else self._list(value, tree)
        )

    def _list(self, value: list[Any], tree: _Tree) -> list[Any]:
        spans: list[int] = []
        values = []
        for number, item in enumerate(self._source_map.items(value)):
            if not isinstance(branch := tree.get(number, {}), _Leaf):
                values.append(self.without(item.value, branch, item.at))
                spans.append(item.at)
        self._source_map.spans[id(values)] = spans
        return values

    def _mapping(self, value: dict[str, Any], tree: _Tree, at: int) -> dict[str, Any]:
        spans: list[int] = []
        mapping = {}
        for entry in self._source_map.entries(value):
            kept = self._kept(entry, tree.get(entry.key, {}))
            if kept is not _GONE:
                mapping[entry.key] = kept
                spans += (entry.key_at, entry.at)
        for key, branch in tree.items():
            if isinstance(branch, _Leaf) and branch.stand is not None and key not in value:
                mapping[str(key)] = self._standing(branch.stand, at)
                spans += (at, at)
        self._source_map.spans[id(mapping)] = spans
        return mapping

    def _kept(self, entry: Entry, branch: "_Tree | _Leaf") -> Any:
        if isinstance(branch, _Leaf):
            return _GONE if branch.stand is None else self._standing(branch.stand, entry.at)
        kept = self.without(entry.value, branch, entry.at)
        return _GONE if branch and not kept and entry.key in _NEVER_EMPTY else kept

    def _standing(self, value: Any, at: int) -> Any:
        """Return a replacement, with every part at the position of the replaced value."""
        if isinstance(value, dict):
            self._source_map.spans[id(value)] = [at] * (2 * len(value))
            for each in value.values():
                self._standing(each, at)
        elif isinstance(value, list):
            self._source_map.spans[id(value)] = [at] * len(value)
        return value
