"""Whole lives of a manifest, in any order, with everything going wrong that can.

A life is made of edits, applies, kills, lost journals, days that pass, faults of the server, sinks
that fail, and clients that others make and remove. After each step the judge compares what Domo
has with what the state, the journals and the sinks say. At its end every fault is lifted, and a few
applies have to lead to `No changes`.

The short form always plays the same lives. A longer one, with other lives each time:

    python -m pytest tests/property/test_life.py --hypothesis-profile=slow
"""

from typing import TYPE_CHECKING, Final

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

if TYPE_CHECKING:
    from tests.property.life_story import Life

LIVES: Final = 24
STEPS: Final = 20


def test_whatever_happens_nothing_is_lost_made_twice_or_cut_off(life: "type[Life]") -> None:
    """In each life every step leaves every promise kept, and its end is rest."""
    given = settings()
    slow = given.max_examples > settings.get_profile("default").max_examples
    run_state_machine_as_test(
        life,
        settings=settings(
            given,
            max_examples=given.max_examples if slow else LIVES,
            derandomize=not slow,
            stateful_step_count=STEPS,
            phases=[
                Phase.generate
            ],  # a life takes a second: the first that fails is shown as it is
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
