"""A world without a socket, and the requests that a right client sends."""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from reconciler.sandbox.fault_responses import Sending, Whole
from reconciler.sandbox.handler import exchange
from reconciler.sandbox.http_types import Request, Response
from reconciler.sandbox.server_state import SandboxState

DOMAIN = "acme.domo.com"
NOON = 1_750_000_000.0


@dataclass(slots=True)
class Desk:
    """A world, a clock that stands still until it is set, and a client that does things right."""

    world: SandboxState
    now: float = NOON

    def send(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        document: Any = None,
        query: Mapping[str, str] | None = None,
    ) -> Sending:
        """Send one request, with a JSON body where there is a document."""
        typed = {} if document is None else {"content-type": "application/json"}
        request = Request(
            method=method,
            path=path,
            query=query or {},
            headers={**typed, **(headers or {})},
            body=b"" if document is None else json.dumps(document).encode(),
        )
        return exchange(self.world, request, self.now)

    def ask(self, method: str, path: str, **kwargs: Any) -> Response:
        """Send one request that gets a whole answer."""
        sending = self.send(method, path, **kwargs)
        assert isinstance(sending, Whole)
        return sending.response

    def sign_on(
        self,
        email: str = "ops@acme.example",
        password: str = "right",
        *,
        origin: str = f"https://{DOMAIN}",
        domain: str = DOMAIN,
    ) -> Response:
        """Sign on directly."""
        return self.ask(
            "POST",
            f"/instances/{domain}/api/content/v2/authentication",
            headers={"origin": origin},
            document={"method": "password", "emailAddress": email, "password": password},
        )

    def session(self, email: str = "ops@acme.example") -> dict[str, str]:
        """Sign on; return the headers of a session."""
        token = json.loads(self.sign_on(email).body)["sessionToken"]
        return {"x-domo-authentication": token, "x-domo-customerdomain": DOMAIN}

    def create(self, headers: Mapping[str, str], name: str = "ETL", **body: Any) -> Response:
        """Create through the API host."""
        document = {"name": name, "scope": ["data"], **body}
        return self.ask("POST", "/api/clients", headers=headers, document=document)

    def create_on_instance(self, headers: Mapping[str, str], name: str, **body: Any) -> Response:
        """Create through the instance."""
        document = {"name": name, "scopes": ["data"], **body}
        return self.ask("POST", tokens_path(), headers=headers, document=document)

    def list(self, headers: Mapping[str, str]) -> Any:
        """Return what a list shows."""
        return json.loads(self.ask("GET", tokens_path(), headers=headers).body)

    def sign_in(self, client_id: str, secret: str, **query: str) -> Response:
        """Use a client."""
        pair = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
        return self.ask(
            "GET",
            "/api/oauth/token",
            headers={"authorization": f"Basic {pair}"},
            query={"grant_type": "client_credentials", **query},
        )


def tokens_path(number: int | str | None = None) -> str:
    """Return the path of the instance's clients, or of one."""
    base = f"/instances/{DOMAIN}/api/identity/v1/developer-tokens"
    return base if number is None else f"{base}/{number}"


@pytest.fixture
def desk() -> Callable[..., Desk]:
    """Return a function that makes a world with an administrator and a plain user on one instance.

    Keyword arguments are rules of the instance; a second one, other.domo.com, is there, too.
    """

    def make(**rules: Any) -> Desk:
        users = [
            {"email": "ops@acme.example", "password": "right", "id": 1},
            {"email": "joe@acme.example", "password": "right", "admin": False, "id": 2},
        ]
        acme = {
            "users": users,
            "cookies": {"biscuit": "ops@acme.example"},
            "tokens": {"key": "ops@acme.example", "joes-key": "joe@acme.example"},
            **rules,
        }
        other = {"users": [{"email": "ops@acme.example", "password": "right", "id": 3}]}
        config = {"seed": 7, "instances": {DOMAIN: acme, "other.domo.com": other}}
        return Desk(SandboxState.from_config(config))

    return make
