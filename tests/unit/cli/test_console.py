"""The two streams."""

import io
import json
from collections.abc import Callable

import pytest

from reconciler.cli.views.console import Console
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.errors import InvalidInput, LockHeld
from reconciler.model.source_location import SourceLocation

Make = Callable[..., Console]
Written = Callable[[Console], tuple[str, str]]


def test_data_ends_with_one_newline(make_console: Make, written: Written) -> None:
    """Text and bytes go to standard output, closed by a newline where they lack it."""
    console = make_console()
    console.data("one")
    console.data(b"two\n")
    assert written(console) == ("one\ntwo\n", "")


def test_messages_go_to_standard_error(make_console: Make, written: Written) -> None:
    """Notes, warnings and problems never mix with data."""
    console = make_console()
    console.note("n", hint="do this")
    console.warn("w")
    console.problem("p")
    assert written(console) == ("", "Note: n\nhint: do this\nWarning: w\nError: p\n")


def test_quiet_keeps_errors_only(make_console: Make, written: Written) -> None:
    """With `-q` an error is still shown, a note and a warning are not."""
    console = make_console(quiet=True)
    console.note("n")
    console.warn("w")
    console.problem("p")
    assert written(console)[1] == "Error: p\n"


@pytest.mark.parametrize(("verbosity", "shown"), [(0, ""), (1, "Detail: d\n")])
def test_details_are_for_those_who_ask(
    make_console: Make, written: Written, verbosity: int, shown: str
) -> None:
    """A detail is shown with `-v` only."""
    console = make_console(verbosity=verbosity)
    console.detail("d")
    assert written(console)[1] == shown


def test_json_messages_are_one_object_a_line(make_console: Make, written: Written) -> None:
    """With `--log-format json` every message can be read by a program."""
    console = make_console(log_format="json")
    console.note("two\nlines")
    console.failure(LockHeld("held", hint="wait"))
    known = {"time", "run"}
    lines = [json.loads(line) for line in written(console)[1].splitlines()]
    assert all(known < each.keys() for each in lines)
    assert [{key: line[key] for key in line if key not in known} for line in lines] == [
        {"level": "note", "message": "two\nlines"},
        {"level": "error", "code": "lock-held", "message": "held", "hint": "wait"},
    ]


def test_json_diagnostics_hold_their_place(make_console: Make, written: Written) -> None:
    """A wrong manifest is a line for each mistake, and one for the whole."""
    console = make_console(log_format="json")
    wrong = Diagnostic(code="unknown-key", message="m", place=SourceLocation("a.yaml", 3, 5))
    console.failure(InvalidInput([wrong]))
    first, last = [json.loads(line) for line in written(console)[1].splitlines()]
    assert (first["file"], first["line"], first["column"]) == ("a.yaml", 3, 5)
    assert last["message"] == "the manifest has 1 error"


def test_a_message_cannot_move_the_cursor(make_console: Make, written: Written) -> None:
    """Control characters in a message are shown as escapes, its line ends are kept."""
    console = make_console()
    console.problem("a\x1b[2Jb\nc", hint="d\re")
    assert written(console)[1] == "Error: a\\x1b[2Jb\nc\nhint: d\\x0de\n"


def test_colour_is_for_terminals(make_console: Make, written: Written) -> None:
    """A terminal gets colour unless it is refused, a pipe never."""
    for terminal, allowed, coloured in [
        (True, True, True),
        (True, False, False),
        (False, True, False),
    ]:
        console = make_console(terminal=terminal, colour_allowed=allowed)
        console.problem("p")
        assert console.colour is coloured
        assert ("\x1b[1;31mError:\x1b[0m p" in written(console)[1]) is coloured


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_the_environment_refuses_colour(name: str, value: str) -> None:
    """`NO_COLOR` and a dumb terminal get none; an empty `NO_COLOR` says nothing."""
    assert not Console.of_process({name: value}).colour_allowed
    assert Console.of_process({"NO_COLOR": "", "TERM": "xterm"}).colour_allowed


@pytest.mark.parametrize(
    ("encoding", "limited"), [("utf-8", False), ("ascii", True), ("latin-1", True)]
)
def test_a_terminal_without_the_signs_is_known(encoding: str, limited: bool) -> None:
    """Where the encoding lacks the signs of a plan, the console says so."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    assert Console(stdout=stream, stderr=stream).ascii is limited


def test_warnings_in_a_manifest_can_be_shown_alone(make_console: Make, written: Written) -> None:
    """No diagnostics are no output, and one is a block of its own."""
    console = make_console()
    console.diagnostics([])
    assert written(console) == ("", "")
    console.diagnostics([Diagnostic(code="c", message="m", severity="warning")])
    assert written(console) == ("", "warning: m\n\n")


def test_streams_that_cannot_be_changed_are_taken_as_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A program that puts its own streams in place gets its output there."""
    stream = io.StringIO()
    monkeypatch.setattr("sys.stdout", stream)
    Console.of_process({}).data("x")
    assert stream.getvalue() == "x\n"


@pytest.mark.parametrize(
    ("environ", "limited"),
    [
        ({}, False),
        ({"LANG": "C"}, True),
        ({"LANG": "en_GB.UTF-8"}, False),
        ({"LANG": "en_GB.UTF-8", "LC_ALL": "POSIX"}, True),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, True),
        ({"LANG": "C", "LC_CTYPE": "en_GB.UTF-8"}, False),
    ],
)
def test_the_locale_says_what_a_terminal_shows(environ: dict[str, str], limited: bool) -> None:
    """A terminal of the C locale gets ASCII, whatever Python would encode; a pipe gets UTF-8."""
    console = Console.of_process(environ)
    assert console.unicode_allowed is not limited


def test_a_limited_terminal_gets_ascii_signs(make_console: Make, written: Written) -> None:
    """Data and messages are rewritten with signs that every terminal has; a pipe's are not."""
    console = make_console(terminal=True, unicode_allowed=False, colour_allowed=False)
    console.data("± a → b")
    console.note("“x”…", hint="→")
    assert written(console) == ("-/+ a -> b\n", 'Note: "x"...\nhint: ->\n')
    pipe = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    assert not Console(stdout=pipe, stderr=pipe, unicode_allowed=False).ascii


def test_json_stays_json_where_only_ascii_is_shown(make_console: Make, written: Written) -> None:
    """No sign is rewritten in a value: it is escaped as JSON can."""
    console = make_console(terminal=True, unicode_allowed=False)
    console.data('{"a": "é→😀"}'.encode())
    assert written(console)[0] == '{"a": "\\u00e9\\u2192\\ud83d\\ude00"}\n'


@pytest.mark.parametrize(("columns", "width"), [("60", 60), ("200", 100), ("10", 40)])
def test_the_width_is_the_terminals(
    make_console: Make, monkeypatch: pytest.MonkeyPatch, columns: str, width: int
) -> None:
    """Between bounds that can be read; what is no terminal gets the same width everywhere."""
    monkeypatch.setenv("COLUMNS", columns)
    assert make_console(terminal=True).width == width
    assert make_console().width == 100
