"""Upgrade older documents, one version at a time, before they are validated."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from reconciler.model.errors import StateRefused
from reconciler.state.model import VERSION

Step = Callable[[dict[str, Any]], dict[str, Any]]

STEPS: Final[Mapping[int, Step]] = {}
"""What makes a document of a version one of the next; each changes no document that it is given."""


def upgrade(
    document: Any, *, name: str, steps: Mapping[int, Step] = STEPS, to: int = VERSION
) -> dict[str, Any]:
    """Return the document at version `to`.

    Raises:
        StateRefused: it has no version, a newer one, or one from which no steps lead here.

    """
    version = document.get("version") if type(document) is dict else None
    if type(version) is not int:
        raise StateRefused(
            f"`{name}` is not a state of this tool: it has no version",
            hint="check the path; nothing was written",
        )
    if version > to:
        raise newer_version_error(name, version)
    found: dict[str, Any] = document
    for step in range(version, to):
        if step not in steps:
            raise StateRefused(
                f"`{name}` has version {version}, which no reconciler has written",
                hint="restore it from its backup or from version control; nothing was written",
            )
        found = steps[step](found)
    return found


def newer_version_error(name: str, version: int) -> StateRefused:
    """Return the error for a file that only a later release can read."""
    return StateRefused(
        f"`{name}` was written by a newer reconciler: version {version}",
        hint="use that release or a later one; nothing was written",
    )
