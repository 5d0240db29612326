"""Fill in placeholders and report unknown ones."""

from collections.abc import Iterable, Mapping
from typing import Final

from reconciler.manifest.error_collector import ErrorCollector, ManifestError, quoted
from reconciler.model.placeholders import UnknownPlaceholder, fill, parts

INSTANCE: Final = ("instance", "INSTANCE", "domain")
CLIENT: Final = (*INSTANCE, "client", "client_slug")


class PlaceholderFiller:
    """Fills the placeholders of one manifest; `labels` are the label names of all instances.

    `whole` is false if a label was dropped: an unknown label is then not reported.
    """

    def __init__(
        self, labels: Iterable[str], report: ErrorCollector, *, whole: bool = True
    ) -> None:
        self._labels = frozenset(f"labels.{name}" for name in labels)
        self._report = report
        self._whole = whole
        self._known: dict[tuple[str, ...], tuple[str, ...]] = {}

    def known(self, text: str, at: int, names: tuple[str, ...], *, labels: bool = True) -> bool:
        """Report each placeholder of `text` that is neither in `names` nor a label."""
        unknown = [
            each
            for each in parts(text)[1::2]
            if each not in names and not (labels and each in self._labels)
        ]
        for name in unknown:
            if self._whole or not (labels and name.startswith("labels.")):
                self._report.add(_unknown(name, at, self._allowed(names, labels=labels)))
        return not unknown

    def _allowed(self, names: tuple[str, ...], *, labels: bool) -> tuple[str, ...]:
        """Return every placeholder of a place; suggestions need the same object each time."""
        key = (*names, *(("labels",) if labels else ()))
        if key not in self._known:
            allowed = sorted({*names, *(self._labels if labels else ())})
            self._known[key] = tuple(f"{{{each}}}" for each in allowed)
        return self._known[key]

    def fill(self, text: str, at: int, values: Mapping[str, str], instance_at: int) -> str | None:
        """Fill `text` for the instance at `instance_at`; None if a placeholder has no value there.

        A label that this instance lacks is reported here; `known` has reported unknown names.
        """
        try:
            return fill(text, values)
        except UnknownPlaceholder as unknown:
            if unknown.name in self._labels and self._whole:
                self._report.add(_lacking(unknown.name, at, instance_at))
            return None


def _unknown(name: str, at: int, allowed: tuple[str, ...]) -> ManifestError:
    return ManifestError(
        code="unknown-placeholder",
        message=lambda word: f"unknown placeholder {word}",
        at=at,
        word=f"{{{name}}}",
        known=allowed,
        hint=f"known here: {', '.join(allowed[:20])}",
    )


def _lacking(name: str, at: int, instance_at: int) -> ManifestError:
    return ManifestError(
        code="missing-label",
        message=f"this instance lacks the label {quoted(name.removeprefix('labels.'))}",
        at=instance_at,
        hint="give the label to the instance, or use another placeholder",
        also=((at, "the label is used here"),),
    )


def dash(template: str, filled: str) -> bool:
    """Return if an argument begins with `-` only because of a placeholder."""
    return filled.startswith("-") and not template.startswith("-")
