"""Placeholders where they are filled in, with a report of those that do not exist."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from reconciler.manifest.report import Finding, Report, quoted
from reconciler.model.template import UnknownPlaceholder, fill
from reconciler.model.text import nearest

_HOLE: Final = re.compile(r"\{([^{}]*)\}")
INSTANCE: Final = ("instance", "INSTANCE", "domain")
CLIENT: Final = (*INSTANCE, "client", "client_slug")


class Holes:
    """Fills the placeholders of one manifest; `labels` are the label names of all instances."""

    def __init__(self, labels: Iterable[str], report: Report) -> None:
        self._labels = frozenset(f"labels.{name}" for name in labels)
        self._report = report

    def known(self, text: str, at: int, names: Iterable[str], *, labels: bool = True) -> bool:
        """Report each placeholder of `text` that is no name and no instance's label."""
        allowed = {*names, *(self._labels if labels else ())}
        unknown = [each for each in _HOLE.findall(text) if each not in allowed]
        for name in unknown:
            self._report.add(_unknown(name, at, allowed))
        return not unknown

    def fill(self, text: str, at: int, values: Mapping[str, str], who: int) -> str | None:
        """Fill `text` for the instance at `who`; None where a placeholder has no value there.

        Raises nothing: `known` has reported names that do not exist, and a label that this
        instance lacks is reported here.
        """
        try:
            return fill(text, values)
        except UnknownPlaceholder as unknown:
            if unknown.name in self._labels:
                self._report.add(_lacking(unknown.name, at, who))
            return None


def parts(text: str) -> list[str]:
    """Divide a template: texts at even numbers, names of placeholders at odd ones."""
    return _HOLE.split(text)


def _unknown(name: str, at: int, allowed: Iterable[str]) -> Finding:
    near = nearest(name[:100], sorted(allowed))
    meant = f": did you mean `{{{near}}}`?" if near else ""
    known = ", ".join(f"{{{each}}}" for each in sorted(allowed)[:20])
    return Finding(
        code="unknown-placeholder",
        message=f"unknown placeholder {quoted('{' + name + '}')}{meant}",
        at=at,
        hint=f"known here: {known}",
    )


def _lacking(name: str, at: int, who: int) -> Finding:
    return Finding(
        code="missing-label",
        message=f"this instance lacks the label {quoted(name.removeprefix('labels.'))}",
        at=who,
        hint="give the label to the instance, or use another placeholder",
        also=((at, "the label is used here"),),
    )


def dash(template: str, filled: str) -> bool:
    """Say whether an argument begins with `-` only because of a placeholder."""
    return filled.startswith("-") and not template.startswith("-")
