"""Standard output and standard error, with colour, verbosity, text or JSON lines."""

import contextlib
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import StringIO, TextIOWrapper
from textwrap import wrap
from typing import Final, Literal, Self, TextIO

from reconciler.cli.views.diagnostics import record, render
from reconciler.documents.envelope import envelope
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.errors import InvalidInput, ReconcilerError
from reconciler.model.strings import ascii_json, ascii_signs, printable, printable_json

LogFormat = Literal["text", "json"]
RED: Final = "31"
YELLOW: Final = "33"
CYAN: Final = "36"
WIDTH: Final = 100
NARROWEST: Final = 40
_LOCALE: Final = ("LC_ALL", "LC_CTYPE", "LANG")
_COERCED: Final = ("C.UTF-8", "C.utf8", "UTF-8")


def _new_run() -> str:
    """Return a random name for a run; names sort by time."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.urandom(4).hex()}"


@dataclass(slots=True, kw_only=True)
class Console:
    """Standard output for data, standard error for everything else.

    The settings are those of the options that every command has; they are set while the command
    line is read. `verbosity` counts the `-v`. `must_go_on` is set when a command begins to change
    something: from then on, an output that cannot be written does not stop it or change its exit
    code. `run` names this run in its events, its journal and its error log.
    """

    stdout: TextIO
    stderr: TextIO
    colour_allowed: bool = True
    unicode_allowed: bool = True
    verbosity: int = 0
    quiet: bool = False
    log_format: LogFormat = "text"
    must_go_on: bool = False
    run: str = field(default_factory=_new_run)

    @classmethod
    def of_process(cls, environ: Mapping[str, str]) -> Self:
        """Return the console of this process; a character that cannot be shown is escaped."""
        if type(sys.stderr) is TextIOWrapper:
            kept = sys.stderr  # whose end would close the buffer that both share
            sys.stderr = ToleratedStderr(kept.buffer, encoding=kept.encoding, line_buffering=True)
            sys.__stderr__ = kept  # type: ignore[misc]  # typeshed declares it final
        for stream in (sys.stdout, sys.stderr):
            reconfigure = getattr(stream, "reconfigure", None)
            if reconfigure is not None:
                reconfigure(errors="backslashreplace")
                if not (stream.isatty() or environ.get("PYTHONIOENCODING")):
                    reconfigure(encoding="utf-8")  # the same bytes whatever the locale is
        allowed = not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"
        return cls(
            stdout=sys.stdout,
            stderr=sys.stderr,
            colour_allowed=allowed,
            unicode_allowed=_locale(environ) not in ("C", "POSIX"),
        )

    @property
    def colour(self) -> bool:
        """Return whether standard output shows colour."""
        return self.colour_allowed and self.stdout.isatty()

    @property
    def width(self) -> int:
        """Return the width of text: that of the terminal, at most `WIDTH`."""
        return min(WIDTH, self.room)

    @property
    def room(self) -> int:
        """Return the length at which a terminal cuts a line of standard output."""
        if not self.stdout.isatty():
            return WIDTH
        return max(NARROWEST, _columns())

    @property
    def ascii(self) -> bool:
        """Return whether standard output cannot show the signs of a plan."""
        return self._is_limited(self.stdout)

    def _is_limited(self, stream: TextIO) -> bool:
        if stream.isatty() and not self.unicode_allowed:
            return True
        try:
            "±↻→…".encode(stream.encoding or "ascii")
        except (UnicodeEncodeError, LookupError):
            return True
        return False

    def data(self, text: str | bytes) -> None:
        """Write the result of the command; a missing final newline is added.

        Bytes are a JSON document, in which control characters are written as JSON escapes.

        Raises:
            BrokenPipeError: the reader closed the pipe.
            ReconcilerError: standard output cannot be written.

        """
        if isinstance(text, bytes):
            written = printable_json(text.decode())
            written = ascii_json(written) if self.ascii else written
        else:
            written = ascii_signs(text) if self.ascii else text
        with self._writing():
            self.stdout.write(written if written.endswith("\n") else written + "\n")

    def report(self, text: str) -> None:
        """Write text for a reader, unless `-q` was given.

        Raises:
            BrokenPipeError: the reader closed the pipe.
            ReconcilerError: standard output cannot be written.

        """
        if not self.quiet:
            self.data(text)

    def document(self, document: object) -> None:
        """Write an answer for a program: one JSON document."""
        import orjson

        self.data(orjson.dumps(document, option=orjson.OPT_INDENT_2))

    def note(self, message: str, *, hint: str | None = None) -> None:
        """Write a note, unless `-q` was given."""
        if not self.quiet:
            self._say("note", message, hint, CYAN)

    def warn(self, message: str, *, hint: str | None = None) -> None:
        """Write a warning, unless `-q` was given."""
        if not self.quiet:
            self._say("warning", message, hint, YELLOW)

    def detail(self, message: str) -> None:
        """Write a detail if `-v` was given."""
        if self.verbosity:
            self._say("detail", message, None, CYAN)

    def problem(
        self, message: str, *, hint: str | None = None, code: str = "error", request: str = ""
    ) -> None:
        """Write an error: why the command does not do what was requested.

        `request` is the method, host and path of the request that failed, for `-v` and JSON lines.
        """
        self._say("error", message, hint, RED, code=code, request=request)

    def failure(self, error: ReconcilerError) -> None:
        """Show an error with its hint; a wrong manifest with every mistake in it."""
        if isinstance(error, InvalidInput):
            self.diagnostics(error.diagnostics)
        self.problem(error.message, hint=error.hint, code=error.code, request=error.request)

    def diagnostics(self, diagnostics: Sequence[Diagnostic]) -> None:
        """Write the mistakes in the user's files."""
        if self.log_format == "json":
            for each in diagnostics:
                self.line(record(each))
        elif diagnostics:
            text = render(diagnostics, colour=self._colour_on_stderr)
            self.stderr.write(ascii_signs(text) if self._is_limited(self.stderr) else text)

    def settle(self) -> None:
        """Flush both streams.

        Raises:
            BrokenPipeError: the reader closed the pipe.
            ReconcilerError: standard output cannot be written.

        """
        with self._writing():
            self.stdout.flush()
        with contextlib.suppress(OSError):
            self.stderr.flush()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """Raise if the output cannot be written, unless the command must go on.

        Raises:
            BrokenPipeError: the reader closed the pipe.
            ReconcilerError: the stream cannot be written for another reason.

        """
        try:
            with writing():
                yield
        except (BrokenPipeError, ReconcilerError) as error:
            if not self.must_go_on:
                raise
            self.stdout = discarded(self.stdout)
            if isinstance(error, ReconcilerError):
                self.warn(error.message, hint="the command goes on; its exit code is not changed")

    @property
    def _colour_on_stderr(self) -> bool:
        return self.colour_allowed and self.stderr.isatty()

    def _say(
        self,
        level: str,
        message: str,
        hint: str | None,
        colour: str,
        *,
        code: str | None = None,
        request: str = "",
    ) -> None:
        with contextlib.suppress(OSError):
            self.stdout.flush()  # so that data and messages keep their order on a terminal
        if self.log_format == "json":
            said = {"level": level, "code": code, "message": message, "hint": hint}
            said["request"] = request or None
            self.line({key: value for key, value in said.items() if value is not None})
            return
        self._labelled(level.capitalize() + ":", colour, message)
        if hint:
            self._labelled("hint:", CYAN, hint)
        if request and self.verbosity:
            self._labelled("request:", CYAN, request)
        if code and self.verbosity:
            self.stderr.write(f"`reconciler explain {code}` explains this error\n")

    def _labelled(self, label: str, colour: str, message: str) -> None:
        text = "\n".join(printable(line) for line in message.split("\n"))
        if self._is_limited(self.stderr):
            text = ascii_signs(text)
        if self.stderr.isatty():
            text = _folded(f"{label} {text}").removeprefix(f"{label} ")
        self.stderr.write(f"{painted(label, colour, self._colour_on_stderr)} {text}\n")

    def event(self, said: Mapping[str, object]) -> None:
        """Write an event as a JSON line."""
        self.line({**envelope("event"), **said})

    def line(self, said: Mapping[str, object]) -> None:
        """Write a JSON line; each one has the time and the run that it belongs to."""
        time = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self.stderr.write(json.dumps({"time": time, "run": self.run, **said}) + "\n")
        self.stderr.flush()


def painted(text: str, colour: str, wanted: bool) -> str:
    """Return `text` in an ANSI colour, or as it is."""
    return f"\x1b[1;{colour}m{text}\x1b[0m" if wanted else text


@contextlib.contextmanager
def writing() -> Iterator[None]:
    """Turn an error of a stream into one with a message for the user.

    Raises:
        BrokenPipeError: the reader closed the pipe.
        ReconcilerError: the stream cannot be written for another reason.

    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise ReconcilerError(f"cannot write the output: {error.strerror}") from None


class ToleratedStderr(TextIOWrapper):
    """Standard error that drops what it cannot write: a message must not stop a run."""

    def write(self, text: str) -> int:
        """Write the text, or drop it."""
        with contextlib.suppress(OSError):
            return super().write(text)
        return len(text)

    def flush(self) -> None:
        """Flush the stream, or drop its buffer."""
        with contextlib.suppress(OSError):
            super().flush()


def open_closed_streams() -> None:
    """Open the null device for each standard stream that is closed.

    Otherwise the next file to be opened gets the number of the stream, and receives its messages.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number is this one
    # SIM115: the streams live as long as the process, so nothing closes them.
    sys.stdin = sys.stdin or open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


def discarded(stream: TextIO) -> TextIO:
    """Redirect a stream and its buffer to the null device."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
        return stream
    return StringIO()


def discard_output() -> None:
    """Redirect both streams to the null device."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _columns() -> int:
    """Return the width of the terminal; call it only if there is one."""
    from shutil import get_terminal_size  # it imports every archive format

    return get_terminal_size((WIDTH, 24)).columns


def _folded(text: str) -> str:
    """Break lines between words. A word may be a path or a command and is never broken."""
    columns = max(NARROWEST, _columns())
    lines = []
    for line in text.split("\n"):
        indent = line[: len(line) - len(line.lstrip())]
        lines += (
            [line]
            if len(line) <= columns
            else wrap(
                line,
                columns,
                subsequent_indent=indent,
                break_long_words=False,
                break_on_hyphens=False,
            )
        )
    return "\n".join(lines)


def _locale(environ: Mapping[str, str]) -> str:
    """Return the locale that decides what a terminal shows, "" if none is set.

    Under the C locale Python itself sets LC_CTYPE to one of `_COERCED`, which proves nothing.
    """
    said = {name: value for name in _LOCALE if (value := environ.get(name))}
    if said.get("LC_CTYPE") in _COERCED and "LANG" in said:
        del said["LC_CTYPE"]
    return next(iter(said.values()), "")
