"""`reconciler rotate`: new secrets for clients that are as the manifest wants them."""

from typing import TYPE_CHECKING

import click

from reconciler.cli.applying import ApplyOptions, applying_options, out_option, prune_option
from reconciler.cli.asking import AddressSelection, asked_options
from reconciler.cli.help import command
from reconciler.cli.options import option
from reconciler.cli.types import Duration
from reconciler.cli.views.console import Console
from reconciler.model.strings import plural

if TYPE_CHECKING:
    from reconciler.model.manifest import Manifest
    from reconciler.operations.rotate import RotationRequest
    from reconciler.plan.request import PlanRequest
    from reconciler.state.model import State


@command(epilog="Example: reconciler rotate --label env=prod --spread 30d")
@asked_options
@option(
    "--spread", type=Duration(), metavar="DURATION",
    help="Only those whose turn it is, so that a daily run has rotated all of them in this time.",
)  # fmt: skip
@option(
    "--cancel", is_flag=True, envvar=None,
    help="Call off what is left of a rotation that did not come to its end.",
)  # fmt: skip
@prune_option
@out_option
@applying_options
@click.pass_obj
def rotate(  # noqa: PLR0913 (one argument for each option)
    console: Console,
    *,
    asked: AddressSelection,
    spread: float | None,
    cancel: bool,
    prune: bool,
    out: str | None,
    how: ApplyOptions,
) -> int:
    """Replace the clients at ADDRESS by new clients with new secrets.

    ADDRESS is the address of a client, an instance, or a glob as in --target. Each new client is
    created, proved and delivered before the old one is revoked, `overlap` later. If it is killed,
    the same command or `apply` completes the rest, unless --cancel cancels it. --spread distributes
    the rotations of a fleet evenly over a period.
    """
    if cancel:
        return _cancel(console, asked, how)
    from reconciler.cli.running import run_apply
    from reconciler.operations.rotate import request_rotation

    def build_request(desired: "Manifest", known: "State | None") -> "PlanRequest":
        addresses = asked.find(desired, known, desired.clients)
        found = request_rotation(addresses, desired, known, as_of=how.as_of, spread=spread)
        _report_part(console, found)
        return found.request

    request = how.request("rotate", build_request=build_request, prune=prune)
    return run_apply(console, how, request, out=out)


def _cancel(console: Console, asked: AddressSelection, how: ApplyOptions) -> int:
    """Cancel what was requested and has not been done."""
    from reconciler.bootstrap import open_store
    from reconciler.cli.machine import open_machine
    from reconciler.operations.rotate import cancel_rotations
    from reconciler.operations.workspace import load_manifest

    desired = load_manifest(how.where)
    machine = open_machine(console, desired, open_store(how.where, desired), how.reach)
    count = cancel_rotations(machine, asked.find, lock_timeout=how.lock_timeout)
    if count is None:
        console.note("no rotation is open")
    else:
        console.note(f"{plural(count, 'rotation')} called off; what is done stays done")
    return 0


def _report_part(console: Console, found: "RotationRequest") -> None:
    """Say why not all of the clients are rotated in this run."""
    total = plural(found.total, "client")
    if found.part == "due":
        console.note(f"{found.now:,} of {total} have their turn")
    elif found.part == "left":
        console.note(
            f"a rotation was interrupted: {plural(found.now, 'client')} of"
            f" {found.total:,} are left of it, and only these are rotated now",
            hint="the same command again, after this one, rotates all of them",
        )
