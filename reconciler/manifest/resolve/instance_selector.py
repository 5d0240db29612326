"""Find the instances that each client set selects, through indexes."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import translate
from functools import cached_property
from typing import Any, Final

from reconciler.manifest.schema.did_you_mean import Suggestions
from reconciler.manifest.yaml.source_map import Entry

_MAGIC: Final = re.compile(r"[*?\[]")
_LAST: Final = "\U0010ffff"


class InstanceSelector:
    """The instances of a manifest by key and by label; `entries` are sorted by key.

    Instances are numbers of entries. Indexes avoid nine million comparisons for three thousand sets
    and three thousand instances.
    """

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = entries
        self._keys = [each.key for each in entries]

    @cached_property
    def _labelled(self) -> Mapping[tuple[str, str], set[int]]:
        found: dict[tuple[str, str], set[int]] = {}
        for number, entry in enumerate(self._entries):
            for pair in entry.value.get("labels", {}).items():
                found.setdefault(pair, set()).add(number)
        return found

    def selected(self, select: Mapping[str, Any]) -> Iterable[int]:
        """Return the numbers of the instances that a `select` selects, less `exclude`, in order."""
        excluded = {each for glob in select.get("exclude", ()) for each in self._globbed(glob)}
        if "all" in select:
            return [each for each in range(len(self._keys)) if each not in excluded]
        pairs = select.get("labels", {}).items()
        found = [self._labelled.get(pair, set()) for pair in pairs]
        if "instances" in select:
            found.append({each for glob in select["instances"] for each in self._globbed(glob)})
        return sorted(set.intersection(*sorted(found, key=len)) - excluded)

    def _globbed(self, glob: str) -> Iterator[int]:
        """Yield the numbers of the matching keys; only keys with the literal prefix are tried."""
        magic = _MAGIC.search(glob)
        stem = glob[: magic.start()] if magic else glob
        low = bisect_left(self._keys, stem)
        if magic is None:
            yield from (low,) if self._keys[low : low + 1] == [glob] else ()
            return
        matches = re.compile(translate(glob)).match
        high = bisect_left(self._keys, stem + _LAST)
        yield from (number for number in range(low, high) if matches(self._keys[number]))

    @cached_property
    def _pairs(self) -> list[str]:
        return sorted({f"{name}: {value}" for name, value in self._labelled})

    def meant(self, select: Mapping[str, Any], suggestions: Suggestions) -> str | None:
        """Return a hint if an empty `select` is similar to an existing key or label."""
        for glob in select.get("instances", ()):
            if near := suggestions.near(glob, self._keys):
                return f"did you mean the instance `{near}`?"
        for name, value in select.get("labels", {}).items():
            pair = f"{name}: {value}"
            if (name, value) not in self._labelled and (
                near := suggestions.near(pair, self._pairs)
            ):
                found_name, _, found_value = near.partition(": ")
                if _is_near(name, found_name) and _is_near(value, found_value):
                    return f"did you mean the label `{near}`?"
        return None


def _is_near(word: str, other: str) -> bool:
    """Return if two parts of a label are equal or similar; `dev` is not a misspelling of `prod`."""
    return word == other or Suggestions().near(word, [other]) is not None
