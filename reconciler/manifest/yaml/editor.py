"""Add clients to a manifest's text and preserve its comments and blank lines.

Only instances in YAML's block form are edited, because a line cannot be added to a flow mapping
without reformatting it. The caller parses the result again before it writes the file.
"""

import re
from collections.abc import Callable, Iterable
from itertools import takewhile
from typing import Final

_CLIENTS: Final = re.compile(r"""(\s*)["']?clients["']?\s*:\s*(\[\s*\])?\s*(#.*)?""")
_EMPTY: Final = re.compile(r"(.*:)\s*(?:\{\s*\}|~|null)?\s*(#.*)?")

Entries = Callable[[int], Iterable[str]]
"""Given an indent, returns the lines of the items."""


def inserted(text: str, *, line: int, entries: Entries) -> str | None:
    """Return the text with the entries under `clients:` of the instance whose key is at `line`.

    `line` counts from 1. The result is None if the instance is not in block form.
    """
    if "\r\n" in text:
        unix = inserted(text.replace("\r\n", "\n"), line=line, entries=entries)
        return None if unix is None else unix.replace("\n", "\r\n")
    lines = text.split("\n")
    at = line - 1
    head = _EMPTY.fullmatch(lines[at])
    if head is None:
        return None
    outer = _indent(lines[at])
    end = _end(lines, at + 1, outer)
    inner = next((_indent(each) for each in lines[at + 1 : end] if _is_content(each)), outer + 2)
    clients = next((n for n in range(at + 1, end) if _is_clients(lines[n], inner)), None)
    if clients is not None:
        return _into_list(lines, clients, inner, entries)
    if any(_indent(each) == inner and _CLIENTS.match(each) for each in lines[at + 1 : end]):
        return None
    lines[at] = head[1] + (f"  {head[2]}" if head[2] else "")
    block = [" " * inner + "clients:", *entries(inner + 2)]
    return "\n".join([*lines[:end], *block, *lines[end:]])


def _into_list(lines: list[str], clients: int, inner: int, entries: Entries) -> str:
    """Add items after the last one of a block list, or turn an empty list into one."""
    head = re.sub(r"\[\s*\]", "", lines[clients], count=1)
    items = _items(lines, clients + 1, inner)
    indent = _indent(lines[items[0]]) if items else inner + 2
    end = items[-1] + 1 if items else clients + 1
    return "\n".join(
        [*lines[:clients], head, *lines[clients + 1 : end], *entries(indent), *lines[end:]]
    )


def _items(lines: list[str], start: int, inner: int) -> list[int]:
    """Return the content lines of a block list: deeper than its key, or a dash at its level."""

    def belongs(number: int) -> bool:
        line = lines[number]
        if not _is_content(line):
            return True
        indent = _indent(line)
        return indent > inner or (indent == inner and line.lstrip().startswith("-"))

    return [n for n in takewhile(belongs, range(start, len(lines))) if _is_content(lines[n])]


def _end(lines: list[str], start: int, outer: int) -> int:
    """Return the line behind the last content of a block that is deeper than `outer`."""
    end = start
    for number in range(start, len(lines)):
        if _is_content(lines[number]):
            if _indent(lines[number]) <= outer:
                break
            end = number + 1
    return end


def _is_clients(line: str, inner: int) -> bool:
    return _indent(line) == inner and _CLIENTS.fullmatch(line) is not None


def _is_content(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
