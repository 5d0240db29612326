"""`reconciler plan`: what would an apply do?"""

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from reconciler.bootstrap import open_store
from reconciler.cli.exit_codes import CHANGES, INCOMPLETE
from reconciler.cli.help import command
from reconciler.cli.machine import open_machine
from reconciler.cli.options import (
    as_of_option,
    chosen_options,
    format_option,
    identity_option,
    link_option,
    option,
    output_options,
    refresh_options,
    where_options,
)
from reconciler.cli.secrets_io import read_identities
from reconciler.cli.values import ConnectionOptions, SelectionOptions, plan_options
from reconciler.cli.views.causes import some
from reconciler.cli.views.console import Console
from reconciler.model.errors import UsageError
from reconciler.model.strings import plural
from reconciler.operations.plan import draw_plan
from reconciler.operations.saved_plan import save_plan
from reconciler.operations.workspace import LoadedState, ProjectPaths, load_manifest, load_state

if TYPE_CHECKING:
    from reconciler.model.manifest import Manifest
    from reconciler.plan.action import Plan
    from reconciler.plan.render.fleet_table import FleetTable

FORMATS = ("text", "json", "markdown", "html")


@command(epilog="Example: reconciler plan --target 'acme-*/Reporting' --detailed-exitcode")
@where_options
@chosen_options
@as_of_option
@option(
    "--refresh-only", is_flag=True,
    help="Sign on, and show only what the instances have that the state does not say.",
)  # fmt: skip
@refresh_options
@identity_option
@option("--out", metavar="FILE", help="Save the plan, for `reconciler apply FILE`.")
@option("--detailed-exitcode", is_flag=True, help="Exit with 2 where there are changes.")
@format_option(*FORMATS)
@link_option
@output_options
@click.pass_obj
def plan(  # noqa: PLR0913 (one argument for each option)
    console: Console,
    *,
    where: ProjectPaths,
    chosen: SelectionOptions,
    as_of: str,
    reach: ConnectionOptions,
    refresh_only: bool,
    identities: tuple[str, ...],
    out: str | None,
    detailed_exitcode: bool,
    output: str,
    link_base: str | None,
) -> int:
    """Show what an apply would do, offline and without a credential.

    Compares the manifest with the state file. It needs no network, no password and no decryption
    key, and changes nothing; only --refresh signs on, to plan with what the instances really have,
    and --refresh-only, to show what drifted and plan nothing. With --identity a sealed secret that
    no sink has yet is delivered rather than made anew.
    """
    if refresh_only:
        if out is not None:
            raise UsageError("--refresh-only plans nothing that could be saved with --out")
        reach = replace(reach, refresh=True, drift_only=True)
    desired = load_manifest(where)
    store = open_store(where, desired)
    ground = load_state(store, read_identities(identities))
    machine = open_machine(console, desired, store, reach)
    made = draw_plan(machine, ground, plan_options(chosen, reach, as_of))
    show_plan(console, made, output, links=link_base, desired=desired)
    if out is not None:
        save_plan(made, out, where, store)
        report_saved(console, made, out)
    report_interrupted(console, ground)
    report_unsealed(console, desired, ground)
    if report_problems(console, made):
        return 1
    if report_unseen(console, made):
        return INCOMPLETE
    needed = made.needs_rotation or made.needs_rekey
    changed = made.actions or made.moves or needed or any((made.drift or {}).values())
    return CHANGES if detailed_exitcode and changed else 0


def report_saved(console: Console, made: "Plan", out: str) -> None:
    """Say where the plan is saved, and what can be done with it."""
    held = any(each.override is None for each in made.problems)
    does = (
        "it cannot be applied as it is" if held else f"`reconciler apply {out}` does it, or nothing"
    )
    console.note(f"the plan is saved in {out}: {does}")


def report_interrupted(console: Console, ground: LoadedState) -> None:
    """Say which creates of an earlier run have an unknown outcome."""
    if ground.working is None or not ground.working.open:
        return
    addresses = sorted({str(each.address) for each in ground.working.open.values()})
    named = ", ".join(addresses[:5]) + (f" and {len(addresses) - 5:,} more" * (len(addresses) > 5))
    console.note(
        "an earlier run was interrupted, or is still running; the next apply first finds out"
        f" what became of: {named}"
    )


def report_unsealed(console: Console, desired: "Manifest", ground: LoadedState) -> None:
    """Say how many secrets are in plain although the manifest asks for encryption."""
    if not desired.recipients or ground.working is None:
        return
    from reconciler.state.model import Plain

    kept = [each.secret for each in ground.working.clients.values()]
    kept += [each.created.secret for each in ground.working.made.values()]
    plain = sum(isinstance(each, Plain) for each in kept)
    if plain:
        console.note(
            f"{plural(plain, 'secret')} of a time without encryption"
            f" {'stands' if plain == 1 else 'stand'} in plain; the next apply seals"
            f" {'it' if plain == 1 else 'them'}"
        )


def report_problems(console: Console, made: "Plan") -> bool:
    """Show the plan's problems; return whether one of them cannot be overridden."""
    from reconciler.plan.render.grouping import group_problems

    refused = False
    for each in group_problems(made.problems):
        place = f"{each.place}: " if each.place else ""
        if each.override:
            allowed = f"apply needs {each.override} for this plan"
            console.warn(place + each.message, hint=each.hint or allowed)
        else:
            console.problem(place + each.message, hint=each.hint, code=each.code)
            refused = True
    return refused


def report_unseen(console: Console, made: "Plan") -> bool:
    """Say which instances a refresh did not see; return whether there are any."""
    unseen = sorted(made.unseen)
    if not unseen:
        return False
    console.problem(
        f"{plural(len(unseen), 'instance')} could not be looked at:"
        f" {some(unseen, verbose=console.verbosity > 0)}",
        hint="the notes of the plan say why; of these it says what the state knows",
        code="unreachable",
    )
    return True


def _matrix(desired: "Manifest | None", made: "Plan") -> "FleetTable | None":
    if desired is None:
        return None
    from reconciler.plan.render.fleet_table import create_table

    return create_table(desired, made)


def show_plan(
    console: Console,
    made: "Plan",
    output: str,
    *,
    links: str | None = None,
    desired: "Manifest | None" = None,
    asked: bool = False,
) -> None:
    """Write the plan to standard output in one of its formats.

    `links` is the base URL of links to the manifest's lines. With the manifest, `desired`, a page
    also shows what stays as it is. With `-q` there is no text, unless the user is `asked` about it.
    """
    if output == "json":
        from reconciler.plan.render.json import render_json

        console.data(render_json(made))
        return
    if output == "markdown":
        from reconciler.plan.render.markdown import render_markdown

        console.data(render_markdown(made, links=links))
        return
    if output == "html":
        from reconciler.plan.render.html import render_html

        console.data(render_html(made, _matrix(desired, made), links=links))
        return
    from reconciler.plan.render.text import render_text

    verbose = console.verbosity > 0
    text = render_text(made, colour=console.colour, width=console.width, verbose=verbose)
    write = console.data if asked else console.report
    write(text)
