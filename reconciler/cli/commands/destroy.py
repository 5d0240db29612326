"""`reconciler destroy` and `forget`: the end of clients, at Domo or in the state alone."""

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from reconciler.cli.applying import ApplyOptions, applying_options, out_option, prune_option
from reconciler.cli.asking import AddressSelection, asked_options
from reconciler.cli.help import command
from reconciler.cli.options import option
from reconciler.cli.views.console import Console
from reconciler.model.address import Address
from reconciler.model.errors import UsageError
from reconciler.model.strings import plural

if TYPE_CHECKING:
    from reconciler.cli.running import Question
    from reconciler.model.manifest import Manifest
    from reconciler.plan.action import Plan
    from reconciler.plan.request import Ending, PlanRequest
    from reconciler.state.model import State


@command(epilog="Example: reconciler destroy acme-prod/Reporting")
@asked_options
@option(
    "--client-id", metavar="ID", envvar=None,
    help="Revoke this client at ADDRESS, which the state does not know: `plan --refresh` names it.",
)  # fmt: skip
@prune_option
@out_option
@applying_options
@click.pass_obj
def destroy(
    console: Console,
    *,
    asked: AddressSelection,
    client_id: str | None,
    prune: bool,
    out: str | None,
    how: ApplyOptions,
) -> int:
    """Revoke the clients at ADDRESS, and forget them.

    ADDRESS is one client's, or an instance or a glob as --target takes it.
    Whatever the manifest says of them, their secrets stop to work at once; `protect: true` and
    `max_revoke` stop it. On a terminal the number of clients to revoke has to be typed.
    """
    if client_id is None:
        return _end(console, "revoke", asked, (out, prune), how)
    from reconciler.cli.running import run_apply
    from reconciler.operations.destroy import request_stray_revoke

    how = replace(how, reach=replace(how.reach, refresh=True))
    address = _one_address(asked)

    def build_request(_desired: "Manifest", _known: "State | None") -> "PlanRequest":
        return request_stray_revoke(address, client_id)

    request = how.request("destroy", build_request=build_request, prune=prune)
    return run_apply(console, how, request, question=question, out=out)


def _one_address(asked: AddressSelection) -> Address:
    """Return the one address that is named.

    Raises:
        UsageError: it is not one address.

    """
    try:
        (name,) = asked.names
        return Address.parse(name)
    except ValueError:
        raise UsageError(
            "--client-id goes with one ADDRESS: INSTANCE/NAME",
            hint="`reconciler plan --refresh` shows the whole command",
        ) from None


@command(epilog="Example: reconciler forget acme-prod/Reporting")
@asked_options
@out_option
@applying_options
@click.pass_obj
def forget(console: Console, *, asked: AddressSelection, out: str | None, how: ApplyOptions) -> int:
    """Stop to manage the clients at ADDRESS, and leave them alive.

    ADDRESS is one client's, or an instance or a glob as --target takes it.
    Domo is not asked, and the clients work on; `reconciler import` takes one up again.
    `protect: true` stops it.
    """
    return _end(console, "forget", asked, (out, False), how)


def _end(
    console: Console,
    what: "Ending",
    asked: AddressSelection,
    then: tuple[str | None, bool],
    how: ApplyOptions,
) -> int:
    from reconciler.cli.running import run_apply
    from reconciler.operations.destroy import request_ending

    out, prune = then

    def build_request(desired: "Manifest", known: "State | None") -> "PlanRequest":
        found = request_ending(what, asked.find(desired, known), desired, known)
        if found.wanted:
            again = {"revoke": "makes them anew", "forget": "finds their names taken"}[what]
            console.note(f"the manifest wants {found.wanted:,} of them: the next apply {again}")
        return found.request

    purpose = {"revoke": "destroy", "forget": "forget"}[what]
    request = how.request(purpose, build_request=build_request, prune=prune)
    return run_apply(console, how, request, question=question, out=out)


def question(plan: "Plan") -> "Question":
    """Return what is asked: the number of clients that are revoked has to be typed."""
    from reconciler.cli.running import Question, apply_question
    from reconciler.plan.action import Kind

    count = plan.count(Kind.REVOKE)
    if not count:
        return apply_question(plan)
    return Question(text=f"Revoke {plural(count, 'client')}?", answer=str(count))
