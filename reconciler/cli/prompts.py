"""Asks for approval on a terminal."""

import sys

import click

from reconciler.cli.views.console import Console
from reconciler.model.errors import UsageError


def confirm(console: Console, question: str, *, auto_approve: bool) -> bool:
    """Show what would be done, and return whether the user approves it.

    Raises:
        UsageError: there is no terminal to ask on.

    """
    console.note(question)
    if auto_approve:
        return True
    if not sys.stdin.isatty():
        raise UsageError(
            "there is no terminal to ask for approval", hint="add --auto-approve to go on"
        )
    click.echo("Only `yes` is taken as approval.", err=True)
    answer = click.prompt("Go on?", default="no", show_default=False, prompt_suffix=" ", err=True)
    if answer == "yes":
        return True
    console.note("nothing was done")
    return False
