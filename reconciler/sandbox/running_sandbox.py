"""A sandbox that serves, as its own process holds it: what it is asked, and what is done to it."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.sandbox.config_loader import shaped
from reconciler.sandbox.control import requests_of, state_of
from reconciler.sandbox.entities import Client
from reconciler.sandbox.faults import Fault
from reconciler.sandbox.server_state import Placement, SandboxState


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A sandbox that serves; `world` may be changed through the methods here while it does."""

    url: str
    world: SandboxState
    lock: threading.Lock

    @property
    def api(self) -> str:
        """Return what stands in a manifest as `endpoints.api`."""
        return f"{self.url}/api"

    @property
    def instance_template(self) -> str:
        """Return what stands in a manifest as `endpoints.instance`."""
        return f"{self.url}/instances/{{domain}}"

    def instance(self, domain: str) -> str:
        """Return the base URL of one instance."""
        return f"{self.url}/instances/{domain}"

    def fault(self, what: str, **values: Any) -> None:
        """Put a fault in force; the keys are those of `Fault`.

        Raises:
            ValueError: saying what is wrong.

        """
        with self.lock:
            self.world.faults.add(shaped(Fault, {"what": what, **values}, "fault"))

    def heal(self) -> None:
        """Take every fault back."""
        with self.lock:
            self.world.faults.clear()

    def add_client(self, domain: str, name: str, **values: Any) -> Client:
        """Let somebody else make a client; `scope` is `["data"]` unless given.

        Raises:
            ValueError: saying what is wrong.

        """
        given = {"name": name, "scope": ["data"], **values}
        with self.lock:
            placement = shaped(Placement, given, "client")
            return self.world.place(placement, domain, by="control", now=time.time())

    def remove_client(self, domain: str, name: str) -> None:
        """Let somebody else revoke a client.

        Raises:
            ValueError: it is not there.

        """
        with self.lock:
            instance = self.world.known(domain)
            client = instance.named(name)
            if client is None:
                raise ValueError(f"{domain}: no client `{name}`")
            self.world.remove(instance, client.id, by="control", now=time.time())

    def configure(self, domain: str, **changes: Any) -> None:
        """Change an instance's rules, users, cookies or tokens, or `end_sessions=True`.

        Raises:
            ValueError: saying what is wrong.

        """
        with self.lock:
            self.world.configure(self.world.known(domain), changes)

    def clients(self, domain: str) -> tuple[Client, ...]:
        """Return the clients of an instance, oldest first."""
        with self.lock:
            return tuple(self.world.known(domain).clients.values())

    def revoked(self, domain: str) -> tuple[Client, ...]:
        """Return the clients that an instance had, in the order in which they ended."""
        with self.lock:
            return tuple(each.client for each in self.world.known(domain).revoked)

    def state(self, domain: str | None = None) -> Mapping[str, Any]:
        """Return what `GET /control/state` shows."""
        with self.lock:
            return state_of(self.world, domain)

    def requests(self, *, route: str = "*", instance: str = "*") -> list[dict[str, Any]]:
        """Return the log's entries whose route and instance match the globs."""
        with self.lock:
            return requests_of(self.world, route=route, instance=instance)

    def count(self, *, route: str = "*", instance: str = "*") -> int:
        """Return how many requests of the log match the globs."""
        return len(self.requests(route=route, instance=instance))
