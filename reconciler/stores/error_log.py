"""The error output of the commands of one run, in one private file beside the state."""

import os
import re
from pathlib import Path
from typing import Final

from reconciler.model.state_files import LOG
from reconciler.model.strings import printable
from reconciler.stores.git_guard import unsafe_paths
from reconciler.system.atomic_files import create_private, write_all

ROOM: Final = 1 << 20
"""How many bytes the file of one run has at most."""

FILES: Final = 5
"""How many of these files stay beside a state: a run that adds one removes the oldest."""

_FULL: Final = b"== The file is full: more error output was not kept\n"


class ErrorLog:
    """Keeps what failed commands of one run printed on standard error.

    A command may print a secret split, reversed or encoded, so no search can show that its output
    is safe. Messages therefore name this file instead of quoting the output. The file is created
    with the first output; a repository that would take it in gets none.
    """

    def __init__(self, path: Path, *, shown: str) -> None:
        """Name the file; `shown` is its path as messages give it."""
        self._path = path
        self._shown = printable(shown)
        self._left = ROOM
        self._refusal: str | None = None

    def keep(self, title: str, output: bytes) -> str:
        """Keep a failed command's output under a title; return what its message adds.

        The same file serves every command of the run, so equal failures have equal messages.
        """
        text = output.decode(errors="backslashreplace").strip()
        if not text:
            return ""
        lines = (printable(each) for each in (f"== {title}", *text.splitlines()))
        entry = "".join(f"{each}\n" for each in lines).encode()
        try:
            self._add(entry)
        except OSError as error:
            self._refusal = error.strerror or type(error).__name__
        if self._refusal is not None:
            return f"; its error output is not kept: {self._refusal}"
        return f"; its error output is in {self._shown}"

    def _add(self, entry: bytes) -> None:
        if self._refusal is not None or self._left <= 0:
            return
        fits = len(entry) <= self._left - len(_FULL)
        data = entry if fits else _FULL
        if self._left == ROOM:
            self._create(data)
        else:
            flags = os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW
            descriptor = os.open(self._path, flags)
            try:
                write_all(descriptor, data)
            finally:
                os.close(descriptor)
        self._left = self._left - len(data) if fits else 0

    def _create(self, data: bytes) -> None:
        unsafe = unsafe_paths([self._path])
        if unsafe:
            # The output may contain a secret, and a repository spreads what it takes in.
            self._refusal = f"{unsafe[0][1]}; add `*.log` to .gitignore"
            return
        create_private(self._path, data)
        for path in error_logs(self._path)[:-FILES]:
            path.unlink(missing_ok=True)


def error_logs(path: Path) -> list[Path]:
    """Return the error logs beside one of them, oldest first: their names begin with the time."""
    state = path.name.rsplit(".", 2)[0]
    name = re.compile(re.escape(state) + LOG)
    return sorted(each for each in path.parent.iterdir() if name.fullmatch(each.name))
