"""A process that has imported everything once, and forks a child for each apply it is asked for.

Orders come as JSON lines on standard input, answers leave as JSON lines on standard output. A child
is the whole tool on real parts: files, locks, sockets. Only time is its own: it runs so many times
faster, and as many days later, as the test wants. The child kills itself with SIGKILL at the edge
whose number the order says: each call through a port counts twice, before it and after it. So a
kill is what it is in life: no handler runs, locks and sockets are the kernel's to clean up.
"""

import asyncio
import json
import os
import secrets
import signal
import sys
import time
import traceback
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Any, Final

from reconciler.apply import engine, refresh
from reconciler.apply.events import Event, Report
from reconciler.apply.run_context import Ports, Run, Settings, Stop
from reconciler.bootstrap import open_store, sealing_of
from reconciler.cli.machine import open_machine
from reconciler.cli.values import ConnectionOptions
from reconciler.cli.views.console import Console
from reconciler.credentials.resolver import LocalCredentials
from reconciler.domo.client import DomoHttp
from reconciler.model.address import Address
from reconciler.model.client import Delivery
from reconciler.model.errors import ReconcilerError
from reconciler.model.leftover import Fate, Leftover
from reconciler.model.sink import SinkTarget
from reconciler.model.timestamps import format_utc
from reconciler.operations.run import ApplyJob, begin
from reconciler.operations.workspace import ProjectPaths, load_manifest, load_state
from reconciler.plan.action import Plan
from reconciler.plan.planner import make_plan
from reconciler.ports import ReadBack, Session
from reconciler.sinks.registry import LocalSinks
from reconciler.state.journal_records import Header
from reconciler.system.process_reaper import ProcessReaper

IMPORTED_LATE: Final = ("reconciler.manifest.load", "reconciler.stores.journal_file", "uuid")
"""What the tool imports where it is used: here it is imported before the first fork."""

SPEED: Final = 40
"""How many seconds pass for the tool in one of the machine's."""


@dataclass(slots=True, kw_only=True)
class Edges:
    """Counts the calls through the ports, and dies at one of them.

    `busy` counts the sink commands that run: they would outlive the kill and finish at a moment of
    their own, so the kill waits for them.
    """

    fatal: int | None
    count: int = 0
    busy: int = 0

    def pass_by(self) -> None:
        """Count an edge; end here, at once and without a trace, if it is the fatal one."""
        self.count += 1
        if self.fatal is not None and self.count >= self.fatal and not self.busy:
            os.kill(os.getpid(), signal.SIGKILL)

    @contextmanager
    def around(self) -> Iterator[None]:
        """Count the edge before a call and the one after it."""
        self.pass_by()
        yield
        self.pass_by()


class FastClock:
    """The machine's time, faster and later."""

    def __init__(self, days: float) -> None:
        self._later = timedelta(days=days)

    def now(self) -> datetime:
        """Return the UTC instant, so many days later."""
        return datetime.now(UTC) + self._later

    def monotonic(self) -> float:
        """Return seconds that pass faster."""
        return time.monotonic() * SPEED

    async def sleep(self, seconds: float) -> None:
        """Let the faster seconds pass."""
        await asyncio.sleep(seconds / SPEED)


@dataclass(slots=True)
class Watched:
    """An object of which every call by one of these names is an edge."""

    inner: Any
    edges: Edges
    names: frozenset[str]
    journals: list[Any] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.inner, name)
        if name not in self.names:
            return found
        if asyncio.iscoroutinefunction(found):
            return self._awaited(found)
        return self._called(name, found)

    def _awaited(self, call: Any) -> Any:
        async def edge(*args: Any, **kwargs: Any) -> Any:
            with self.edges.around():
                return await call(*args, **kwargs)

        return edge

    def _called(self, name: str, call: Any) -> Any:
        def edge(*args: Any, **kwargs: Any) -> Any:
            with self.edges.around():
                made = call(*args, **kwargs)
            if name == "journal":
                return Watched(made, self.edges, frozenset({"append", "close"}))
            return made

        return edge


class WatchedDomo:
    """Sessions whose every call is an edge."""

    def __init__(self, inner: DomoHttp, edges: Edges) -> None:
        self._inner = inner
        self._edges = edges

    @asynccontextmanager
    async def session(self, instance: Any, credential: Any) -> AsyncIterator[Session]:
        """Sign on."""
        self._edges.pass_by()
        async with self._inner.session(instance, credential) as session:
            names = frozenset({"list_clients", "create", "revoke", "prove"})
            watched: Any = Watched(session, self._edges, names)
            yield watched


class WatchedSinks:
    """Sinks whose every delivery is an edge."""

    def __init__(self, inner: LocalSinks, edges: Edges) -> None:
        self._inner = inner
        self._edges = edges

    async def probe(self, targets: Any) -> None:
        """Probe."""
        await self._inner.probe(targets)

    async def deliver(self, target: SinkTarget, delivery: Delivery) -> None:
        """Deliver."""
        self._edges.pass_by()
        self._edges.busy += 1
        try:
            await self._inner.deliver(target, delivery)
        finally:
            self._edges.busy -= 1
        self._edges.pass_by()

    async def read(self, target: SinkTarget) -> ReadBack:
        """Read back."""
        return await self._inner.read(target)

    async def read_recorded(self, text: str) -> ReadBack:
        """Read back a file that was recorded."""
        return await self._inner.read_recorded(text)

    async def sweep(self, files: Sequence[tuple[Leftover, bool]]) -> Sequence[Fate]:
        """Sweep."""
        if files:
            self._edges.pass_by()
        return await self._inner.sweep(files)


def serve() -> None:
    """Answer orders until standard input ends."""
    for name in IMPORTED_LATE:
        import_module(name)
    for line in sys.stdin:
        order = json.loads(line)
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            os.close(reading)
            _be_the_child(order, writing)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            said = pipe.read()
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status)
        answer = {"killed": True} if killed else {"killed": False, **json.loads(said)}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _be_the_child(order: Mapping[str, Any], writing: int) -> None:
    try:
        answer = _ordered(order)
    except ReconcilerError as error:
        answer = {"refused": error.code, "message": error.message}
    except BaseException:  # noqa: BLE001 (the child ends here, whatever happened)
        answer = {"crash": traceback.format_exc()}
    os.write(writing, json.dumps(answer).encode())
    os._exit(0)


def _ordered(order: Mapping[str, Any]) -> dict[str, Any]:
    """Plan, and apply where the order says so, as the command does."""
    os.chdir(order["folder"])
    where = ProjectPaths(file="reconciler.yaml")
    desired = load_manifest(where)
    store = open_store(where, desired)
    clock = FastClock(order["days"])
    edges = Edges(fatal=order["kill"])
    with store.lock(purpose="apply", timeout=0):
        ground = load_state(store)
        observation = None
        missing = frozenset(order.get("accept_missing", ()))
        if order["refresh"]:
            observation = asyncio.run(_observed(desired, ground.known, clock))
        plan = make_plan(
            desired,
            ground.known,
            as_of=format_utc(clock.now()),
            available_secrets=ground.available_secrets,
            rotations=frozenset(Address(*each) for each in order["rotate"]),
            observation=observation,
            attempts=ground.attempts,
            accept_missing=missing,
        )
        answer = _planned(plan)
        if plan.problems or not order["apply"]:
            return answer
        watched: Any = Watched(store, edges, frozenset({"write", "discard", "journal"}))
        console = Console(stdout=sys.stdout, stderr=sys.stderr)
        job = ApplyJob(
            machine=open_machine(console, desired, watched, ConnectionOptions()),
            plan=plan,
            ground=ground,
            selection=None,
            settings=Settings(concurrency=1, accept_missing=missing),
        )
        return answer | _reported(asyncio.run(_applied(job, clock, edges)), edges)


def _keep(title: str, output: bytes) -> str:
    del title, output
    return ""


async def _observed(desired: Any, known: Any, clock: FastClock) -> Any:
    credentials = LocalCredentials(
        Path(desired.root), os.environ, frozenset(), keeper=ProcessReaper(), keep=_keep
    )
    async with DomoHttp(clock=clock, rng=Random(1)) as domo:
        keys = sorted(desired.instances)
        return await refresh.observe(
            desired, known, keys, domo=domo, credentials=credentials, concurrency=1
        )


async def _applied(job: ApplyJob, clock: FastClock, edges: Edges) -> Report:
    state, working = begin(job)
    root = Path(job.desired.root)
    header = Header(
        run=f"{clock.now():%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}",
        lineage=state.lineage,
        serial=state.serial,
        plan_id=job.plan.id,
        at=format_utc(clock.now()),
    )
    keeper = ProcessReaper()  # the end of this process ends it
    async with DomoHttp(clock=clock, rng=Random(1)) as domo:
        run = Run(
            desired=job.desired,
            plan=job.plan,
            ports=Ports(
                domo=WatchedDomo(domo, edges),
                credentials=LocalCredentials(
                    root, os.environ, frozenset(), keeper=keeper, keep=_keep
                ),
                sinks=WatchedSinks(
                    LocalSinks(root, os.environ, frozenset(), keeper=keeper, keep=_keep), edges
                ),
                sealing=sealing_of(job.desired),
                store=job.store,
                clock=clock,
                nonce=lambda: secrets.token_hex(4),
            ),
            settings=job.settings,
            working=working,
            base=state,
            header=header,
            journal=job.store.journal(header),
            listen=_nobody_listens,
            stop=Stop(),
        )
        return await engine.carry_out(run, job.ground.journals)


def _nobody_listens(event: Event) -> None:
    del event


def _planned(plan: Plan) -> dict[str, Any]:
    return {
        "planned": [[each.kind, str(each.address), each.reason] for each in plan.actions],
        "problems": [each.message for each in plan.problems],
        "notices": [[each.code, str(each.address)] for each in plan.notices],
    }


def _reported(report: Report, edges: Edges) -> dict[str, Any]:
    causes: Sequence[tuple[str, str, str]] = (
        *((each.instance, each.cause.code, each.cause.message) for each in report.instances_failed),
        *((str(e.action.address), e.cause.code, e.cause.message) for e in report.failed),
        *((str(each.address), each.cause.code, each.cause.message) for each in report.unresolved),
        *(("", each.code, each.message) for each in (report.halted, report.unrecorded) if each),
    )
    return {"complete": report.complete, "causes": causes, "edges": edges.count}


if __name__ == "__main__":
    serve()
