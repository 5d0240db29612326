"""A small fleet, as wanted and as known, that each test changes in one place."""

from dataclasses import dataclass, field, replace
from typing import Any, Final

import pytest

from reconciler.credentials.references import EnvRef
from reconciler.model.address import Address
from reconciler.model.auth import PasswordAuth
from reconciler.model.client import DesiredClient, ListedClient
from reconciler.model.instance import Endpoints, Instance
from reconciler.model.manifest import Manifest
from reconciler.model.ownership_mark import Mark, with_mark
from reconciler.model.source_location import SourceLocation
from reconciler.plan.action import Action, Kind, Plan
from reconciler.plan.observation import InstanceListed, Observation
from reconciler.plan.planner import make_plan
from reconciler.sinks.definitions import ExecSink, FileSink
from reconciler.state.model import Entry, Retiring, SinkDelivery, State

AS_OF: Final = "2026-03-01T00:00:00Z"
MADE: Final = "2026-01-01T00:00:00Z"
LINEAGE: Final = "3f0c3b8e-58a5-4bd6-9d0c-3d7c6d1a1a01"
FILE: Final = "reconciler.yaml"


@dataclass(slots=True)
class Fleet:
    """What is wanted and what is known; the methods add to either."""

    instances: dict[str, Instance] = field(default_factory=dict)
    wanted: dict[Address, DesiredClient] = field(default_factory=dict)
    known: dict[Address, Entry] = field(default_factory=dict)
    terms: dict[str, Any] = field(default_factory=dict)
    """Other fields of `Manifest`, such as `limits`."""

    def instance(self, key: str, **terms: Any) -> None:
        """Put an instance into the manifest."""
        domain = terms.pop("domain", f"{key}.domo.com")
        values: dict[str, Any] = {
            "key": key,
            "domain": domain,
            "endpoints": Endpoints(api="https://api.domo.com", instance=f"https://{domain}"),
            "place": SourceLocation(FILE, 1, 1),
            "auth": PasswordAuth(email="ops@acme.example", password=EnvRef(name="PASSWORD")),
        }
        self.instances[key] = Instance(**{**values, **terms})

    def want(self, text: str, *scope: str, **terms: Any) -> DesiredClient:
        """Put a client into the manifest, with its instance; `scope` is `data` by default."""
        address = Address.parse(text)
        if address.instance not in self.instances:
            self.instance(address.instance)
        values: dict[str, Any] = {
            "address": address,
            "scope": scope or ("data",),
            "sinks": ("files",),
            "place": SourceLocation(FILE, 10 + len(self.wanted), 9),
        }
        self.wanted[address] = DesiredClient(**{**values, **terms})
        return self.wanted[address]

    def know(self, text: str, *scope: str, **terms: Any) -> Entry:
        """Put a delivered client into the state."""
        address = Address.parse(text)
        target = f"json file secrets/{address.instance}/{address.client.lower()}.json"
        values: dict[str, Any] = {
            "domain": f"{address.instance}.domo.com",
            "live_name": address.client,
            "client_id": f"id-{address.client.lower()}",
            "id": 1000 + len(self.known),
            "owner": 7,
            "scope": scope or ("data",),
            "created_at": MADE,
            "sinks": ("files",),
            "nonce": "0a0b0c0d",
            "delivered": {"files": SinkDelivery(target=target, at=MADE)},
        }
        self.known[address] = Entry(**{**values, **terms})
        return self.known[address]

    def both(self, text: str, *scope: str, **terms: Any) -> None:
        """Put a client into the manifest and, as it is wanted, into the state."""
        self.want(text, *scope)
        self.know(text, *scope, **terms)

    @property
    def desired(self) -> Manifest:
        """Return the manifest."""
        values: dict[str, Any] = {
            "root": ".",
            "sinks": {
                "files": FileSink(name="files", path="secrets/{instance}/{client_slug}.json"),
                "vault": ExecSink(name="vault", command=("./put.sh", "{client}")),
            },
            "instances": self.instances,
            "clients": self.wanted,
        }
        return Manifest(**{**values, **self.terms})

    @property
    def state(self) -> State:
        """Return the state."""
        return State(lineage=LINEAGE, serial=3, clients=self.known)

    def plan(self, **terms: Any) -> Plan:
        """Return the plan; without a known client there is no state yet."""
        state = terms.pop("state", self.state if self.known else None)
        return make_plan(self.desired, state, **{"as_of": AS_OF, **terms})

    def only(self, **terms: Any) -> Action:
        """Return the plan's only action."""
        (action,) = self.plan(**terms).actions
        return action

    def kinds(self, **terms: Any) -> list[tuple[Kind, str]]:
        """Return each action's kind and live name, in order."""
        return [(each.kind, each.live_name) for each in self.plan(**terms).actions]

    def codes(self, **terms: Any) -> tuple[list[str], list[str]]:
        """Return the codes of the plan's notices and problems."""
        plan = self.plan(**terms)
        return [each.code for each in plan.notices], [each.code for each in plan.problems]


@pytest.fixture
def fleet() -> Fleet:
    """Return a fleet without an instance."""
    return Fleet()


@dataclass(slots=True)
class Lists:
    """What instances list; the user owns what is listed unless a test says otherwise."""

    seen: dict[str, list[ListedClient]] = field(default_factory=dict)
    proves: frozenset[int | None] = frozenset({7})

    def show(self, text: str, *scope: str, **terms: Any) -> ListedClient:
        """Let an instance list a client; `ours` marks it as this state's."""
        address = Address.parse(text)
        nonce = terms.pop("nonce", "0e0f0e0f")
        mark = Mark.of(lineage=LINEAGE, domain=f"{address.instance}.domo.com", nonce=nonce)
        ours, before = terms.get("ours", False), len(self.seen.get(address.instance, ()))
        values: dict[str, Any] = {
            "id": 1500 + before if ours or before else 1000,
            "name": address.client,
            "description": with_mark("", mark if terms.pop("ours", False) else None),
            "client_id": f"id-{address.client.lower()}",
            "owner": 7,
            "scope": scope or ("data",),
        }
        listed = ListedClient(**{**values, **terms})
        self.seen.setdefault(address.instance, []).append(listed)
        return listed

    def empty(self, instance: str) -> "Lists":
        """Let an instance list nothing."""
        self.seen[instance] = []
        return self

    @property
    def observation(self) -> Observation:
        """Return the answers of a refresh."""
        return Observation(
            instances={
                key: InstanceListed(clients=tuple(clients), proves=self.proves)
                for key, clients in self.seen.items()
            }
        )


@pytest.fixture
def lists() -> Lists:
    """Return the lists of instances that were not asked yet."""
    return Lists()


@pytest.fixture
def predecessor() -> Retiring:
    """Return a client that `Reporting (2)` succeeded."""
    return Retiring(
        live_name="Reporting", client_id="id-old", id=900, owner=7, scope=("data",), overlap=0.0
    )


@pytest.fixture
def overlapping(predecessor: Retiring) -> Retiring:
    """Return one that lives on for a day after the delivery of its successor."""
    return replace(predecessor, overlap=86400.0)
