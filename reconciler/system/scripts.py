"""Finds out whether the system would run a file as a program, without starting it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from reconciler.model.strings import printable
from reconciler.system.child_process import NotStarted, command_path

_READ: Final = 256
"""How many bytes of a file Linux reads to find its interpreter."""

_BOM: Final = b"\xef\xbb\xbf"


def not_runnable(path: Path, root: Path, env: Mapping[str, str]) -> str | None:
    """Return why an executable file would not run from the folder `root`; None if nothing tells."""
    try:
        with path.open("rb") as stream:
            begins = stream.read(_READ)
    except OSError:  # a program need not be readable
        return None
    if not begins.startswith(b"#!"):
        return _no_script(begins)
    first = begins[2:].partition(b"\n")[0]
    if first.endswith(b"\r"):
        return "it has Windows line endings (CRLF): save it with LF, as `dos2unix` does"
    words = first.decode(errors="replace").split()
    if not words:
        return "its first line names no interpreter: begin it with `#!/bin/sh` or the like"
    return _no_interpreter(words, root, env)


def _no_script(begins: bytes) -> str | None:
    if begins.startswith(_BOM):
        return "it begins with a byte-order mark, so that the system does not see its first line"
    if b"\0" in begins:  # a binary
        return None
    return "it has no interpreter: its first line must be `#!/bin/sh` or the like"


def _no_interpreter(words: list[str], root: Path, env: Mapping[str, str]) -> str | None:
    names = [words[0]]
    if Path(words[0]).name == "env" and len(words) > 1:
        named = [each for each in words[1:] if not each.startswith("-") and "=" not in each]
        names += named[:1]
    for name in names:
        found = command_path(name, root, env)
        if isinstance(found, NotStarted):
            return f"its interpreter {printable(name)} is {found.reason}"
    return None
