"""Starts a run: makes the plan durable in the state, and gives the engine its ports."""

import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reconciler.apply.events import Listener, Report
from reconciler.apply.run_context import Ports, Run, Settings, Stop
from reconciler.model.timestamps import format_utc
from reconciler.operations.workspace import LoadedState
from reconciler.state.journal_records import Header
from reconciler.state.model import State
from reconciler.state.working_state import WorkingState

if TYPE_CHECKING:
    from reconciler.model.address import Address
    from reconciler.model.manifest import Manifest
    from reconciler.operations.adapters import Adapters
    from reconciler.plan.action import Plan
    from reconciler.plan.selection import Selection
    from reconciler.ports import StateStore
    from reconciler.state.model import OpenPlan
    from reconciler.system.process_reaper import ProcessReaper


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyJob:
    """An approved plan, and everything that is needed to apply it.

    `rest_of` is the open plan that `plan` continues, None if it continues the one in the state or
    is a plan of its own.
    """

    machine: "Adapters"
    plan: "Plan"
    ground: LoadedState
    selection: "Selection | None"
    settings: Settings
    rest_of: "OpenPlan | None" = None

    @property
    def desired(self) -> "Manifest":
        """Return what is wanted."""
        return self.machine.desired

    @property
    def store(self) -> "StateStore":
        """Return the place of the state."""
        return self.machine.store


def begin(job: ApplyJob) -> tuple[State, WorkingState]:
    """Return the state and what is known, with the plan that is about to be applied open in it.

    Both the lineage and the open plan are durable before a journal or an ownership mark says them.

    Raises:
        StateRefused: another run wrote a state in between.
        StateUnwritable: the disk does not take it.

    """
    ground, working = job.ground, job.ground.working
    before = ground.state
    if before is None:
        lineage = working.lineage if working else str(uuid.uuid4())
        before = State(lineage=lineage)
    open_plan = _open_plan(job, before.open_plan)
    if ground.state is None or open_plan != before.open_plan:
        state = replace(before, serial=before.serial + 1, open_plan=open_plan)
        job.store.write(state, replacing=ground.state)
        before = state
    working = working or WorkingState.of(before)
    working.open_plan = before.open_plan
    return before, working


def _open_plan(job: ApplyJob, earlier: "OpenPlan | None") -> "OpenPlan | None":
    """Return the open plan that the job continues, or else the job's own."""
    from reconciler.plan.staleness import is_remainder_of, resumed, to_open_plan

    asked = _asked(job, earlier)
    if job.rest_of is not None:
        return resumed(job.desired, job.plan, job.rest_of, asked)
    if earlier is not None and (
        not job.plan.actions or is_remainder_of(job.desired, job.plan, earlier)
    ):
        return earlier
    return to_open_plan(job.desired, job.plan, asked)


def _asked(job: ApplyJob, earlier: "OpenPlan | None") -> "frozenset[Address]":
    """Return the addresses whose rotation a command asked for, now or in an earlier apply."""
    from reconciler.plan.moves import apply_moves
    from reconciler.plan.request import pending_rotations

    if job.ground.known is None:
        return frozenset()
    known, _ = apply_moves(job.ground.known, job.desired)
    wished = job.plan.wish
    now = wished.rotations(known) if wished is not None else frozenset()
    return now | pending_rotations(earlier, known.clients)


def take_moves(working: WorkingState, desired: "Manifest") -> None:
    """Give what is known the names that `moved:` in the manifest says, as the plan did."""
    from reconciler.plan.moves import apply_moves

    moved, notices = apply_moves(working.state(serial=working.serial), desired)
    if notices:
        working.clients = dict(moved.clients)
        working.changed = True


async def carry_out(job: ApplyJob, listen: Listener, stop: Stop, keeper: "ProcessReaper") -> Report:
    """Run the engine on this machine's adapters; its commands end with `keeper`.

    Raises:
        SinkFailed: a sink that is needed cannot take a secret; nothing was sent.
        StateRefused: the state was changed in between; nothing was sent.
        StateUnwritable: the state or its journal cannot be begun; nothing was sent.

    """
    from reconciler.apply import engine

    clock = job.machine.clock
    sinks = job.machine.sinks(keeper)
    # Before anything is written: a run that fails here has not begun.
    await sinks.probe(engine.sink_targets(job.desired, job.plan))
    state, working = begin(job)
    take_moves(working, job.desired)
    header = Header(
        run=job.machine.run,
        lineage=state.lineage,
        serial=state.serial,
        plan_id=working.open_plan.plan_id if working.open_plan else job.plan.id,
        at=format_utc(clock.now()),
    )
    async with job.machine.domo(lambda: stop.requested) as domo:
        run = Run(
            desired=job.desired,
            plan=job.plan,
            ports=Ports(
                domo=domo,
                credentials=job.machine.credentials(keeper),
                sinks=sinks,
                sealing=job.machine.sealing(job.ground.identities),
                store=job.store,
                clock=clock,
                nonce=job.machine.nonce,
            ),
            settings=job.settings,
            working=working,
            base=state,
            header=header,
            journal=job.store.journal(header),
            listen=listen,
            stop=stop,
            selection=job.selection,
        )
        return await engine.carry_out(run, job.ground.journals)
