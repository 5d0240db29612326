"""The handle of a running sandbox in the same process: queries and changes."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.documents.schema import validate
from reconciler.sandbox.control import requests_of, state_of
from reconciler.sandbox.entities import Client
from reconciler.sandbox.faults import Fault
from reconciler.sandbox.server_state import Placement, SandboxState


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A running sandbox; the methods change `world` safely while it serves."""

    url: str
    world: SandboxState
    lock: threading.Lock

    @property
    def api(self) -> str:
        """Return the value for `endpoints.api` in a manifest."""
        return f"{self.url}/api"

    @property
    def instance_template(self) -> str:
        """Return the value for `endpoints.instance` in a manifest."""
        return f"{self.url}/instances/{{domain}}"

    def instance(self, domain: str) -> str:
        """Return the base URL of one instance."""
        return f"{self.url}/instances/{domain}"

    def fault(self, what: str, **values: Any) -> None:
        """Add a fault; the keys are those of `Fault`.

        Raises:
            ValueError: with a description of the mistake.

        """
        given = {"what": what, **values}
        validate(given, "sandbox", "fault")
        with self.lock:
            self.world.faults.add(Fault(**given))

    def clear_faults(self) -> None:
        """Remove all faults."""
        with self.lock:
            self.world.faults.clear()

    def add_client(self, domain: str, name: str, **values: Any) -> Client:
        """Create a client as another user; the default of `scope` is `["data"]`.

        Raises:
            ValueError: with a description of the mistake.

        """
        given = {"name": name, "scope": ["data"], **values}
        validate(given, "sandbox", "client")
        with self.lock:
            return self.world.add_client(Placement(**given), domain, by="control", now=time.time())

    def remove_client(self, domain: str, name: str) -> None:
        """Revoke a client as another user.

        Raises:
            ValueError: there is no such client.

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
            ValueError: with a description of the mistake.

        """
        with self.lock:
            self.world.configure(self.world.known(domain), changes)

    def clients(self, domain: str) -> tuple[Client, ...]:
        """Return the clients of an instance, oldest first."""
        with self.lock:
            return tuple(self.world.known(domain).clients.values())

    def revoked(self, domain: str) -> tuple[Client, ...]:
        """Return the revoked clients of an instance, in the order of their revocation."""
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
