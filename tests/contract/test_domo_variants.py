"""The adapter against what the contract leaves open: each variant that the sandbox can answer."""

from typing import TYPE_CHECKING, Any

import pytest

from reconciler.model.secret import Secret
from reconciler.ports import ClientCreated, ClientRevoked, Invalid, Valid
from tests.contract.test_domo_sandbox import DOMAIN, Start, create, list_them, run

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from reconciler.ports import ProofOutcome, Session
    from reconciler.sandbox.entities import Client


def proof_of(client: "Client") -> "Callable[[Session], Awaitable[ProofOutcome]]":
    """Return what proves a client's secret in a session."""

    async def prove(session: "Session") -> "ProofOutcome":
        secret = Secret(client.client_secret)
        return await session.prove(client_id=client.client_id, secret=secret, scope=client.scope)

    return prove


@pytest.mark.parametrize("way", ["password", "cookie", "token"])
def test_a_paginated_list_is_read_to_its_end(sandbox: Start, way: str) -> None:
    """Every page, each client once."""
    box = sandbox(list_shape="pages", list_page=2)
    names = [f"Client {number}" for number in range(5)]
    for name in names:
        box.add_client(DOMAIN, name)

    assert [each.name for each in run(box, list_them, way=way).clients] == names


@pytest.mark.parametrize("form", ["array", "no_content", "null"])
def test_an_empty_instance_has_no_clients(sandbox: Start, form: str) -> None:
    """An empty answer is a list without entries."""
    assert run(sandbox(empty_list=form), list_them).clients == ()


@pytest.mark.parametrize(
    "echo",
    ["sent", "trimmed", "upper", "lower", "nfc", "nfd", "cut", "escaped", "null", "absent"],
)
@pytest.mark.parametrize("way", ["password", "token"])
def test_a_create_that_repeats_other_values_is_a_success(
    sandbox: Start, way: str, echo: str
) -> None:
    """The id and the secret are what counts."""
    box = sandbox(echo=echo)

    made = run(box, create, way=way)

    assert isinstance(made, ClientCreated)
    (kept,) = box.clients(DOMAIN)
    assert (made.client_id, made.secret.reveal()) == (kept.client_id, kept.client_secret)
    assert box.count(route="create*") == 1


@pytest.mark.parametrize(
    ("rules", "methods"),
    [
        ({}, ["POST"]),
        ({"only_documented_scopes": True}, ["POST"]),
        ({"sign_in_method": "get"}, ["POST", "GET"]),
        ({"sign_in_method": "post"}, ["POST"]),
    ],
)
def test_a_secret_is_proved_with_the_method_that_is_there(
    sandbox: Start, rules: dict[str, Any], methods: list[str]
) -> None:
    """POST first, GET only after a 405."""
    box = sandbox(**rules)
    client = box.add_client(DOMAIN, "Reporting", scope=["data", "workflow"])

    assert run(box, proof_of(client)) == Valid()
    assert [each["method"] for each in box.requests(route="token")] == methods


@pytest.mark.parametrize(
    ("fault", "refused"),
    [
        ({"what": "oauth_error", "error": "invalid_client"}, True),
        ({"what": "oauth_error", "error": "invalid_client", "status": 401}, True),
        ({"what": "oauth_error", "error": "invalid_scope"}, False),
        ({"what": "oauth_error", "error": "server_error", "status": 403}, False),
        ({"what": "answer", "status": 406, "body": "<html></html>"}, False),
        ({"what": "redirect"}, False),
    ],
)
def test_only_two_answers_refuse_a_secret(
    sandbox: Start, fault: dict[str, Any], refused: bool
) -> None:
    """401 and `invalid_client`; anything else says nothing about it."""
    box = sandbox()
    client = box.add_client(DOMAIN, "Reporting")
    box.fault(**fault, route="token", times=None)

    outcome = run(box, proof_of(client))
    assert outcome != Valid()
    assert isinstance(outcome, Invalid) is refused


@pytest.mark.parametrize("status", [404, 405, 410])
def test_a_retired_create_endpoint_is_replaced_by_the_instance_s(
    sandbox: Start, status: int
) -> None:
    """The same session creates on the instance."""
    box = sandbox(create_retired=status)

    assert isinstance(run(box, create), ClientCreated)
    assert len(box.clients(DOMAIN)) == 1
    assert box.count(route="create_on_instance") == 1


def test_a_revoke_without_effect_looks_like_one_that_worked(sandbox: Start) -> None:
    """Only the next list shows it."""
    box = sandbox()
    client = box.add_client(DOMAIN, "Reporting")
    box.fault("no_effect", route="revoke")

    async def revoke(session: "Session") -> object:
        outcome = await session.revoke(client.id)
        return outcome, [each.id for each in (await session.list_clients()).clients]

    assert run(box, revoke) == (ClientRevoked(), [client.id])
