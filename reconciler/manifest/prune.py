"""A document without its wrong parts, so that the rest can be read all the same."""

from collections.abc import Iterable
from typing import Any

from reconciler.manifest.positions import Atlas

Path = tuple[str | int, ...]
_Tree = dict[str | int, Any]
"""What to leave out under each step: None for all of it, else another tree."""


def unit(path: Path) -> Path:
    """Return the path of what has to go with a wrong value: a client without a name is none."""
    match path:
        case ("defaults", "auth", *_) | ("sinks", _, *_) | ("moved", _, *_):
            return path[:2]
        case ("instances", _, "auth", *_) | ("state", "encryption", *_):
            return path[: 3 if path[0] == "instances" else 2]
        case (_, _, "clients", _, "name" | "scope", *_):
            return path[:4]
        case ("client_sets", _, "select", *_) | ("client_sets", _, "clients"):
            return path[:2]
        case ("rollout", *_):
            return path[:1]
        case ("instances" | "client_sets", _, ("labels" | "sink"), *_):
            return path[:3]
        case (_, _, "clients", _, "sink", *_):
            return path[:5]
        case ("defaults", "sink", *_):
            return path[:2]
        case _:
            return path


def pruned(value: Any, spoilt: Iterable[Path], atlas: Atlas) -> Any:
    """Return `value` without the parts at `spoilt`; what is whole is shared, not copied."""
    tree: _Tree = {}
    for path in spoilt:
        if path:
            _plant(tree, path)
    return _without(value, tree, atlas)


def _plant(tree: _Tree, path: Path) -> None:
    for step in path[:-1]:
        branch = tree.setdefault(step, {})
        if branch is None:
            return
        tree = branch
    tree[path[-1]] = None


def _without(value: Any, tree: _Tree, atlas: Atlas) -> Any:
    if not tree:
        return value
    if isinstance(value, dict):
        return _mapping_without(value, tree, atlas)
    spans: list[int] = []
    values = []
    for number, item in enumerate(atlas.items(value)):
        if (branch := tree.get(number, {})) is not None:
            values.append(_without(item.value, branch, atlas))
            spans.append(item.at)
    atlas.spans[id(values)] = spans
    return values


def _mapping_without(value: dict[str, Any], tree: _Tree, atlas: Atlas) -> dict[str, Any]:
    spans: list[int] = []
    mapping = {}
    for entry in atlas.entries(value):
        if (branch := tree.get(entry.key, {})) is not None:
            mapping[entry.key] = _without(entry.value, branch, atlas)
            spans += (entry.key_at, entry.at)
    atlas.spans[id(mapping)] = spans
    return mapping
