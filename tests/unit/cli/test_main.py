"""The table of commands and the error boundary."""

import sys
from collections.abc import Callable
from io import StringIO

import click
import pytest

import reconciler
from reconciler.cli.main import COMMANDS, SECTIONS, group, is_interrupt, main
from reconciler.cli.views.console import Console

Make = Callable[..., Console]
Written = Callable[[Console], tuple[str, str]]


class Failing(StringIO):
    """A stream that answers a write with an error of which nobody thought."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error

    def write(self, text: str) -> int:
        """Fail, with the error that caused it behind it."""
        del text
        raise self.error from LookupError("hunter2 in the cause")


def test_the_version_is_the_packages(
    make_console: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--version` says the program and its version."""
    assert main(["--version"], make_console(), {}) == 0
    assert capsys.readouterr().out == f"reconciler {reconciler.__version__}\n"


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_table_says_what_the_command_says(name: str) -> None:
    """The summary in the list of commands is the first sentence of the command's own help."""
    context = click.Context(group())
    command = group().get_command(context, name)
    assert command is not None
    assert command.name == name
    assert (command.help or "").splitlines()[0].startswith(COMMANDS[name][1].rstrip("."))


def test_every_command_is_in_one_section_of_the_help() -> None:
    """The help leaves out none, and shows none twice."""
    assert sorted(name for names in SECTIONS.values() for name in names) == sorted(COMMANDS)


def test_help_says_what_is_a_command_s_own_first(
    make_console: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    """Options are in sections, and the rule of their variables is said once."""
    assert main(["apply", "--help"], make_console(), {}) == 0
    out = capsys.readouterr().out
    assert out.index("Options:") < out.index("Which clients:") < out.index("Common options:")
    assert (out.count("RECONCILER_"), "env var" in out) == (2, False)
    assert out.index("--plan-id") < out.index("--target") < out.index("--file")


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_shows_an_example(
    name: str, make_console: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    """The help of each command ends in an example of its use."""
    assert main([name, "--help"], make_console(), {}) == 0
    assert f"Example: {'' if name != 'completion' else 'eval '}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        ([], "missing command", "`reconciler --help` shows what it takes"),
        (["paln"], "there is no command `paln`", "did you mean `plan`?"),
        (["xyzzy"], "there is no command `xyzzy`", "`reconciler --help` lists the commands"),
        (
            ["plan", "--taget", "a"],
            "`reconciler plan` has no option `--taget`",
            "did you mean `--target`?",
        ),
        (
            ["plan", "--xyzzy"],
            "`reconciler plan` has no option `--xyzzy`",
            "`reconciler plan --help` shows what it takes",
        ),
        (
            ["plan", "--as-of", "now"],
            "invalid value for '--as-of' (env var: 'RECONCILER_AS_OF'): `now` is not an instant",
            "`reconciler plan --help` shows what it takes",
        ),
        (
            ["plan", "surplus"],
            "got unexpected extra argument (surplus)",
            "`reconciler plan --help` shows what it takes",
        ),
    ],
)
def test_a_wrong_command_line_ends_in_64(
    arguments: list[str], message: str, hint: str, make_console: Make, written: Written
) -> None:
    """Usage errors have their own exit code and say what was probably meant."""
    console = make_console()
    assert main(arguments, console, {}) == 64
    out, err = written(console)
    assert (out, err.splitlines()[-1]) == ("", f"hint: {hint}")
    assert f"Error: {message}" in err
    assert err.startswith("Usage: " if not arguments else "Error: ")


@pytest.mark.parametrize(("verbose", "traced"), [("-v", False), ("-vv", True)])
def test_an_unexpected_error_shows_its_place_and_no_value(
    verbose: str, traced: bool, make_console: Make
) -> None:
    """A bug is said with its kind and place; the frames come at `-vv`, its message never."""
    console = make_console()
    console.stdout = Failing(RuntimeError("hunter2"))
    assert main(["completion", "zsh", verbose], console, {}) == 1
    shown = console.stderr.getvalue() if isinstance(console.stderr, StringIO) else ""
    assert shown.startswith("Error: internal error: RuntimeError at ")
    assert "hint: this is a bug in reconciler" in shown
    assert ("in completion" in shown) is traced
    assert ("LookupError, and then:" in shown) is traced
    assert "hunter2" not in shown


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()])
def test_an_interruption_ends_in_130(error: BaseException, make_console: Make) -> None:
    """Ctrl-C anywhere is said in one word, without a traceback."""
    console = make_console()
    console.stdout = Failing(error)
    assert main(["completion", "zsh"], console, {}) == 130
    assert isinstance(console.stderr, StringIO)
    assert console.stderr.getvalue() == "Error: interrupted\n"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(28, "No space left on device"), "the system refused: No space left on device"),
        (OSError(13, "Not allowed", "a.yaml"), "the system refused at `a.yaml`: Not allowed"),
        (TimeoutError(), "the system refused: TimeoutError"),
    ],
)
def test_what_the_system_refuses_is_no_bug(
    error: OSError,
    said: str,
    make_console: Make,
    written: Written,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An error of the operating system is passed on in its words, with the file if there is one."""
    console = make_console()
    monkeypatch.setattr(sys, "stdout", Failing(error))
    assert main(["--help"], console, {}) == 1
    assert written(console) == ("", f"Error: {said}\n")


def test_data_that_cannot_be_written_is_an_error(make_console: Make) -> None:
    """Half an answer is no success."""
    console = make_console()
    console.stdout = Failing(OSError(28, "No space left on device"))
    assert main(["completion", "zsh"], console, {}) == 1
    assert isinstance(console.stderr, StringIO)
    assert console.stderr.getvalue() == (
        "Error: cannot write the output: No space left on device\n"
    )


def test_a_closed_pipe_is_left_to_the_process(make_console: Make) -> None:
    """A reader that has gone is no error to be reported to it."""
    console = make_console()
    console.stdout = Failing(BrokenPipeError())
    with pytest.raises(BrokenPipeError):
        main(["completion", "zsh"], console, {})


@pytest.mark.parametrize(
    ("words", "completions"),
    [
        ("reconciler va", "plain,validate\n"),
        ("reconciler plan --detail", "plain,--detailed-exitcode\n"),
        ("reconciler xyzzy --detail", "\n"),
    ],
)
def test_a_shell_can_ask_for_completions(
    words: str,
    completions: str,
    make_console: Make,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The variable that shells set gives what the last word may become."""
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(words.count(" ")))
    assert main([], make_console(), {"_RECONCILER_COMPLETE": "bash_complete"}) == 0
    assert capsys.readouterr().out == completions


class PanicException(BaseException):
    """What a library in Rust raises for an error that it cannot handle."""


def test_an_interrupt_during_an_import_is_an_interrupt() -> None:
    """A library that is interrupted while it is loaded passes that on as its own error."""
    assert is_interrupt(PanicException("failed to import decimal: KeyboardInterrupt()"))
    assert not is_interrupt(PanicException("index out of bounds"))
    assert not is_interrupt(ImportError("no module"))
    error = ImportError("it cannot be loaded")
    error.__cause__ = KeyboardInterrupt()
    assert is_interrupt(error)
