"""A state that was restored from a backup: the successors that it lost are found and can end."""

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from reconciler.sandbox.running_sandbox import Running

PASSWORD = {"PW_ACME": "right"}
DOMAIN = "acme.domo.com"
Run = Callable[..., Any]
Life = Callable[..., "Running"]


def restored(life: Life, tmp_path: Path, reconciler: Run, client: str, **rules: Any) -> "Running":
    """Create a client, rotate it, and restore the state from before the rotation."""
    served = life(client, instances=("acme",))
    served.configure(DOMAIN, **rules)
    assert reconciler("apply", "--auto-approve", env=PASSWORD).code == 0
    state = tmp_path / "reconciler.state.json"
    before = state.read_bytes()
    assert reconciler("rotate", "acme/ETL", "--auto-approve", env=PASSWORD).code == 0
    state.write_bytes(before)
    return served


def command_in(text: str) -> list[str]:
    """Return the arguments of the one command that a plan names for a lost client."""
    (found,) = re.findall(r"`reconciler (destroy .*?--client-id \S+)`", text)
    return shlex.split(found)


@pytest.mark.parametrize("mask", [False, "null"])
def test_a_lost_successor_is_named_with_the_command_that_revokes_it(
    life: Life, tmp_path: Path, reconciler: Run, mask: object
) -> None:
    """The command revokes that client, waits for the list, and touches no other one."""
    served = restored(
        life, tmp_path, reconciler, "{name: ETL, scope: [data]}", mask_client_ids=mask
    )
    served.add_client(DOMAIN, "ETL (7)")
    plan = reconciler("plan", "--refresh", env=PASSWORD)
    command = command_in(plan.out)
    assert command[:2] == ["destroy", "acme/ETL (2)"]
    assert plan.code == 0
    looked = reconciler("plan", "--refresh-only", "--format", "json", env=PASSWORD)
    assert json.loads(looked.out)["drift"]["orphan"] == 1

    run = reconciler(*command, "--auto-approve", env=PASSWORD)

    assert (run.code, "Applied: 1 revoked." in run.out) == (0, True), run.err
    assert [each.name for each in served.clients(DOMAIN)] == ["ETL (7)"]
    again = reconciler(*command, "--auto-approve", env=PASSWORD)
    assert (again.code, "lists no client" in again.err) == (1, True)


def test_a_revoke_without_effect_is_no_success(life: Life, tmp_path: Path, reconciler: Run) -> None:
    """As for other revokes, a list confirms it."""
    served = restored(life, tmp_path, reconciler, "{name: ETL, scope: [data]}")
    command = command_in(reconciler("plan", "--refresh", env=PASSWORD).out)
    served.fault("no_effect", route="revoke", times=None)
    run = reconciler(*command, "--auto-approve", "--absence-window", "1s", env=PASSWORD)
    assert (run.code, "answered 204 to the revoke, but" in run.err) == (3, True)


def test_a_stranger_s_client_is_never_revoked(life: Life, tmp_path: Path, reconciler: Run) -> None:
    """Neither one without a mark, nor one that the state knows, nor a copied description."""
    served = restored(life, tmp_path, reconciler, "{name: ETL, scope: [data]}")
    lost = served.clients(DOMAIN)[0]
    stranger = served.add_client(DOMAIN, "Other")
    for client_id in (stranger.client_id, "0b1c2d3e-4f50-4172-8394-a5b6c7d8e9f0"):
        arguments = ("acme/Other", "--client-id", client_id, "--auto-approve")
        run = reconciler("destroy", *arguments, env=PASSWORD)
        assert (run.code, "lists no client" in run.err) == (1, True)
    assert reconciler("apply", "--refresh", "--auto-approve", env=PASSWORD).code == 0
    state = json.loads((tmp_path / "reconciler.state.json").read_bytes())
    managed = state["clients"]["acme/ETL"]["client_id"]
    arguments = ("acme/ETL", "--client-id", managed, "--auto-approve")
    assert reconciler("destroy", *arguments, env=PASSWORD).code == 1
    copy = served.add_client(DOMAIN, "Copy", description=lost.description)
    arguments = ("acme/Copy", "--client-id", copy.client_id, "--auto-approve")
    assert reconciler("destroy", *arguments, env=PASSWORD).code == 1
    assert served.count(route="revoke") == 1


def test_a_client_in_the_place_of_a_known_one_is_revoked_by_its_id(
    life: Life, tmp_path: Path, reconciler: Run
) -> None:
    """`replace: revoke_first` keeps the name; the client of the address is created first."""
    client = "{name: ETL, scope: [data], replace: revoke_first}"
    served = restored(life, tmp_path, reconciler, client)
    assert reconciler("apply", "--refresh", "--auto-approve", env=PASSWORD).code == 0
    command = command_in(reconciler("plan", "--refresh", env=PASSWORD).out)
    assert command[1] == "acme/ETL"
    assert reconciler(*command, "--auto-approve", env=PASSWORD).code == 0
    assert [each.name for each in served.clients(DOMAIN)] == ["ETL (2)"]
    assert reconciler("plan", "--refresh", "--detailed-exitcode", env=PASSWORD).code == 0


def test_a_protected_address_keeps_its_only_client(
    life: Life, tmp_path: Path, reconciler: Run
) -> None:
    """The lost successor may end once the address has a delivered client again."""
    client = "{name: ETL, scope: [data], protect: true}"
    served = restored(life, tmp_path, reconciler, client)
    command = command_in(reconciler("plan", "--refresh", env=PASSWORD).out)
    run = reconciler(*command, "--auto-approve", env=PASSWORD)
    assert (run.code, "acme/ETL is protected" in run.err) == (1, True)
    assert len(served.clients(DOMAIN)) == 1
    assert reconciler("apply", "--refresh", "--auto-approve", env=PASSWORD).code == 0
    assert reconciler(*command, "--auto-approve", env=PASSWORD).code == 0


def test_a_saved_revoke_of_a_lost_client_is_applied(
    life: Life, tmp_path: Path, reconciler: Run
) -> None:
    """`--out` and `apply FILE` work as for every other plan."""
    served = restored(life, tmp_path, reconciler, "{name: ETL, scope: [data]}")
    command = command_in(reconciler("plan", "--refresh", env=PASSWORD).out)
    assert reconciler(*command, "--out", "plan.json", env=PASSWORD).code == 0
    assert reconciler("apply", "plan.json", env=PASSWORD).code == 0
    assert served.clients(DOMAIN) == ()


def test_a_client_id_goes_with_one_address(life: Life, reconciler: Run) -> None:
    """An instance, several addresses or --all say nothing about one client."""
    life("{name: ETL, scope: [data]}", instances=("acme",))
    for names in (("acme",), ("acme/A", "acme/B"), ("--all",)):
        run = reconciler("destroy", *names, "--client-id", "x")
        assert (run.code, "--client-id goes with one ADDRESS" in run.err) == (64, True)
