"""The reference of commands is what the commands themselves say."""

import inspect
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from reconciler.cli.help import without_variable
from reconciler.cli.main import COMMANDS, PROGRAM, group

REFERENCE: Final = Path(__file__).parents[2] / "reconciler" / "cli" / "README.md"
BEGIN: Final = (
    "<!-- the reference: UPDATE_GOLDEN=1 pytest tests/cli/test_reference.py writes it -->\n"
)
SHARED: Final = ("verbose", "quiet", "log_format", "no_color")
"""The options that every command has."""

END: Final = "<!-- the end of the reference -->\n"


def commands(parent: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    """Yield every command that does something, with the words that call it."""
    context = click.Context(parent, info_name=path)
    for name in parent.list_commands(context):
        command = parent.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


def entry(path: str, command: click.Command) -> str:
    """Return one command's help without what all of them share, as Markdown that folds."""
    context = click.Context(command, info_name=path)
    rows = [
        record
        for option in command.get_params(context)
        if option.name not in SHARED
        and isinstance(option, click.Option)
        and "--help" not in option.opts
        and (record := option.get_help_record(context))
    ]
    lines = [
        f"<details><summary><code>{path}</code></summary>",
        "",
        inspect.cleandoc(command.help or ""),
        "",
    ]
    lines += [f"- `{names}`: {without_variable(said)}" for names, said in rows]
    lines += ["", "```sh", (command.epilog or "").removeprefix("Example: "), "```", ""]
    return "\n".join([*lines, "</details>", ""])


def reference() -> str:
    """Return the reference: a table of the commands, then each one's options, folded."""
    rows = [f"| `{name}` | {summary} |\n" for name, (_, summary) in COMMANDS.items()]
    entries = [entry(path, command) for path, command in commands(group(), PROGRAM)]
    return "\n".join(["| command | what it does |\n| --- | --- |\n" + "".join(rows), *entries])


def test_the_reference_is_the_help() -> None:
    """Between its markers the file says what `--help` says, of every command."""
    text = REFERENCE.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    kept, end, after = rest.partition(END)
    assert begin
    assert end
    if os.environ.get("UPDATE_GOLDEN"):
        kept = reference()
        REFERENCE.write_text(before + BEGIN + kept + END + after, encoding="utf-8")
    assert kept == reference()


def test_every_command_shows_an_example() -> None:
    """Each help ends in a command line that somebody may run."""
    silent = [
        path
        for path, command in commands(group(), PROGRAM)
        if not (command.epilog or "").startswith("Example: ")
    ]
    assert silent == []
