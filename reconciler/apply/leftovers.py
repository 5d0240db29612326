"""Secret files that no delivery refers to: listed at the end of a run, or removed."""

from collections.abc import Iterator

from reconciler.apply.events import Remnant
from reconciler.apply.run_context import Run
from reconciler.model.leftover import Fate, Leftover
from reconciler.model.sink import recorded_file


async def sweep(run: Run) -> tuple[Remnant, ...]:
    """Check the leftovers of this run and of earlier ones, and return what happened to them.

    A file is removed only if the user asked for it and its client is recorded as revoked. The file
    of a client that still works is listed, because a consumer may read it. A file that is gone or
    that another program has overwritten is forgotten.
    """
    prune = run.settings.prune and run.may_start
    working = {entry.client_id for entry in run.working.clients.values()}
    # A predecessor's file is in use until its successor is delivered, over it or elsewhere.
    orphans = (each.created.client_id for each in run.working.orphans.values())
    known = {*_predecessors(run), *run.working.made, *orphans}
    leftovers = [e for e in run.working.leftovers.values() if e.client_id not in known - working]
    asked = [(each, prune and each.client_id not in working) for each in leftovers]
    fates = await run.ports.sinks.sweep(asked)
    found: list[Remnant] = []
    for leftover, fate in zip(leftovers, fates, strict=True):
        if fate in (Fate.ABSENT, Fate.FOREIGN, Fate.REMOVED):
            run.working.drop_leftover(leftover)
        if fate not in (Fate.ABSENT, Fate.FOREIGN):
            found.append(_remnant(leftover, fate, works=leftover.client_id in working))
    return tuple(sorted(found, key=lambda each: each.path))


def _predecessors(run: Run) -> Iterator[str]:
    for entry in run.working.clients.values():
        yield from (old.client_id for old in entry.retiring)


def _remnant(leftover: Leftover, fate: Fate, *, works: bool) -> Remnant:
    file = recorded_file(leftover.target)
    path = file[1] if file is not None else leftover.target
    return Remnant(path=path, client_id=leftover.client_id, fate=fate, works=works)
