"""The ledger: one JSON line for each thing done, each holding the digest of the line before it.

A change, a line that was cut out and an exchange of two lines break the chain at their place. A
cut at the end breaks nothing: against that the head, the digest of the last line, is kept elsewhere
(`Anchor`). The chain is over bytes, so a line that a killed run left half-written stays where it
is, covered by the next one: such a line begins as the writer would have begun it, and ends the file
only without a line feed. No secret is ever in a ledger.
"""

import errno
import fcntl
import json
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final, Self

from reconciler.documents.envelope import envelope
from reconciler.model.damaged_file import damage
from reconciler.model.errors import LockHeld, ReconcilerError

VERSION: Final = 1
_FORMAT: Final = envelope("ledger", VERSION)["format"]
START: Final = "0" * 64
"""What the first line holds in place of a digest."""

_FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NONBLOCK


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """How far a ledger reached: its number of lines, and the digest of the last."""

    count: int = 0
    head: str = START


@dataclass(frozen=True, slots=True, kw_only=True)
class Discrepancy:
    """The place of a change in a ledger; `line` counts from 1, and 0 is the whole file."""

    line: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What a check found: how far the ledger reaches, torn lines, and what is wrong with it."""

    anchor: Anchor
    torn: tuple[int, ...] = ()
    broken: tuple[Discrepancy, ...] = ()


class Ledger:
    """A ledger that this run alone appends to, while it is entered.

    `failure` says what the disk last refused, None if it has every line.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None
        self._anchor = Anchor()
        self._torn = False
        self._pending = b""
        self.failure: str | None = None

    def __enter__(self) -> Self:
        """Open the ledger, and find the end of its chain.

        Raises:
            LockHeld: another run appends to it.
            ReconcilerError: it cannot be opened, or is not a ledger.

        """
        try:
            self._handle = os.open(self._path, _FLAGS, 0o644)
            _require_file(os.fstat(self._handle))
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._find_end()
        except BlockingIOError:
            self._close()
            raise LockHeld(
                f"another run is writing the ledger `{self._path}`",
                hint="apply again when it has ended, or name another file",
            ) from None
        except OSError as error:
            self._close()
            raise ReconcilerError(
                f"the ledger `{self._path}` cannot be written: {error.strerror}",
                hint="nothing was done: --ledger names a file that can be",
            ) from None
        return self

    def __exit__(self, *_: object) -> None:
        """Write what is pending, and make all of it durable."""
        if self._handle is not None and self._flush():
            try:
                os.fsync(self._handle)
            except OSError as error:
                self.failure = _said(error)
        self._close()

    @property
    def anchor(self) -> Anchor:
        """Return how far the ledger reaches."""
        return self._anchor

    def append(self, entry: Mapping[str, object]) -> None:
        """Write one line; what the disk does not take now is tried again with the next one.

        Nothing is raised, as the run goes on: `failure` says at its end that lines are missing.
        """
        number, before = self._anchor.count + 1, self._anchor.head
        written = json.dumps({**_head(number, before), **entry}).encode()
        self._anchor = Anchor(count=number, head=_digest(written))
        self._pending += (b"\n" if self._torn else b"") + written + b"\n"
        self._torn = False
        self._flush()

    def _find_end(self) -> None:
        count, line, head = 0, b"", START
        with self._path.open("rb") as file:
            for line, head in _lines(file):  # noqa: B007 (the last one counts)
                count += 1
        self._torn = bool(line) and not line.endswith(b"\n")
        if len(line) == _LONGEST or (line and not self._torn and _fields(line) is None):
            self._close()
            raise ReconcilerError(
                f"`{self._path}` is not a ledger: its last line is not one of a ledger",
                hint="nothing was done: --ledger names another file, or one that is still to be",
            )
        self._anchor = Anchor(count=count, head=head)

    def _flush(self) -> bool:
        try:
            while self._pending and self._handle is not None:
                self._pending = self._pending[os.write(self._handle, self._pending) :]
        except OSError as error:
            self.failure = _said(error)
            return False
        self.failure = None
        return True

    def _close(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def verify(path: Path, anchor: Anchor | None = None) -> Verification:
    """Check each line of a ledger, and that it reaches as far as an anchor says.

    An anchor without a count says that some line has this digest.

    Raises:
        ReconcilerError: it cannot be read.

    """
    try:
        _require_file(path.stat())
        with path.open("rb") as file:
            wrong = damage(file.read(1024), line_endings=True)
            if wrong is not None:
                raise ReconcilerError(f"the ledger `{path}` {wrong[0]}", hint=wrong[1])
            file.seek(0)
            return _walk(file, anchor)
    except OSError as error:
        raise ReconcilerError(
            f"the ledger `{path}` cannot be read: {error.strerror}",
            hint="`reconciler apply --ledger FILE` writes one",
        ) from None


def _walk(file: BinaryIO, anchor: Anchor | None) -> Verification:
    torn: list[int] = []
    broken: list[Discrepancy] = []
    number, head, line, fields = 0, START, b"", None
    anchored = anchor is None or anchor.head == START
    for number, (line, digest) in enumerate(_lines(file), start=1):
        fields = _fields(line)
        if fields is None and _is_torn(line, number, head):
            torn.append(number)
        elif fields is None:
            broken.append(Discrepancy(line=number, why=_NO_LINE))
        elif fields.get("previous") != head:
            broken.append(_unlinked(number, fields))
        head = digest
        if anchor is not None and anchor.count in (0, number) and anchor.head == head:
            anchored = True
        if len(broken) + len(torn) == _LOOKED_AT:
            rest = f"{_LOOKED_AT:,} lines are wrong: what follows line {number:,} was not read"
            broken.append(Discrepancy(line=0, why=rest))
            return Verification(
                anchor=Anchor(count=number, head=head), torn=(), broken=tuple(broken)
            )
    if fields is None and line.endswith(b"\n") and number in torn:
        broken.append(Discrepancy(line=torn.pop(), why=_NO_LINE))
    missing = _missing(number, anchor, anchored=anchored) if anchor is not None else None
    return Verification(
        anchor=Anchor(count=number, head=head),
        torn=tuple(torn),
        broken=(*broken, *([missing] if missing else [])),
    )


_LONGEST: Final = 1 << 20
"""Bytes of a line that are kept: a ledger's own lines are far shorter."""

_LOOKED_AT: Final = 10_000
"""So many wrong lines are enough to know that a file is no ledger, however long it is."""


def _lines(file: BinaryIO) -> Iterator[tuple[bytes, str]]:
    """Yield each line, or the beginning of one that is too long, with the digest of all of it."""
    while line := file.readline(_LONGEST):
        digest, part = sha256(line.removesuffix(b"\n")), line
        while not part.endswith(b"\n") and (part := file.readline(_LONGEST)):
            digest.update(part.removesuffix(b"\n"))
        yield line, digest.hexdigest()


_NO_LINE: Final = "it is no line of a ledger, and no run that was killed leaves such a one"


def _is_torn(line: bytes, number: int, before: str) -> bool:
    """Say whether a run that was killed can have left this of its line."""
    if len(line) == _LONGEST:
        return False
    begun = json.dumps(_head(number, before)).encode().removesuffix(b"}")
    text = line.removesuffix(b"\n")
    return begun.startswith(text) or text.startswith(begun)


def _head(number: int, before: str) -> dict[str, object]:
    """Return what every line begins with, in this order."""
    return {**envelope("ledger", VERSION), "line": number, "previous": before}


def _unlinked(number: int, fields: Mapping[str, object]) -> Discrepancy:
    if fields.get("line") != number:
        why = f"it was line {fields.get('line')}: lines were cut, added or moved before it"
    elif number == 1:
        why = "it is not the beginning of a ledger"
    else:
        why = f"line {number - 1} is not the one that was written before it"
    return Discrepancy(line=number, why=why)


def _missing(count: int, anchor: Anchor, *, anchored: bool) -> Discrepancy | None:
    """Report what of an anchor a ledger of `count` lines lacks; `anchored`: a line has its head."""
    if anchor.count > count:
        return Discrepancy(
            line=0, why=f"it ends after line {count:,}, and had {anchor.count:,}: it was cut"
        )
    if anchored:
        return None
    if anchor.count:
        return Discrepancy(line=anchor.count, why="it is not the line that the head stands for")
    return Discrepancy(
        line=0, why="no line of it has the head that was given: it was cut or changed"
    )


def _fields(line: bytes) -> Mapping[str, object] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and found.get("format") == _FORMAT else None


def _digest(line: bytes) -> str:
    return sha256(line).hexdigest()


def _require_file(status: os.stat_result) -> None:
    """See that it has an end: a device or a pipe may have none."""
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file")


def _said(error: OSError) -> str:
    return error.strerror or type(error).__name__
