"""Failures of a fleet, as processes: one message for each cause, however many instances."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from reconciler.sandbox.running_sandbox import Running
    from tests.cli.conftest import Reconciler, Run

SCREEN: Final = 24
CLIENT: Final = "{name: A, scope: [data]}"
UNSET: Final = "environment variable `PW_{INSTANCE}` is not set"


def keys(count: int) -> list[str]:
    """Return the keys of a fleet."""
    return [f"t{number:03}" for number in range(count)]


def passwords(
    fleet: list[str], *, unset: slice = slice(0), wrong: slice = slice(0)
) -> dict[str, str]:
    """Return the variables of a fleet, less the unset ones."""
    found = dict.fromkeys(fleet, "right") | dict.fromkeys(fleet[wrong], "wrong")
    return {f"PW_{key.upper()}": found[key] for key in fleet if key not in fleet[unset]}


def lines(run: "Run") -> int:
    """Return how many lines a terminal shows."""
    return len(run.out.splitlines()) + len(run.err.splitlines())


@pytest.mark.parametrize("command", ["check", "plan --refresh", "apply --auto-approve"])
def test_a_missing_password_of_a_fleet_is_one_message(
    command: str, life: Callable[..., "Running"], reconciler: "Reconciler"
) -> None:
    """Forty instances read like one: the template, a few names, one hint."""
    life(CLIENT, instances=keys(40))
    run = reconciler(*command.split())
    assert run.code == 3
    text = " ".join((run.out + run.err).split())
    assert text.count("is not set") == 1
    assert text.count("set PW_{INSTANCE} for this run") == 1
    assert UNSET in text
    assert "t000, t001, t002 and 37 more" in text
    assert lines(run) <= SCREEN


@pytest.mark.parametrize("command", ["check", "apply --auto-approve"])
def test_the_sentence_of_a_missing_password_names_the_instances(
    command: str, life: Callable[..., "Running"], reconciler: "Reconciler"
) -> None:
    """Up to five are all named."""
    life(CLIENT, instances=keys(3))
    run = reconciler(*command.split())
    assert f"Error: {UNSET} for 3 instances: t000, t001, t002\n" in run.err


def test_one_instance_reads_the_name_of_its_variable(
    life: Callable[..., "Running"], reconciler: "Reconciler"
) -> None:
    """There is nothing to group."""
    life(CLIENT, instances=["acme"])
    run = reconciler("apply", "--auto-approve")
    assert run.err == (
        "applying 1 action on 1 instance\n"
        "acme: failed\n"
        "Error: environment variable `PW_ACME` is not set\n"
        "  acme\n"
        "hint: set PW_ACME for this run; in CI, pass it to the step that runs this\n"
    )


def test_an_apply_of_a_mixed_fleet_fits_on_a_screen(
    life: Callable[..., "Running"], reconciler: "Reconciler"
) -> None:
    """The healthy instances are counted, each cause is told once at the end."""
    fleet = keys(200)
    served = life(CLIENT, instances=fleet)
    for key in fleet[20:40]:
        served.fault(
            "error_before", route="sign_on", instance=f"{key}.domo.com", status=403, times=None
        )
    run = reconciler(
        "apply", "--auto-approve", env=passwords(fleet, unset=slice(10), wrong=slice(10, 20))
    )
    assert (run.code, lines(run) <= SCREEN) == (3, True)
    assert "Applied: 160 created; 40 not begun." in run.out
    assert f"{UNSET} for 10 instances: t000, t001, t002 and 7 more" in run.err
    assert "INVALID_CREDENTIALS\n  10 instances: t010, t011, t012 and 7 more" in run.err
    assert run.err.count("403") == 1
    assert "  20 instances: t020, t021, t022 and 17 more" in run.err
    assert "100 of 200 actions: " in run.err
    assert "t150/A" not in run.err


def test_verbose_names_every_instance(
    life: Callable[..., "Running"], reconciler: "Reconciler"
) -> None:
    """With `-v` no name is left out."""
    fleet = keys(40)
    life(CLIENT, instances=fleet)
    for command in ("check -v", "plan --refresh -v", "apply --auto-approve -v"):
        run = reconciler(*command.split())
        assert not [key for key in fleet if key not in run.out + run.err]
        assert "37 more" not in run.err


def test_events_and_documents_keep_every_instance(
    life: Callable[..., "Running"], reconciler: "Reconciler"
) -> None:
    """A program reads the message of each instance, with its own names."""
    fleet = keys(30)
    life(CLIENT, instances=fleet)
    run = reconciler("apply", "--auto-approve", "--format", "json", "--log-format", "json")
    events = [json.loads(line) for line in run.err.splitlines()]
    failed = {e["instance"]: e["message"] for e in events if e.get("event") == "instance-failed"}
    assert sorted(failed) == fleet
    assert failed["t007"] == "environment variable `PW_T007` is not set"
    told = json.loads(run.out)
    assert {e["instance"]: e["message"] for e in told["instances_failed"]} == failed
    (cause,) = told["causes"]
    assert (cause["message"], cause["names"]) == (UNSET, fleet)
    plan = json.loads(reconciler("plan", "--refresh", "--format", "json").out)
    notices = {e["instance"]: e for e in plan["notices"] if e["code"] == "unreachable"}
    assert sorted(notices) == fleet
    assert notices["t007"]["message"].endswith("environment variable `PW_T007` is not set")
    assert notices["t007"]["general"].endswith(UNSET)


def test_a_refused_password_is_sent_once_by_an_apply_with_refresh(
    life: Callable[..., "Running"], reconciler: "Reconciler"
) -> None:
    """The refresh was refused, so the apply does not sign on again; the cause is told once."""
    fleet = keys(8)
    served = life(CLIENT, instances=fleet)
    run = reconciler("apply", "--refresh", "--auto-approve", env=passwords(fleet, wrong=slice(6)))
    assert run.code == 3
    assert served.count(route="sign_on", instance="t000.domo.com") == 1
    assert (run.out + run.err).count("INVALID_CREDENTIALS") == 1
    assert "Applied: 2 created; 6 not begun." in run.out
    assert "6 instances could not be looked at: t000, t001, t002 and 3 more" in run.err


def test_refused_secrets_of_a_fleet_are_one_message(
    life: Callable[..., "Running"], reconciler: "Reconciler"
) -> None:
    """`verify` shows a few rows, and the reason once."""
    fleet = keys(40)
    served = life(CLIENT, instances=fleet)
    assert reconciler("apply", "--auto-approve", env=passwords(fleet)).code == 0
    served.fault("error_before", route="token", status=401, times=None)
    run = reconciler("verify")
    assert (run.code, lines(run) <= SCREEN) == (3, True)
    assert "and 32 more: -v lists them" in run.out
    assert "40 clients: t000/A, t001/A, t002/A and 37 more" in run.err
    assert len(reconciler("verify", "-v").out.splitlines()) >= 40
