"""The options that commands share."""

from collections.abc import Callable
from datetime import UTC, datetime

import click
import pytest
from click.testing import CliRunner

from reconciler.cli.options import (
    as_of_option,
    chosen_options,
    file_option,
    format_option,
    option,
    output_options,
    where_options,
)
from reconciler.cli.types import Duration, Label
from reconciler.cli.values import SelectionOptions
from reconciler.cli.views.console import Console
from reconciler.operations.workspace import ProjectPaths

Make = Callable[..., Console]


def parsed(
    *decorators: Callable[[Callable[..., int]], Callable[..., int]],
    arguments: list[str],
    environ: dict[str, str] | None = None,
    console: Console | None = None,
) -> dict[str, object]:
    """Return what a command with these options is given."""
    given: dict[str, object] = {}

    def body(**values: object) -> int:
        given.update(values)
        return 0

    function: Callable[..., int] = body
    for each in decorators:
        function = each(function)
    answer = CliRunner().invoke(
        click.command()(function), arguments, env=environ, obj=console, catch_exceptions=False
    )
    assert answer.exit_code == 0, answer.output
    return given


def test_without_an_option_the_manifest_is_in_the_folder() -> None:
    """By default the manifest is `reconciler.yaml` and the state is the one that it names."""
    assert parsed(where_options, arguments=[]) == {"where": ProjectPaths(file="reconciler.yaml")}
    assert parsed(file_option, arguments=[]) == {"where": ProjectPaths(file="reconciler.yaml")}


def test_options_are_read_from_the_environment_too() -> None:
    """Each option has one variable, and the command line wins over it."""
    environ = {"RECONCILER_FILE": "fleet", "RECONCILER_STATE": "s.json"}
    assert parsed(where_options, arguments=[], environ=environ) == {
        "where": ProjectPaths(file="fleet", state="s.json")
    }
    assert parsed(where_options, arguments=["-f", "x.yaml"], environ=environ) == {
        "where": ProjectPaths(file="x.yaml", state="s.json")
    }


def test_targets_and_labels_repeat() -> None:
    """Both may be given many times; a label is divided at its first `=`."""
    arguments = ["--target", "a/B c", "--target", "d", "--label", "env=prod", "--label", "x=y=z"]
    assert parsed(chosen_options, arguments=arguments) == {
        "chosen": SelectionOptions(targets=("a/B c", "d"), labels=(("env", "prod"), ("x", "y=z")))
    }


def test_a_variable_holds_a_value_on_each_line() -> None:
    """Names may hold spaces and commas, so that lines divide a variable."""
    environ = {"RECONCILER_TARGET": "a/B, c\n\n d/E\n", "RECONCILER_LABEL": "env=prod\nk="}
    assert parsed(chosen_options, arguments=[], environ=environ) == {
        "chosen": SelectionOptions(targets=("a/B, c", "d/E"), labels=(("env", "prod"), ("k", "")))
    }


@pytest.mark.parametrize(
    ("given", "stamp"),
    [
        ("2026-01-31", "2026-01-31T00:00:00Z"),
        ("2026-01-31T09:30:00+01:00", "2026-01-31T08:30:00Z"),
    ],
)
def test_the_as_of_is_a_utc_stamp(given: str, stamp: str) -> None:
    """A date means its midnight, an instant is turned to UTC."""
    assert parsed(as_of_option, arguments=["--as-of", given]) == {"as_of": stamp}


def test_the_as_of_is_today_by_default() -> None:
    """Without the option ages are reckoned at today's 00:00 UTC, whatever the hour."""
    before = datetime.now(UTC).strftime("%Y-%m-%dT00:00:00Z")
    given = parsed(as_of_option, arguments=[])["as_of"]
    assert given in (before, datetime.now(UTC).strftime("%Y-%m-%dT00:00:00Z"))


@pytest.mark.parametrize("wrong", ["yesterday", "2026-01-31T08:00:00", "2026-13-01"])
def test_a_wrong_instant_is_refused(wrong: str) -> None:
    """What is not an instant, or does not say its offset, is a usage error."""

    def body(as_of: str) -> int:
        return len(as_of)

    command = click.command()(as_of_option(body))
    answer = CliRunner().invoke(command, ["--as-of", wrong])
    assert answer.exit_code == 2
    assert wrong in answer.output


def test_a_duration_is_in_seconds() -> None:
    """A length of time is read with its unit, and refused without one."""
    latency = option("--latency", type=Duration(), default="0")
    assert parsed(latency, arguments=["--latency", "50ms"]) == {"latency": 0.05}
    assert parsed(latency, arguments=[]) == {"latency": 0.0}
    with pytest.raises(click.BadParameter, match="is not a duration"):
        Duration().convert("50", None, None)


def test_a_label_without_a_value_is_refused() -> None:
    """A label is `k=v`, and a wrong one is said with its form."""
    for wrong in ("prod", "=prod"):
        with pytest.raises(click.BadParameter, match=f"`{wrong}` is not a label: write k=v"):
            Label().convert(wrong, None, None)


def test_the_first_format_is_the_default() -> None:
    """A command's formats are named once, the first being what it does by itself."""
    assert parsed(format_option("text", "json"), arguments=[]) == {"output": "text"}


def test_output_options_change_the_console(make_console: Make) -> None:
    """The options that every command has are no business of the command."""
    console = make_console()
    arguments = ["-vv", "-q", "--log-format", "json", "--no-color"]
    assert parsed(output_options, arguments=arguments, console=console) == {}
    assert (console.verbosity, console.quiet, console.log_format, console.colour_allowed) == (
        2,
        True,
        "json",
        False,
    )


def test_a_refusal_of_colour_is_not_taken_back(make_console: Make) -> None:
    """What the environment refused stays refused without `--no-color`."""
    console = make_console(colour_allowed=False)
    parsed(output_options, arguments=[], console=console)
    assert not console.colour_allowed


def test_without_a_console_the_options_are_read_all_the_same() -> None:
    """A shell that completes a command line has no console to change."""
    assert parsed(output_options, arguments=["-v"]) == {}
