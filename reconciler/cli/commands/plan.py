"""`reconciler plan`: what would an apply do?"""

from dataclasses import replace

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
from reconciler.cli.views.console import Console
from reconciler.cli.views.plan import (
    FORMATS,
    report_interrupted,
    report_problems,
    report_saved,
    report_unsealed,
    report_unseen,
    show_plan,
)
from reconciler.model.errors import UsageError
from reconciler.operations.plan import draw_plan
from reconciler.operations.saved_plan import save_plan
from reconciler.operations.workspace import ProjectPaths, load_manifest, load_state


@command(epilog="Example: reconciler plan --target 'acme-*/Reporting' --detailed-exitcode")
@where_options
@chosen_options
@as_of_option
@option(
    "--refresh-only", is_flag=True,
    help="Sign on, and show only how the instances differ from the state.",
)  # fmt: skip
@refresh_options
@identity_option
@option("--out", metavar="FILE", help="Save the plan, for `reconciler apply FILE`.")
@option("--detailed-exitcode", is_flag=True, help="Exit with 2 if there are changes.")
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
    key, and changes nothing. Only --refresh signs on, to plan with what the instances really have,
    and --refresh-only, to show drift and plan nothing. With --identity, a sealed secret that no
    sink has yet is delivered instead of rotated.
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
