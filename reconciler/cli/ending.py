"""Revokes or forgets the selected clients by an apply, after a question."""

from typing import TYPE_CHECKING

from reconciler.cli.applying import ApplyOptions
from reconciler.cli.asking import AddressSelection
from reconciler.cli.views.console import Console
from reconciler.model.strings import plural

if TYPE_CHECKING:
    from reconciler.cli.running import Question
    from reconciler.model.manifest import Manifest
    from reconciler.plan.action import Plan
    from reconciler.plan.request import Ending, PlanRequest
    from reconciler.state.model import State


def end_clients(
    console: Console,
    what: "Ending",
    asked: AddressSelection,
    then: tuple[str | None, bool],
    how: ApplyOptions,
) -> int:
    """Revoke or forget the selected clients, and return the exit code.

    `then` is the file for the plan, which is not applied if there is one, and whether secret files
    of revoked clients are removed.
    """
    from reconciler.cli.running import run_apply
    from reconciler.operations.destroy import request_ending

    out, prune = then

    def build_request(desired: "Manifest", known: "State | None") -> "PlanRequest":
        found = request_ending(what, asked.find(desired, known), desired, known)
        if found.wanted:
            again = {"revoke": "creates them again", "forget": "finds their names taken"}[what]
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
