"""The engine of an apply: process many instances concurrently, then write the state."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace

from reconciler.apply.events import ROLLOUT, Cause, Report, RunStarted, WaveStarted
from reconciler.apply.instance_result import InstanceResult
from reconciler.apply.instance_worker import work
from reconciler.apply.leftovers import sweep
from reconciler.apply.rollout import Wave, waves
from reconciler.apply.run_context import Run
from reconciler.model.client import DesiredClient
from reconciler.model.errors import ReconcilerError
from reconciler.model.manifest import Manifest
from reconciler.model.sink import STATE, SinkTarget
from reconciler.model.strings import plural
from reconciler.plan.action import Action, Kind, Plan
from reconciler.plan.staleness import remaining_plan
from reconciler.ports import LeftoverJournal
from reconciler.state.model import Entry, SinkDelivery
from reconciler.state.working_state import drop_unneeded_secret


async def carry_out(run: Run, left: Sequence[LeftoverJournal]) -> Report:
    """Carry out the plan and return the report.

    `left` are the journals of earlier runs, whose records `run.working` has applied already; they
    are removed once this run's journal and the state contain all of them. The sinks in use
    (`sink_targets`) have been probed.

    Raises:
        StateUnwritable: the journal cannot be created; nothing was sent.

    """
    began = run.ports.clock.monotonic()
    update_lifecycle_settings(run)
    seal_plain(run)
    results = _results(run)
    actions = sum(len(each.actions) for each in results.values())
    run.emit(RunStarted(plan_id=run.plan.id, instances=len(results), actions=actions))
    stopper = asyncio.create_task(run.stop.wait())
    parts = waves(list(results), run.desired.rollout, order=_order(run))
    failures = 0
    for number, wave in enumerate(parts, start=1):
        if not run.may_start:
            break
        if len(parts) > 1:
            run.emit(WaveStarted(number=number, waves=len(parts), instances=len(wave.keys)))
        failures += await _wave(run, wave, results, stopper, failures)
        if wave.allowed is not None and failures > wave.allowed:
            run.halt(_too_many(failures, wave.allowed))
    stopper.cancel()
    _close_plan(run, results.values())
    # The next state omits the removed files; after a crash in between the next run omits them.
    files = await sweep(run)
    lost = await _keep(run, left)
    report = replace(_report(run, results.values(), lost), files=files)
    run.emit(report.event)
    return replace(report, seconds=run.ports.clock.monotonic() - began)


def update_lifecycle_settings(run: Run) -> None:
    """Store the lifecycle settings of the manifest for clients that are not created again."""
    renewed = {each.address for each in run.plan.actions if each.kind.makes}
    for address, wanted in run.desired.clients.items():
        entry = run.entry(address)
        if entry is None or address in renewed or not run.selected(address):
            continue
        updated = _with_terms(entry, wanted)
        if updated != entry:
            run.working.entry(address, updated)


def _with_terms(entry: Entry, wanted: DesiredClient) -> Entry:
    delivered = entry.delivered
    if STATE in wanted.sinks and STATE not in delivered and entry.secret is not None:
        delivered = {**delivered, STATE: SinkDelivery(target=STATE, at=entry.created_at)}
    return drop_unneeded_secret(
        replace(
            entry,
            sinks=wanted.sinks,
            delivered=delivered,
            protect=wanted.protect,
            on_remove=wanted.on_remove,
            overlap=wanted.overlap,
        )
    )


def seal_plain(run: Run) -> None:
    """Seal what was kept in plain before the manifest asked for encryption.

    This run may still deliver those secrets; what it does not deliver is sealed from then on.
    """
    if not run.desired.recipients:
        return
    sealing = run.ports.sealing
    run.secrets.update(
        run.working.seal(lambda client_id, secret: sealing.keep(client_id=client_id, secret=secret))
    )


def sink_targets(desired: Manifest, plan: Plan) -> list[SinkTarget]:
    """Return every sink target that the plan's actions deliver to."""
    found: list[SinkTarget] = []
    for action in plan.actions:
        if action.kind.makes or action.kind is Kind.DELIVER:
            targets = desired.targets_of(action.address, desired.clients[action.address].sinks)
            found.extend(each for each in targets if each.sink != STATE)
    return found


def _results(run: Run) -> dict[str, InstanceResult]:
    grouped: dict[str, list[Action]] = {}
    for action in run.plan.actions:
        grouped.setdefault(action.address.instance, []).append(action)
    for made in run.working.orphans.values():
        grouped.setdefault(made.intent.address.instance, [])
    for intent in run.working.open.values():
        if run.selected(intent.address):
            grouped.setdefault(intent.address.instance, [])
    for key in run.unidentified():
        grouped.setdefault(key, [])
    return {key: InstanceResult(run, key, grouped[key]) for key in sorted(grouped)}


async def _wave(
    run: Run, wave: Wave, results: dict[str, InstanceResult], stopper: asyncio.Task[None], used: int
) -> int:
    """Process the instances of a wave concurrently; return how many failed."""
    waiting = [results[key] for key in reversed(wave.keys)]
    failed = 0

    async def worker() -> None:
        nonlocal failed
        while waiting and run.may_start:
            if wave.allowed is not None and failed + used > wave.allowed:
                return
            result = waiting.pop()
            await work(run, result)
            failed += not result.ok

    workers = [
        asyncio.create_task(worker()) for _ in range(min(run.settings.concurrency, len(waiting)))
    ]
    everything = asyncio.create_task(_settle_all(workers))
    await asyncio.wait({everything, stopper}, return_when=asyncio.FIRST_COMPLETED)
    if not everything.done():
        await asyncio.wait({everything}, timeout=run.settings.grace)
        for each in workers:
            each.cancel()
        await asyncio.wait(workers)
    return failed


async def _settle_all(workers: Sequence[asyncio.Task[None]]) -> None:
    await asyncio.gather(*workers, return_exceptions=True)


def _order(run: Run) -> tuple[str, ...]:
    """Return the instances in the order of the plan that this run resumes."""
    return run.working.open_plan.order if run.working.open_plan is not None else ()


def _too_many(failed: int, allowed: int) -> Cause:
    return Cause(
        code=ROLLOUT,
        message=f"the rollout stopped: {plural(failed, 'instance')} failed, and {allowed} may",
        hint="fix the cause and apply again: completed actions stay done",
    )


def _close_plan(run: Run, results: Iterable[InstanceResult]) -> None:
    """Remove the completed actions from the open plan in the state."""
    earlier = run.working.open_plan
    if earlier is None:
        return
    undone = {action.address for each in results for action in each.undone}
    untouched = {each.address for each in earlier.actions if not run.selected(each.address)}
    left = remaining_plan(earlier, undone=undone, untouched=untouched)
    if left != earlier:
        run.working.open_plan = left
        run.working.changed = True


async def _keep(run: Run, left: Sequence[LeftoverJournal]) -> Cause | None:
    """Write the state, then remove its records from the journals; return why if that failed.

    The order matters. The state is written even if the journal cannot be. Records that only old
    journals have become durable in this run's journal before the old ones are removed. The records
    that the state contains are removed from this run's journal last.
    """
    try:
        if run.working.changed:
            state = run.working.state(serial=run.base.serial + 1)
            run.ports.store.write(state, replacing=run.base)
            run.written = state.serial
        if left:
            await run.journal.append(*run.working.unrecorded())
        run.ports.store.discard(left)
        run.journal.close(tuple(run.working.unrecorded()))
    except ReconcilerError as error:
        return Cause(code=error.code, message=error.message, hint=error.hint)
    return None


def _report(run: Run, results: Iterable[InstanceResult], lost: Cause | None) -> Report:
    every = tuple(results)
    return Report(
        done=tuple(action for each in every for action in each.done),
        failed=tuple(failed for each in every for failed in each.failed),
        under_way=tuple(action for each in every for action in each.under_way),
        skipped=tuple(action for each in every for action in each.skipped),
        unresolved=tuple(found for each in every for found in each.unresolved),
        instances_failed=tuple(each.failure for each in every if each.failure is not None),
        stopped=run.stop.requested,
        halted=run.halted,
        notes=tuple((message, address) for (address, _), message in sorted(run.notes.items())),
        unrecorded=lost,
        serial=run.written,
    )
