"""What a user may not do: missing grants, elevation, and a create endpoint that is retired."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from tests.cli.first_day.conftest import (
    CREATE,
    CREATE_ON_INSTANCE,
    LIST,
    SIGN_ON,
    SIGNED_ON,
    WORKS,
    Answer,
    hint,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.sandbox.running_sandbox import Running
    from tests.cli.conftest import Reconciler
    from tests.cli.first_day.conftest import Domo

FORBIDDEN: Final = Answer(status=403, body={"status": 403, "message": "Forbidden", "toe": "AA-BB"})
ELEVATION: Final = {"message": "Elevation required"}
PAGE: Final = b"<html><title>Domo - Blocked</title>Your IP address 203.0.113.7 is not allowed"


@pytest.mark.parametrize("method", ["password", "token"])
def test_a_missing_create_grant_is_named(domo: Domo, method: str) -> None:
    """The hint distinguishes it from the grant that manages clients."""
    script = {**WORKS, CREATE: FORBIDDEN, CREATE_ON_INSTANCE: FORBIDDEN}
    run, _ = domo.apply(script, method=method)

    assert run.code == 3
    assert "Domo did not create it: Domo answered 403: Forbidden (toe AA-BB)" in run.err
    assert "give the user's role the grant `Create API OAuth Clients`" in hint(run)
    assert "`Manage All Access Tokens and API Clients` does not include it" in hint(run)


@pytest.mark.parametrize("method", ["password", "token"])
def test_a_refused_list_names_both_grants_and_the_domain(domo: Domo, method: str) -> None:
    """Either grant shows clients; with an access token a wrong domain is met here first."""
    run, _ = domo.check({SIGN_ON: SIGNED_ON, LIST: FORBIDDEN}, method=method)

    assert run.code == 3
    assert "Domo does not list the clients: Domo answered 403: Forbidden (toe AA-BB)" in run.err
    assert "`Create API OAuth Clients` (shows the user's own clients)" in hint(run)
    assert "`Manage All Access Tokens and API Clients` (shows all)" in hint(run)
    assert "`domain`: acme.domo.com" in hint(run)


def test_a_missing_manage_grant_is_named_at_a_revoke(
    life: Callable[..., Running], reconciler: Reconciler
) -> None:
    """A revoke that Domo refuses with 403 leaves the client in the state."""
    clients, env = "{name: A, scope: [data]}", {"PW_ACME": "right"}
    served = life(clients, instances=("acme",))
    assert reconciler("apply", "--auto-approve", env=env).code == 0
    served.fault("error_before", route="revoke", status=403, times=None)
    run = reconciler("destroy", "acme/A", "--auto-approve", env=env)

    assert run.code == 3
    assert "give the user's role the grant `Manage All Access Tokens and API Clients`" in hint(run)
    assert "acme/A" in reconciler("state", "list").out


@pytest.mark.parametrize(("method", "status"), [("password", 403), ("token", 401)])
def test_an_elevation_is_recognised(domo: Domo, method: str, status: int) -> None:
    """A one-time code is neither a missing grant nor an expired token."""
    refused = Answer(status=status, body=ELEVATION)
    run, _ = domo.apply({**WORKS, CREATE: refused, CREATE_ON_INSTANCE: refused}, method=method)

    assert run.code == 3
    assert "Elevation required" in run.err
    assert "a one-time code before this action (elevation)" in hint(run)


@pytest.mark.parametrize("status", [404, 405, 410])
def test_a_retired_create_endpoint_is_replaced_by_the_instances_own(
    life: Callable[..., Running], reconciler: Reconciler, status: int
) -> None:
    """`check` and `apply` succeed, and a later plan has no changes."""
    env = {"PW_ACME": "right"}
    served = life("{name: A, scope: [data]}, {name: B, scope: [user]}", instances=("acme",))
    served.configure("acme.domo.com", create_retired=status)

    assert reconciler("check", env=env).code == 0
    applied = reconciler("apply", "--auto-approve", env=env)
    assert applied.code == 0, applied.err
    assert "Applied: 2 created." in applied.out
    assert "No changes." in reconciler("plan", "--refresh", env=env).out


def test_a_create_that_no_endpoint_offers_points_at_the_endpoints(domo: Domo) -> None:
    """Both endpoints are asked once, and nothing is created."""
    gone = Answer(status=404)
    run, server = domo.apply({**WORKS, CREATE: gone, CREATE_ON_INSTANCE: gone})

    assert run.code == 3
    assert "Domo did not create it: Domo answered 404" in run.err
    assert "no endpoint creates clients there: check the instance's `endpoints`" in hint(run)
    assert (server.count(CREATE), server.count(CREATE_ON_INSTANCE)) == (1, 1)


def test_an_allow_list_of_the_create_endpoint_is_named(domo: Domo) -> None:
    """The page proves nothing about the create, so a list is read, and the cause is shown."""
    run, _ = domo.apply({**WORKS, CREATE: Answer(body=PAGE)})

    assert run.code == 3
    assert "IP address 203.0.113.7 is not on the instance's allow-list" in run.err
    assert "list of allowed IP addresses" in hint(run)
