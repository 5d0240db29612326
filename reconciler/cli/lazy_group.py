"""A group whose commands are imported when they run, and not to list them."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import click

from reconciler.model.errors import UsageError
from reconciler.model.strings import nearest

Table = Mapping[str, tuple[str, str]]
"""By name: `module:attribute` below `reconciler.cli.commands`, and one sentence."""


class LazyGroup(click.Group):
    """The commands of a table, in its order.

    `sections` group them in the help: a title, and the names below it.
    """

    def __init__(
        self, table: Table, sections: Mapping[str, Sequence[str]] | None = None, **settings: Any
    ) -> None:
        super().__init__(**settings)
        self._table = table
        self._sections = sections or {"Commands": tuple(table)}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, in the table's order."""
        del ctx
        return list(self._table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        del ctx
        if cmd_name not in self._table:
            return None
        module, name = self._table[cmd_name][0].split(":")
        command: click.Command = getattr(import_module(f"reconciler.cli.commands.{module}"), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the arguments begin with, or suggest a similar one."""
        name = args[0]
        if name in self._table or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        meant = nearest(name, self._table)
        group = ctx.command_path.partition(" ")[2]
        whole = f"{group} {name}" if group else name
        listed = f"`{ctx.command_path} --help` lists the commands"
        hint = f"did you mean `{meant}`?" if meant else listed
        raise UsageError(f"there is no command `{whole}`", hint=hint)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table, so that help imports none of them."""
        del ctx
        longest = max(map(len, self._table))
        for title, names in self._sections.items():
            with formatter.section(title):
                formatter.write_dl([(f"{name:<{longest}}", self._table[name][1]) for name in names])
