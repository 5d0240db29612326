"""Finds client secrets in plain in files that are about to be committed."""

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from reconciler.model.errors import ReconcilerError
from reconciler.model.placeholders import parts
from reconciler.model.state_files import LOG

if TYPE_CHECKING:
    from reconciler.model.manifest import Manifest
    from reconciler.ports import StateStore

# Two expressions: one with both alternatives is searched without its first letters, 10 x as long.
_PLAIN: Final = (
    re.compile(rb'"client_secret"\s*:\s*"'),
    re.compile(rb"DOMO_CLIENT_SECRET=\S"),
)
_STATE_NAME: Final = re.compile(r"\.state\.json(?:\.[^/]+)?$")
_ERROR_LOG: Final = re.compile(LOG + r"$")

Classify = Callable[[str], bool | None]
"""Returns what a path is: None if it is not a file of this tool.

True is the file of a client's sink, which contains its secret in one of several forms. False is a
file that may contain a secret: the state, a file beside it, or what a sink wrote for a client that
is no longer in the manifest.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainSecret:
    """A line with a secret in plain. Line 1 also means a whole file."""

    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


def find_plain_secrets(paths: Iterable[str], classify: Classify | None = None) -> list[PlainSecret]:
    """Return the lines with a secret in plain; `classify` leaves files out.

    Raises:
        ReconcilerError: a file cannot be read.

    """
    return [
        PlainSecret(path=path, line=line)
        for path in paths
        for line in _lines(path, False if classify is None else classify(path))
    ]


def classifier(desired: "Manifest", store: "StateStore") -> Classify:
    """Return the function that decides by the manifest and the state's path what a file is."""

    def real(path: str) -> str:
        return os.path.realpath(Path(desired.root, path))

    targets = {
        real(target.path)
        for client in desired.clients.values()
        for target in desired.targets(client)
        if target.path is not None
    }
    gap = "\x01"  # no path contains it, and `realpath` keeps it
    forms = [
        re.compile(re.escape(real(gap.join(parts(template)[::2]))).replace(gap, "[^/]+"))
        for sink in desired.sinks.values()
        if (template := sink.path_template) is not None
    ]

    def classify(path: str) -> bool | None:
        there = os.path.realpath(path)
        if there in targets:
            return True
        beside = store.owns(Path(path)) or _STATE_NAME.search(path) or _ERROR_LOG.search(path)
        return False if beside or any(form.fullmatch(there) for form in forms) else None

    return classify


def _lines(path: str, kind: bool | None) -> list[int]:
    if kind is None:
        return []
    found = _plain_lines(path)
    return found or ([1] if kind else [])


def _plain_lines(path: str) -> list[int]:
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise ReconcilerError(f"`{path}` cannot be read: {error.strerror}") from None
    if _ERROR_LOG.search(path):
        return [1]
    lines, line, counted = [], 1, 0
    for start in sorted(found.start() for plain in _PLAIN for found in plain.finditer(data)):
        line += data.count(b"\n", counted, start)  # from the beginning would be quadratic
        counted = start
        lines.append(line)
    return lines
