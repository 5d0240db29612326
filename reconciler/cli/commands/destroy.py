"""`reconciler destroy` and `forget`: the end of clients, at Domo or in the state alone."""

from typing import TYPE_CHECKING

import click

from reconciler.cli.applying import (
    How,
    Question,
    Task,
    apply_question,
    applying_options,
    carry_out,
    out_option,
)
from reconciler.cli.asking import Asked, asked_options, found
from reconciler.cli.helping import command
from reconciler.cli.views.console import Console
from reconciler.model.text import plural

if TYPE_CHECKING:
    from reconciler.model.desired import Desired
    from reconciler.plan.action import Plan
    from reconciler.plan.wish import Ending, Wish
    from reconciler.state.document import State


@command(epilog="Example: reconciler destroy acme-prod/Reporting")
@asked_options
@out_option
@applying_options
@click.pass_obj
def destroy(console: Console, *, asked: Asked, out: str | None, how: How) -> int:
    """Revoke the clients at ADDRESS, and forget them.

    ADDRESS is one client's, or an instance or a glob as --target takes it.
    Whatever the manifest says of them, their secrets stop to work at once; `protect: true` and
    `max_revoke` stop it. On a terminal the number of clients to revoke has to be typed.
    """
    return _end(console, "revoke", asked, out, how)


@command(epilog="Example: reconciler forget acme-prod/Reporting")
@asked_options
@out_option
@applying_options
@click.pass_obj
def forget(console: Console, *, asked: Asked, out: str | None, how: How) -> int:
    """Stop to manage the clients at ADDRESS, and leave them alive.

    ADDRESS is one client's, or an instance or a glob as --target takes it.
    Domo is not asked, and the clients work on; `reconciler import` takes one up again.
    `protect: true` stops it.
    """
    return _end(console, "forget", asked, out, how)


def _end(console: Console, what: "Ending", asked: Asked, out: str | None, how: How) -> int:
    def wish_for(desired: "Desired", known: "State | None") -> "Wish":
        from reconciler.plan.wish import wish
        from reconciler.state.document import State

        addresses = found(asked, desired, known, None)
        wanted = len(addresses & desired.clients.keys())
        if wanted:
            again = {"revoke": "makes them anew", "forget": "finds their names taken"}[what]
            console.note(f"the manifest wants {wanted:,} of them: the next apply {again}")
        return wish(what, addresses, known if known is not None else State(lineage=""))

    purpose = {"revoke": "destroy", "forget": "forget"}[what]
    task = Task(how=how, purpose=purpose, wishing=wish_for, question=question, out=out)
    return carry_out(console, task)


def question(plan: "Plan") -> Question:
    """Return what is asked: the number of clients that are revoked has to be typed."""
    from reconciler.plan.action import Kind

    count = plan.count(Kind.REVOKE)
    if not count:
        return apply_question(plan)
    return Question(text=f"Revoke {plural(count, 'client')}?", answer=str(count))
