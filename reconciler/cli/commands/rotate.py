"""`reconciler rotate`: new secrets for clients that are as the manifest wants them."""

from typing import TYPE_CHECKING

import click

from reconciler.cli.applying import (
    ApplyOptions,
    Task,
    applying_options,
    carry_out,
    out_option,
    prune_option,
)
from reconciler.cli.asking import AddressSelection, asked_options, found
from reconciler.cli.help import command
from reconciler.cli.options import option
from reconciler.cli.types import Duration
from reconciler.cli.views.console import Console
from reconciler.model.errors import UsageError
from reconciler.model.strings import plural

if TYPE_CHECKING:
    from reconciler.model.address import Address
    from reconciler.model.manifest import Manifest
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
    """Make new clients with new secrets in the place of those at ADDRESS.

    ADDRESS is one client's, or an instance or a glob as --target takes it.
    Each successor is made, signed in with and delivered before its predecessor ends, which is
    `overlap` later. Killed at any moment, the same command or `apply` goes on with what is left,
    unless --cancel calls it off. Of a fleet that is rotated with --spread each client has its day.
    """
    if cancel:
        return _cancel(console, asked, how)

    def wish_for(desired: "Manifest", known: "State | None") -> "PlanRequest":
        from reconciler.plan.request import create_request
        from reconciler.state.model import State

        addresses = found(asked, desired, known, desired.clients)
        for each in sorted(addresses - desired.clients.keys()):
            raise UsageError(
                f"{each} left the manifest, so nothing says what its successor is to be",
                hint="put it back, or end it with `reconciler destroy`",
            )
        state = known if known is not None else State(lineage="")
        now = _now(console, addresses, state, how.as_of, spread)
        return create_request("rotate", addresses, state, now=now)

    return carry_out(
        console, Task(how=how, purpose="rotate", wishing=wish_for, out=out, prune=prune)
    )


def _cancel(console: Console, asked: AddressSelection, how: ApplyOptions) -> int:
    """Let what was asked for and has not been done be no order any more."""
    from dataclasses import replace

    from reconciler.bootstrap import open_store
    from reconciler.operations.workspace import load_manifest, load_state
    from reconciler.plan.request import pending_rotations
    from reconciler.plan.staleness import cancel_rotations

    desired = load_manifest(how.where)
    store = open_store(how.where, desired)
    with store.lock(purpose="rotate --cancel", timeout=how.lock_timeout):
        state = load_state(store).state
        open_plan = state.open_plan if state is not None else None
        if state is None or open_plan is None:
            console.note("no rotation is open")
            return 0
        called_off = pending_rotations(open_plan, state.clients) & found(
            asked, desired, state, None
        )
        if called_off:
            left = cancel_rotations(open_plan, called_off)
            after = replace(state, serial=state.serial + 1, open_plan=left)
            store.write(after, replacing=state)
    console.note(f"{plural(len(called_off), 'rotation')} called off; what is done stays done")
    return 0


def _now(
    console: Console,
    addresses: "frozenset[Address]",
    known: "State",
    as_of: str,
    spread: float | None,
) -> "frozenset[Address]":
    """Return those of the addresses that are rotated in this run, and say where it is not all.

    A client that has just been rotated by a run that was interrupted is not rotated a second time.
    """
    from reconciler.plan.request import (
        due_in_rotation_window,
        pending_rotations,
        requested_rotations,
    )

    if spread is not None:
        turn = due_in_rotation_window(addresses, known, as_of=as_of, spread=spread)
        console.note(f"{len(turn):,} of {plural(len(addresses), 'client')} have their turn")
        return turn
    if not requested_rotations(known.open_plan) & addresses:
        return addresses
    left = pending_rotations(known.open_plan, known.clients) & addresses
    if left != addresses:
        console.note(
            f"a rotation was interrupted: {plural(len(left), 'client')} of"
            f" {len(addresses):,} are left of it, and only these are rotated now",
            hint="the same command again, after this one, rotates all of them",
        )
    return left
