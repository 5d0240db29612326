"""Searches all that a run said and wrote for every secret, in every usual spelling.

It knows the secrets of each sandbox of the test: passwords, cookies, tokens, sessions, and the
secrets of clients, living and revoked. It shares no code with the tool's own search.
"""

import base64
import html
import json
import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, quote_plus

import yaml

if TYPE_CHECKING:
    from reconciler.sandbox.running_sandbox import Running

SHORTEST: Final = 6
"""A secret of fewer characters, such as `right`, is a word that may stand anywhere."""

KEPT: Final = ("*state.json*", "s.json*", "*.journal", "*got*", "*.out")
"""States and journals; and what a test's own sink command has got, by its names."""

PRIVATE: Final = "*.json.*T*-*.log"
"""Error logs: private files that contain what commands print on standard error, whatever it is."""


@dataclass(kw_only=True)
class Totals:
    """What was searched in a whole session: runs, bytes, needles, and what was found."""

    runs: int = 0
    bytes: int = 0
    needles: int = 0
    hits: int = 0

    def add(self, other: "Totals") -> None:
        """Take in the figures of a test, or of a worker."""
        self.runs += other.runs
        self.bytes += other.bytes
        self.needles += other.needles
        self.hits += other.hits

    def __str__(self) -> str:
        return (
            f"leak search: {self.runs:,} runs, {self.bytes:,} bytes, "
            f"{self.needles:,} spellings of secrets, {self.hits:,} hits"
        )


@dataclass(kw_only=True)
class LeakSearch:
    """The search of one test.

    `allowed` are globs of the files, relative to the folder, that may hold a client's secret. No
    file that a run writes may hold a password, a cookie, a token or a session, except the error log
    of the test's own commands.
    """

    folder: Path
    served: list["Running"] = field(default_factory=list)
    allowed: list[str] = field(default_factory=lambda: list(KEPT))
    more: dict[str, str] = field(default_factory=dict)
    _heard: list[tuple[str, bytes]] = field(default_factory=list)
    _before: dict[str, bytes] = field(default_factory=dict)
    _runs: int = 0

    def begin(self) -> None:
        """Look at the folder before a run."""
        self._before = dict(self._files())
        self._runs += 1

    def end(self, name: str, **said: bytes) -> None:
        """Take in what a run said, and each file that it, or a child of its, has written."""
        self._heard += [(f"{name}: {stream}", data) for stream, data in said.items()]
        for path, data in self._files():
            if self._before.get(path) != data:
                self._heard.append((f"file {path}", data))
        self._allow_sinks()

    def secrets(self) -> Iterator[tuple[str, str]]:
        """Yield the kind and the value of everything that must not be seen."""
        yield from self.more.items()
        for served in self.served:
            with served.lock:
                for instance in served.world.instances.values():
                    yield from (("a password", u.password) for u in instance.users.values())
                    yield from (("a cookie", each) for each in instance.cookies)
                    yield from (("a token", each) for each in instance.tokens)
                    clients = [*instance.clients.values(), *(r.client for r in instance.revoked)]
                    yield from (("a client secret", each.client_secret) for each in clients)
                yield from (("a session", each) for each in served.world.sessions)

    def hits(self) -> list[str]:
        """Return each place where a secret stands that must not stand there."""
        known = {value: kind for kind, value in self.secrets() if len(value) >= SHORTEST}
        return [
            f"{kind} in {place}"
            for place, data in self._heard
            for value, kind in known.items()
            if is_in(value, data) and not self._is_allowed(kind, place)
        ]

    def totals(self, hits: Iterable[str]) -> Totals:
        """Return the figures of this test."""
        values = {value for _, value in self.secrets() if len(value) >= SHORTEST}
        return Totals(
            runs=self._runs,
            bytes=sum(len(data) for _, data in self._heard),
            needles=sum(len(spellings(each)) for each in values),
            hits=len(list(hits)),
        )

    def forget(self) -> None:
        """Drop what was heard: a test planted a leak and has seen that it is found."""
        self._heard.clear()

    def _files(self) -> Iterator[tuple[str, bytes]]:
        for path in sorted(self.folder.rglob("*")):
            if path.is_file() and not path.is_symlink():
                yield path.relative_to(self.folder).as_posix(), path.read_bytes()

    def _allow_sinks(self) -> None:
        """Allow the files that the manifests in the folder name as sinks."""
        for path in (*self.folder.rglob("*.yaml"), *self.folder.rglob("*.yml")):
            for template in _sink_paths(path):
                glob = re.sub(r"\{[^}]*\}", "*", template.removeprefix("./"))
                self.allowed += [glob, f"*/{glob}"]

    def _is_allowed(self, kind: str, place: str) -> bool:
        if fnmatch(place, f"file {PRIVATE}"):
            return True
        if kind != "a client secret" or not place.startswith("file "):
            return False
        return any(fnmatch(place.removeprefix("file "), glob) for glob in self.allowed)


def _sink_paths(path: Path) -> list[str]:
    """Return the paths of a manifest's file sinks; none where the file is no manifest."""
    try:
        document = yaml.safe_load(path.read_bytes())
        return [sink["path"] for sink in document["sinks"].values() if "path" in sink]
    except (yaml.YAMLError, UnicodeError, RecursionError, LookupError, TypeError, AttributeError):
        return []


def is_in(value: str, data: bytes) -> bool:
    """Say whether a secret stands in some bytes, also where white space breaks it up."""
    squeezed = b"".join(data.split())
    return any(each in data or b"".join(each.split()) in squeezed for each in spellings(value))


@cache
def spellings(value: str) -> frozenset[bytes]:
    """Return a secret plain, escaped and encoded, as it may come out of a careless line of code."""
    raw = value.encode()
    texts = {
        value,
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        repr(value)[1:-1],
        ascii(value)[1:-1],
        repr(raw)[2:-1],
        html.escape(value),
        html.escape(value, quote=False),
        shlex.quote(value),
        *(form for url in (quote(value), quote(value, safe=""), quote_plus(value))
          for form in (url, re.sub("%[0-9A-F]{2}", lambda found: found.group().lower(), url))),
        raw.hex(),
        raw.hex().upper(),
    }  # fmt: skip
    return frozenset({each.encode() for each in texts} | set(_base64(raw)) | {raw[::-1]})


def _base64(raw: bytes) -> Iterator[bytes]:
    """Yield what base64 makes of the value in the middle of a longer text, in both alphabets."""
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + raw)
        first = -(-before * 4 // 3)
        last = (before + len(raw)) * 4 // 3
        yield whole[first:last]
        yield whole[first:last].translate(bytes.maketrans(b"+/", b"-_"))
