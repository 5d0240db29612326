"""The progress of a large run, as lines."""

from collections.abc import Callable
from typing import Final

from reconciler.apply.events import (
    ActionDone,
    ActionFailed,
    Cause,
    InstanceEnded,
    InstanceFailed,
    RunEnded,
    RunStarted,
    Settled,
    WaveStarted,
)
from reconciler.cli.views import progress
from reconciler.cli.views.console import Console
from reconciler.model.address import Address
from reconciler.plan.action import Action, Kind

Written = Callable[[Console], tuple[str, str]]
CAUSE: Final = Cause(code="x", message="a long story")
ACTIONS: Final = [
    Action(kind=Kind.CREATE, address=Address(f"t{number:02}", "A"), live_name="A")
    for number in range(40)
]
ENDED: Final = RunEnded(
    done=20, failed=10, under_way=0, not_begun=10, unresolved=0, complete=False, interrupted=False
)


def test_a_large_run_is_counted(make_console: Callable[..., Console], written: Written) -> None:
    """A line for each quarter but the last; what an instance does not begin has ended, too."""
    console = make_console()
    with progress.shown(console, ACTIONS) as listen:
        listen(RunStarted(plan_id="p", instances=40, actions=40))
        listen(WaveStarted(number=1, waves=2, instances=40))
        for action in ACTIONS[:20]:
            listen(ActionDone(action=action))
            listen(InstanceEnded(instance=action.address.instance, ok=True))
        for action in ACTIONS[20:30]:
            listen(ActionFailed(action=action, cause=CAUSE))
        for action in ACTIONS[30:]:
            listen(InstanceFailed(instance=action.address.instance, cause=CAUSE))
            listen(InstanceEnded(instance=action.address.instance, ok=False))
        listen(ENDED)
    assert written(console)[1].splitlines() == [
        "applying 40 actions on 40 instances",
        "wave 1 of 2: 40 instances",
        "10 of 40 actions: 10 done",
        "20 of 40 actions: 20 done",
        "30 of 40 actions: 20 done, 10 not done",
    ]


def test_equal_settlements_of_a_large_run_are_told_once(
    make_console: Callable[..., Console], written: Written
) -> None:
    """The first by its address, the others by their number."""
    console = make_console()
    with progress.shown(console, ACTIONS) as listen:
        for action in ACTIONS:
            listen(Settled(address=action.address, how="was created, and is recorded"))
        listen(Settled(address=ACTIONS[0].address, how="was never created"))
        listen(ENDED)
    assert written(console)[1].splitlines() == [
        "t00/A: was created, and is recorded",
        "t00/A: was never created",
        "39 more clients: was created, and is recorded",
    ]


def test_a_small_run_names_each_action_and_no_reason(
    make_console: Callable[..., Console], written: Written
) -> None:
    """The report at the end has the reasons."""
    console = make_console()
    with progress.shown(console, ACTIONS[:3]) as listen:
        listen(ActionDone(action=ACTIONS[0]))
        listen(ActionFailed(action=ACTIONS[1], cause=CAUSE))
        listen(InstanceFailed(instance="t02", cause=CAUSE))
    lines = written(console)[1].splitlines()
    assert (len(lines), lines[0], lines[2]) == (3, "t00/A: created", "t02: failed")
    assert CAUSE.message not in "".join(lines)
