"""The help of a command: its own options first, shared options last.

The variable of each option follows from its name, so that the help states the rule once.
"""

import functools
import re
from typing import Final

import click

CHOOSING: Final = ("targets", "excludes", "labels", "everything", "instances")
SHARED: Final = (
    "file", "state", "output", "verbose", "quiet", "log_format", "no_color",
)  # fmt: skip

_VARIABLE: Final = re.compile(r"\s*\[env var: \w+(?:; ([^]]*))?\]")
_RULE: Final = "Each option can be set as RECONCILER_ and its name, as in RECONCILER_FILE."


class Command(click.Command):
    """A command with its options in sections."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the command's own options, then those that select clients, then the shared ones."""
        sections: dict[str, list[tuple[str, str]]] = {
            "Options": [],
            "Which clients": [],
            "Common options": [],
        }
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None:
                names, said = record
                sections[_section(param)].append((names, without_variable(said)))
        for title, records in sections.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the example, and the rule of the variables below it."""
        super().format_epilog(ctx, formatter)
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(_RULE)


command = functools.partial(click.command, cls=Command)
"""`click.command` with this help."""


def without_variable(said: str) -> str:
    """Return an option's help with its default, and without the name of its variable."""
    return _VARIABLE.sub(lambda found: f"  [{found[1]}]" if found[1] else "", said).strip()


def _section(param: click.Parameter) -> str:
    if param.name in CHOOSING:
        return "Which clients"
    shared = param.name in SHARED or "--help" in param.opts
    return "Common options" if shared else "Options"
