"""The exit code of an apply follows from its report."""

import pytest

from reconciler.apply.events import ROLLOUT, ActionFailed, Cause, InstanceFailed, Report
from reconciler.cli.running import exit_code
from reconciler.model.address import Address
from reconciler.plan.action import Action, Kind

FULL = Cause(code="state-unwritable", message="the disk is full")
ACTION = Action(kind=Kind.CREATE, address=Address("acme", "A"), live_name="A")
CREATED = ActionFailed(action=ACTION, cause=FULL, created=True)
REFUSED = InstanceFailed(instance="acme", cause=Cause(code="sign-on-refused", message="no"))


@pytest.mark.parametrize(
    ("report", "code"),
    [
        (Report(), 0),
        (Report(done=(ACTION,)), 0),
        (Report(halted=FULL), 1),
        (Report(unrecorded=FULL), 1),
        (Report(unrecorded=FULL, done=(ACTION,)), 3),
        (Report(halted=FULL, failed=(CREATED,)), 3),
        (Report(instances_failed=(REFUSED,), skipped=(ACTION,)), 3),
        (Report(instances_failed=(REFUSED,), halted=Cause(code=ROLLOUT, message="stopped")), 3),
        (Report(stopped=True, skipped=(ACTION,)), 130),
    ],
)
def test_exit_code_of_a_report_follows_what_was_done(report: Report, code: int) -> None:
    """An error that stops the run is 1 if nothing was done, a failed instance is 3."""
    assert exit_code(report) == code
