"""Shows a plan, and what a reader should know about it."""

from typing import TYPE_CHECKING, Final

from reconciler.cli.views.causes import some
from reconciler.cli.views.console import Console
from reconciler.model.strings import plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model.manifest import Manifest
    from reconciler.operations.workspace import LoadedState
    from reconciler.plan.action import Plan
    from reconciler.plan.render.fleet_table import FleetTable

FORMATS: Final = ("text", "json", "markdown", "html")


def report_saved(console: Console, made: "Plan", out: str) -> None:
    """Say where the plan is saved, and what can be done with it."""
    held = any(each.override is None for each in made.problems)
    does = (
        "it cannot be applied as it is" if held else f"`reconciler apply {out}` does it, or nothing"
    )
    console.note(f"the plan is saved in {out}: {does}")


def report_interrupted(console: Console, ground: "LoadedState") -> None:
    """Say which creates of an earlier run have an unknown outcome."""
    if ground.working is None or not ground.working.open:
        return
    addresses = sorted({str(each.address) for each in ground.working.open.values()})
    named = ", ".join(addresses[:5]) + (f" and {len(addresses) - 5:,} more" * (len(addresses) > 5))
    console.note(
        "an earlier run was interrupted, or is still running; the next apply first finds out"
        f" what became of: {named}"
    )


def report_unsealed(console: Console, desired: "Manifest", ground: "LoadedState") -> None:
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


def report_conflicts(console: Console, found: "Sequence[str]") -> None:
    """Say which clients are wanted and were not created, because others have their names."""
    if found:
        named = ", ".join(found[:5]) + (f" and {len(found) - 5:,} more" * (len(found) > 5))
        console.problem(
            f"{plural(len(found), 'client')} not made, as others have the names: {named}",
            hint="the notes of the plan name each holder: `reconciler import ADDRESS` adopts one"
            " that is not managed; otherwise choose another name",
            code="conflict",
        )


def report_stale(console: Console, stale: "Sequence[str]") -> None:
    """Say which instances were left out of a reviewed plan."""
    if stale:
        named = ", ".join(stale[:5]) + (f" and {len(stale) - 5:,} more" if len(stale) > 5 else "")
        console.problem(
            f"{plural(len(stale), 'instance')} left out because the plan has changed: {named}",
            hint="plan again, and review what is left",
            code="stale",
        )
