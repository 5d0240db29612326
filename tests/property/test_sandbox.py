"""Laws of the sandbox: it answers everything, and keeps its books whatever is asked of it."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reconciler.sandbox.fault_responses import status_of
from reconciler.sandbox.handler import exchange
from reconciler.sandbox.http_types import Request
from reconciler.sandbox.server_state import SandboxState

DOMAIN = "acme.domo.com"
LIST = f"/instances/{DOMAIN}/api/identity/v1/developer-tokens"
SIGN_ON = f"/instances/{DOMAIN}/api/content/v2/authentication"
CONFIG = {
    "seed": 7,
    "instances": {
        DOMAIN: {
            "users": [{"email": "ops", "password": "right"}],
            "tokens": {"key": "ops"},
            "cookies": {"biscuit": "ops"},
        }
    },
}

paths = st.sampled_from(
    [LIST, f"{LIST}/1001", f"{LIST}/x", "/api/clients", "/api/oauth/token", "/", SIGN_ON]
) | st.text().map(lambda text: f"/{text}")
headers = st.dictionaries(
    st.sampled_from(
        [
            "origin",
            "content-type",
            "authorization",
            "cookie",
            "x-domo-authentication",
            "x-domo-customerdomain",
            "x-domo-developer-token",
        ]
    ),
    st.sampled_from([f"https://{DOMAIN}", DOMAIN, "application/json", "key", "_dsidv1=biscuit"])
    | st.text(st.characters(max_codepoint=255)),
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.just("data"),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
bodies = st.binary() | st.dictionaries(
    st.sampled_from(
        ["method", "emailAddress", "password", "name", "scope", "scopes", "description"]
    ),
    values | st.just("password") | st.just("exptoken"),
).map(lambda document: json.dumps(document).encode())
requests = st.builds(
    Request,
    method=st.sampled_from(["GET", "POST", "DELETE", "PUT", "HEAD"]),
    path=paths,
    query=st.dictionaries(st.sampled_from(["grant_type", "scope"]), st.text()),
    headers=headers,
    body=bodies,
)


@given(st.lists(requests, max_size=5))
def test_every_request_is_answered_and_logged(asked: list[Request]) -> None:
    """Nothing that a client sends raises, or is answered with a server's error."""
    world = SandboxState.from_config(CONFIG)
    for request in asked:
        status = status_of(exchange(world, request, 1.0))
        assert status is not None
        assert 200 <= status < 500
    assert len(world.log) == world.requests == len(asked)


steps = st.lists(st.tuples(st.sampled_from(["create", "revoke"]), st.integers(0, 4)), max_size=30)


@given(steps)
def test_the_books_balance(taken: list[tuple[str, int]]) -> None:
    """Names and ids are unique, and what was made is either there or among the revoked."""
    world = SandboxState.from_config(CONFIG)
    instance = world.known(DOMAIN)
    made: list[str] = []
    for verb, number in taken:
        status, body = _step(world, verb, number)
        if status == 201:
            made.append(body["clientId"])
    living = list(instance.clients.values())
    gone = [each.client for each in instance.revoked]
    assert len({each.name for each in living}) == len(living)
    assert sorted(made) == sorted(each.client_id for each in living + gone)
    assert len({each.id for each in living + gone}) == len(made)
    assert all(world.client_with(each.client_id) == (instance, each) for each in living)
    assert all(world.client_with(each.client_id) is None for each in gone)


def _step(world: SandboxState, verb: str, number: int) -> tuple[int | None, Any]:
    key = {"x-domo-developer-token": "key", "content-type": "application/json"}
    if verb == "create":
        body = json.dumps({"name": f"client {number}", "scopes": ["data"]}).encode()
        sending: Any = exchange(
            world, Request(method="POST", path=LIST, headers=key, body=body), 1.0
        )
    else:
        path = f"{LIST}/{1001 + number}"
        sending = exchange(world, Request(method="DELETE", path=path, headers=key), 1.0)
    return status_of(sending), json.loads(sending.response.body or b"null")
