"""Runs an apply from the command line: shows the plan, asks, follows the run, reports the end."""

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

from reconciler.bootstrap import open_store
from reconciler.cli.exit_codes import INCOMPLETE, INTERRUPTED
from reconciler.cli.machine import open_machine
from reconciler.cli.secrets_io import read_identities
from reconciler.cli.views import plan as view
from reconciler.cli.views.console import Console
from reconciler.model.errors import ReconcilerError, UsageError
from reconciler.model.strings import plural
from reconciler.operations.apply import ApplyListener, ApplyReport, ApplyRequest, apply
from reconciler.operations.saved_plan import save_plan
from reconciler.operations.workspace import LoadedState, load_manifest

if TYPE_CHECKING:
    from reconciler.apply.events import Listener, Report
    from reconciler.apply.run_context import Stop
    from reconciler.bootstrap import Machine
    from reconciler.cli.applying import ApplyOptions
    from reconciler.plan.action import Plan
    from reconciler.system.process_reaper import ProcessReaper


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked before anything is done, and the only answer that goes on."""

    text: str
    answer: str = "yes"


def apply_question(_plan: "Plan") -> Question:
    """Return the question about a plan that does not revoke a client without a successor."""
    return Question(text="Apply this plan?")


def run_apply(
    console: Console,
    how: "ApplyOptions",
    request: ApplyRequest,
    *,
    question: Callable[["Plan"], Question] = apply_question,
    out: str | None = None,
) -> int:
    """Apply what is requested, and return the exit code; with `out`, only save the plan."""
    desired = load_manifest(how.where)
    store = open_store(how.where, desired)
    request = replace(request, identities=read_identities(how.identities))
    machine = open_machine(console, desired, store, how.reach)
    terminal = _Terminal(console, how, machine, request)
    terminal.question, terminal.out = question, out
    report = apply(machine, request, terminal)
    if out is not None:
        return 0
    if report.outcome is None:
        console.note("nothing was done")
        return 1
    return _show(console, machine, how.output, report, report.outcome)


class _Terminal(ApplyListener):
    """Follows an apply on the console."""

    question: Callable[["Plan"], Question]
    out: str | None

    def __init__(
        self, console: Console, how: "ApplyOptions", machine: "Machine", request: ApplyRequest
    ) -> None:
        self._console = console
        self._how = how
        self._machine = machine
        self._reviewed = request.reviewed
        self._is_approved = how.auto_approve or request.reviewed is not None

    def planned(self, plan: "Plan") -> bool:
        """Show the plan, or save it; a plan that is saved is not applied."""
        console = self._console
        # An approved run does its work even if no one can read it.
        console.must_go_on = self.out is None and self._is_approved
        if self._how.output == "text":
            asked = not self._is_approved and sys.stdin.isatty()
            view.show_plan(console, plan, "text", asked=asked)
            console.settle()  # a pipe is block-buffered: the plan precedes the first action
        if self.out is not None:
            save_plan(plan, self.out, self._how.where, self._machine.store)
            view.report_saved(console, plan, self.out)
        return self.out is None

    def accepted(self, plan: "Plan", ground: LoadedState) -> None:
        """Show what a reader should know about the state."""
        reviewed = self._reviewed
        if reviewed is not None and not plan.actions and plan.id != reviewed.plan_id:
            self._console.note(f"there is nothing to do; the plan is not {reviewed.plan_id} now")
        view.report_interrupted(self._console, ground)
        view.report_unsealed(self._console, self._machine.desired, ground)

    def approve(self, plan: "Plan", ground: LoadedState) -> bool:
        """Ask if there is something to do.

        Raises:
            UsageError: there is no terminal to ask on.

        """
        needed = bool(plan.actions or (ground.working and ground.working.open))
        approved = self._is_approved or not needed or _ask(self.question(plan))
        self._console.must_go_on = self._console.must_go_on or approved
        return approved

    @contextmanager
    def running(self, plan: "Plan") -> "Iterator[Listener]":
        """Show the progress."""
        from reconciler.cli.views import progress

        with progress.shown(self._console, plan.actions) as listen:
            yield listen

    def started(self, stop: "Stop", keeper: "ProcessReaper") -> None:
        """Let the first signal stop the run, and the second one this process."""
        import asyncio

        loop = asyncio.get_running_loop()
        for number in _signals():
            loop.add_signal_handler(number, _interrupt, self._console, stop, keeper)


def _ask(question: Question) -> bool:
    if not sys.stdin.isatty():
        raise UsageError(
            "there is no terminal to ask for approval",
            hint="review the plan, then add --auto-approve",
        )
    click.echo(f"\nOnly `{question.answer}` is taken as approval.", err=True)
    answer = click.prompt(question.text, default="no", show_default=False, err=True)
    return bool(answer == question.answer)


def _signals() -> tuple[signal.Signals, ...]:
    """Return the signals that stop a run; `nohup` may have asked to ignore SIGHUP."""
    hangup = signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN
    return (signal.SIGINT, signal.SIGTERM, *((signal.SIGHUP,) if hangup else ()))


def _interrupt(console: Console, stop: "Stop", keeper: "ProcessReaper") -> None:
    if stop.requested:
        keeper.kill()  # a command that outlived this could still write over a newer secret
        with contextlib.suppress(BrokenPipeError, ReconcilerError):
            console.settle()
        os._exit(INTERRUPTED)  # at once: the journal has what was done
    stop.request()
    console.warn("interrupted: what is in flight finishes, nothing new starts (again: at once)")


def _show(
    console: Console, machine: "Machine", output: str, ended: ApplyReport, outcome: "Report"
) -> int:
    """Show how the apply ended; return the exit code."""
    from reconciler.cli.views import report

    instances = machine.desired.instances
    if output == "json":
        console.document(report.document(outcome, instances, ended.stale))
    else:
        if ended.plan.actions or not outcome.complete:
            report.show(console, outcome, instances, told=ended.plan.unseen)
        report.show_files(console, outcome)
    _show_ledger(console, ended)
    view.report_unseen(console, ended.plan)
    view.report_conflicts(console, ended.conflicts)
    view.report_stale(console, ended.stale)
    return exit_code(outcome) or (0 if ended.complete else INCOMPLETE)


def _show_ledger(console: Console, ended: ApplyReport) -> None:
    ledger = ended.ledger
    if ledger is None:
        return
    if ledger.failure is not None:
        console.problem(
            f"the ledger `{ledger.path}` lacks lines of this run: {ledger.failure}",
            hint="the state and its journal have what was done",
            code="ledger-incomplete",
        )
    else:
        lines = plural(ledger.anchor.count, "line")
        console.note(f"the ledger {ledger.path} has {lines}, head {ledger.anchor.head}")


def exit_code(ended: "Report") -> int:
    """Return 1 if an error stopped the run before anything was done, and 3 if a part is done.

    A rollout that stops, or an instance that fails, is a part that is not done: the error stops
    that part and not the command.
    """
    from reconciler.apply.events import ROLLOUT

    if ended.stopped:
        return INTERRUPTED
    if ended.complete:
        return 0
    halted = ended.halted is not None and ended.halted.code != ROLLOUT
    refused = halted or ended.unrecorded is not None
    return 1 if refused and not (ended.done or ended.created) else INCOMPLETE
