"""An apply on real parts: the sandbox on a socket, files in a folder, the adapters of the tool."""

import asyncio
import secrets
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest

from reconciler.apply import engine
from reconciler.apply.events import Event, Report
from reconciler.apply.run_context import Ports, Run, Settings, Stop
from reconciler.bootstrap import SystemClock
from reconciler.credentials.references import EnvRef
from reconciler.credentials.resolver import LocalCredentials
from reconciler.domo.client import DomoHttp
from reconciler.model.address import Address
from reconciler.model.auth import Auth, PasswordAuth, TokenAuth
from reconciler.model.client import DesiredClient
from reconciler.model.instance import Endpoints, Instance
from reconciler.model.manifest import Manifest, Rollout
from reconciler.model.sink import SinkDefinition
from reconciler.model.source_location import SourceLocation
from reconciler.plan.action import Action, Kind, Plan
from reconciler.ports import Sealing
from reconciler.sinks.definitions import FileSink
from reconciler.sinks.registry import LocalSinks
from reconciler.state.journal_records import Header
from reconciler.state.model import Entry, State
from reconciler.state.working_state import WorkingState
from reconciler.stores.encryption import PlainSealing
from reconciler.stores.local import LocalStore
from reconciler.system.process_reaper import ProcessReaper

if TYPE_CHECKING:
    from reconciler.sandbox.running_sandbox import Running

PLACE = SourceLocation("reconciler.yaml", 1, 1)
PASSWORD = PasswordAuth(email="ops@i.example", password=EnvRef(name="PW"))
TOKEN = TokenAuth(token=EnvRef(name="TOKEN"))


@dataclass(kw_only=True)
class Workshop:
    """One folder, one sandbox, and as many applies as a test wants."""

    root: Path
    served: "Running"
    auth: Auth = PASSWORD
    sealing: Sealing = field(default_factory=PlainSealing)
    sinks: dict[str, SinkDefinition] = field(
        default_factory=lambda: {"files": FileSink(name="files", path="{instance}-{client_slug}")}
    )
    settings: Settings = field(default_factory=lambda: Settings(window=0.3))
    rollout: Rollout | None = None
    environ: dict[str, str] = field(default_factory=lambda: {"PW": "right", "TOKEN": "dp-1"})
    events: list[Event] = field(default_factory=list)
    mark: bool = True
    keeper: ProcessReaper = field(default_factory=ProcessReaper)
    as_of: str = "2026-01-01T00:00:00Z"

    @property
    def store(self) -> LocalStore:
        """Return the store in the folder."""
        return LocalStore(self.root / "state.json")

    @property
    def clients(self) -> dict[Address, Entry]:
        """Return what the state file says."""
        state = self.store.read()
        assert state is not None
        return dict(state.clients)

    @property
    def journals(self) -> list[Path]:
        """Return the journals that lie beside the state."""
        return sorted(self.root.glob("*.journal"))

    def names(self, domain: str = "i1.domo.com") -> list[str]:
        """Return the names of the clients that an instance has."""
        return sorted(client.name for client in self.served.clients(domain))

    def secret(self, name: str, domain: str = "i1.domo.com") -> str:
        """Return the secret that Domo knows of a client."""
        return next(c.client_secret for c in self.served.clients(domain) if c.name == name)

    def desired(self, *clients: DesiredClient) -> Manifest:
        """Return a manifest of two instances with these clients."""
        endpoints = {
            key: Endpoints(api=self.served.api, instance=self.served.instance(f"{key}.domo.com"))
            for key in ("i1", "i2", "i3")
        }
        instances = {
            key: Instance(
                key=key, domain=f"{key}.domo.com", endpoints=each, place=PLACE, auth=self.auth
            )
            for key, each in endpoints.items()
        }
        return Manifest(
            root=str(self.root),
            state_path="state.json",
            mark=self.mark,
            sinks=self.sinks,
            rollout=self.rollout,
            instances=instances,
            clients={each.address: each for each in clients},
        )

    def apply(
        self,
        desired: Manifest,
        *actions: Action,
        stop_at: str | None = None,
        stop_after: float | None = None,
    ) -> Report:
        """Carry actions out over what the folder holds; interrupted at an event or after a time."""
        with self.keeper:
            return asyncio.run(self._apply(desired, actions, stop_at, stop_after))

    async def _apply(
        self,
        desired: Manifest,
        actions: Sequence[Action],
        stop_at: str | None,
        stop_after: float | None,
    ) -> Report:
        store = self.store
        base = store.read()
        if base is None:
            base = State(lineage=str(uuid.uuid4()), serial=1)
            store.write(base, replacing=None)
        left = store.journals(base.lineage)
        working = WorkingState.of(base)
        for journal in left:
            for record in journal.records:
                working.apply(record)
        header = Header(
            run=secrets.token_hex(4),
            lineage=base.lineage,
            serial=base.serial,
            plan_id="p",
            at="2026-01-01T00:00:00Z",
        )
        clock, stop = SystemClock(), Stop()
        if stop_after is not None:
            asyncio.get_running_loop().call_later(stop_after, stop.request)

        def listen(event: Event) -> None:
            self.events.append(event)
            if type(event).__name__ == stop_at:
                stop.request()

        keep = store.error_log("20260131T080000-0123abcd").keep
        async with DomoHttp(clock=clock, rng=Random(1), stopped=lambda: stop.requested) as domo:
            run = Run(
                desired=desired,
                plan=Plan(id="p", as_of=self.as_of, actions=tuple(actions)),
                ports=Ports(
                    domo=domo,
                    credentials=LocalCredentials(
                        self.root, self.environ, frozenset(), keeper=self.keeper, keep=keep
                    ),
                    sinks=LocalSinks(
                        self.root, self.environ, frozenset(), keeper=self.keeper, keep=keep
                    ),
                    sealing=self.sealing,
                    store=store,
                    clock=clock,
                    nonce=lambda: secrets.token_hex(4),
                ),
                settings=self.settings,
                working=working,
                base=base,
                header=header,
                journal=store.journal(header),
                listen=listen,
                stop=stop,
            )
            return await engine.carry_out(run, left)


def wanted(name: str, instance: str = "i1", **changes: object) -> DesiredClient:
    """Return a client that a manifest wants, delivered to a file."""
    client = DesiredClient(
        address=Address(instance, name), scope=("data",), sinks=("files",), place=PLACE
    )
    return replace(client, **changes)  # type: ignore[arg-type]  # a test's own keywords


def action(kind: Kind, client: DesiredClient, **changes: object) -> Action:
    """Return an action on a client."""
    made = Action(
        kind=kind,
        address=client.address,
        live_name=client.address.client,
        scope=client.scope,
        sinks=client.sinks,
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # a test's own keywords


@pytest.fixture
def make_client() -> Callable[..., DesiredClient]:
    """Return `wanted`."""
    return wanted


@pytest.fixture
def make_action() -> Callable[..., Action]:
    """Return `action`."""
    return action


@pytest.fixture
def workshop(tmp_path: Path, sandbox: Callable[..., "Running"]) -> Callable[..., Workshop]:
    """Return a function that makes a workshop; its keywords are rules of the sandbox."""

    def make(*, admin: bool = True, latency: float | None = None, **rules: object) -> Workshop:
        instance = {
            "users": [{"email": "ops@i.example", "password": "right", "admin": admin}],
            "tokens": {"dp-1": "ops@i.example"},
            **rules,
        }
        config = {"seed": 1, "instances": {f"i{n}.domo.com": instance for n in (1, 2, 3)}}
        return Workshop(root=tmp_path, served=sandbox(config, latency=latency))

    return make
