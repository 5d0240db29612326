"""Applies a plan. This module owns a run: its lock, its journal and its adapters.

The plan is drawn under the lock and compared with the plan that was reviewed. After the checks and
the approval, the engine applies exactly that plan.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.operations.plan import PlanOptions, draw_plan, moved
from reconciler.operations.preflight import (
    refuse_git,
    refuse_overwrites,
    refuse_problems,
    reject_reserved_path,
)
from reconciler.operations.reviewed_plan import ApprovedPlan, ReviewedPlan, saved_options, settle
from reconciler.operations.workspace import LoadedState, ProjectPaths, load_state

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.apply.events import Event, Listener, Report
    from reconciler.apply.run_context import Stop
    from reconciler.model.manifest import Manifest
    from reconciler.operations.adapters import Adapters
    from reconciler.operations.ledger import LedgerReport
    from reconciler.operations.run import ApplyJob
    from reconciler.plan.action import Plan
    from reconciler.plan.request import PlanRequest
    from reconciler.state.model import State
    from reconciler.stores.encryption import Identity
    from reconciler.system.process_reaper import ProcessReaper

RequestBuilder = Callable[["Manifest", "State | None"], "PlanRequest"]
"""Builds what a command asks for, from the manifest and what is known, under the lock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyRequest:
    """What to apply, and how.

    `build_request` is set if a command asks for something that the manifest does not. `reviewed` is
    the plan that must be the one that is drawn; `skip_stale` leaves out the instances whose part
    has changed. `prune` removes the secret files of revoked clients. `lock_timeout` and
    `absence_window` are in seconds.
    """

    paths: ProjectPaths
    options: PlanOptions
    purpose: str = "apply"
    build_request: RequestBuilder | None = None
    reviewed: ReviewedPlan | None = None
    skip_stale: bool = False
    override_limits: bool = False
    prune: bool = False
    identities: "Sequence[Identity]" = ()
    lock_timeout: float = 0
    absence_window: float = 5.0
    ledger: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyReport:
    """How an apply ended.

    `plan` is the plan as it was applied. `outcome` is None if the run did not start, because it was
    not approved. `stale` are the instances that were left out because their part of the reviewed
    plan has changed.
    """

    plan: "Plan"
    outcome: "Report | None" = None
    stale: tuple[str, ...] = ()
    ledger: "LedgerReport | None" = None

    @property
    def conflicts(self) -> tuple[str, ...]:
        """Return the addresses whose clients were not created because their names are taken."""
        found = (each for each in self.plan.notices if each.code == "conflict")
        return tuple(sorted(str(each.address) for each in found))

    @property
    def complete(self) -> bool:
        """Return whether everything that the manifest asks for is done and recorded."""
        return (
            self.outcome is not None
            and self.outcome.complete
            and not (self.stale or self.plan.unseen or self.conflicts)
            and (self.ledger is None or self.ledger.failure is None)
        )


class ApplyListener:
    """Follows an apply and decides about it; by default silent and in favour."""

    def planned(self, plan: "Plan") -> bool:
        """Take the plan as it was drawn; return whether to continue."""
        del plan
        return True

    def accepted(self, plan: "Plan", ground: LoadedState) -> None:
        """Take the plan that is going to be applied, before it is checked."""

    def approve(self, plan: "Plan", ground: LoadedState) -> bool:
        """Return whether to apply the plan; nothing has been sent yet."""
        del plan, ground
        return True

    @contextmanager
    def running(self, plan: "Plan") -> "Iterator[Listener]":
        """Give the listener of the run's events, which is called in the run's thread."""
        del plan

        def ignore(event: "Event") -> None:
            del event

        yield ignore

    def started(self, stop: "Stop", keeper: "ProcessReaper") -> None:
        """Take what interrupts the run; called in its event loop, before the first request."""


def apply(machine: "Adapters", request: ApplyRequest, listener: ApplyListener) -> ApplyReport:
    """Plan under the lock, ask for approval, and apply. It must not be called in an event loop.

    Raises:
        LockHeld: another run has the lock of the state or of the ledger.
        PlanRefused: the plan is not the reviewed one, or a check stops it; nothing was sent.
        UsageError: the options do not go together, or name what does not exist.
        StateRefused: the state is corrupt, newer, or was changed meanwhile; nothing was sent.
        StateUnwritable: the state or its journal cannot be written; nothing was sent.
        SinkFailed: a sink cannot take a secret; nothing was sent.

    """
    options = request.options
    if request.reviewed is not None and request.reviewed.saved is not None:
        options = saved_options(request.reviewed.saved, options)
    if request.ledger is not None:
        reject_reserved_path(Path(request.ledger), "--ledger", request.paths, machine.store)
    with machine.store.lock(purpose=request.purpose, timeout=request.lock_timeout):
        ground = load_state(machine.store, request.identities)
        if request.build_request is not None:
            wanted = request.build_request(machine.desired, moved(machine.desired, ground))
            options = replace(options, request=wanted)
        drawn = draw_plan(machine, ground, options)
        if not listener.planned(drawn):
            return ApplyReport(plan=drawn)
        approved = _settled(machine.desired, drawn, request, ground)
        plan = approved.plan
        listener.accepted(plan, ground)
        refuse_problems(plan, override_limits=request.override_limits)
        refuse_overwrites(machine.desired, plan, machine.store)
        refuse_git(machine.desired, plan, machine.store)
        if not listener.approve(plan, ground):
            return ApplyReport(plan=plan, stale=approved.stale)
        job = _job(machine, request, options, (approved, ground))
        return _run(job, request, listener, approved.stale)


def _settled(
    desired: "Manifest", drawn: "Plan", request: ApplyRequest, ground: LoadedState
) -> ApprovedPlan:
    """Return the plan to apply: the one that was drawn, or what the reviewed one allows of it."""
    if request.reviewed is None:
        return ApprovedPlan(plan=drawn)
    open_plan = ground.working.open_plan if ground.working else None
    return settle(desired, drawn, request.reviewed, open_plan, skip_stale=request.skip_stale)


def _job(
    machine: "Adapters",
    request: ApplyRequest,
    options: PlanOptions,
    on: tuple[ApprovedPlan, LoadedState],
) -> "ApplyJob":
    from reconciler.apply.run_context import Settings
    from reconciler.operations.run import ApplyJob
    from reconciler.plan.selection import excluding

    approved, ground = on
    return ApplyJob(
        machine=machine,
        plan=approved.plan,
        ground=ground,
        selection=excluding(options.selection, approved.put_off),
        rest_of=approved.rest_of,
        settings=Settings(
            concurrency=machine.concurrency,
            window=request.absence_window,
            accept_missing=frozenset(options.accept_missing),
            prune=request.prune,
        ),
    )


def _run(
    job: "ApplyJob", request: ApplyRequest, listener: ApplyListener, stale: tuple[str, ...]
) -> ApplyReport:
    from reconciler.operations.ledger import recording

    reviewed = request.reviewed.plan_id if request.reviewed is not None else job.plan.id
    with (
        recording(job.machine, request.ledger, plan_id=reviewed) as record,
        listener.running(job.plan) as listen,
    ):
        outcome = asyncio.run(_interruptible(job, listener, record.listener(listen)))
    return ApplyReport(plan=job.plan, outcome=outcome, stale=stale, ledger=record.report)


async def _interruptible(job: "ApplyJob", listener: ApplyListener, listen: "Listener") -> "Report":
    from reconciler.apply.run_context import Stop
    from reconciler.operations.run import carry_out

    stop = Stop()
    with job.machine.reaper() as keeper:
        listener.started(stop, keeper)
        return await carry_out(job, listen, stop, keeper)
