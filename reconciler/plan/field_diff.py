"""How two records differ. DeepDiff costs 0.2 s to import, so only plans with a difference pay."""

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.model.strings import printable


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One place in which two records differ; `path` is dotted, None stands for nothing there."""

    path: str
    before: object
    after: object


def differences(
    before: Mapping[str, object], after: Mapping[str, object]
) -> tuple[Difference, ...]:
    """Return every difference between two records of plain JSON values, sorted by path."""
    from deepdiff import DeepDiff
    from deepdiff.helper import NotPresent

    found: list[Difference] = []
    for changes in DeepDiff(before, after, view="tree", verbose_level=2).values():
        for change in changes:
            sides = [
                None if isinstance(side, NotPresent) or side is NotPresent else side
                for side in (change.t1, change.t2)
            ]
            path = ".".join(str(part) for part in change.path(output_format="list"))
            found.append(Difference(path=path, before=sides[0], after=sides[1]))
    return tuple(sorted(found, key=lambda each: each.path))


def successor_phrase(
    before: tuple[tuple[str, ...], str], after: tuple[tuple[str, ...], str]
) -> str:
    """Say how a client and its successor differ; each side is a scope and a description."""
    found = differences(_record(before), _record(after))
    return "; ".join(
        f"scope {printable(str(each.before))} → {printable(str(each.after))}"
        if each.path == "scope"
        else f"{each.path} changed"
        for each in sorted(found, key=lambda each: each.path != "scope")
    )


def _record(side: tuple[tuple[str, ...], str]) -> Mapping[str, object]:
    scope, description = side
    return {"scope": " ".join(scope), "description": description}
