"""The short form of `soak`: kills at random moments, faults at the server, edits between."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.crash.harness import Domo, Launcher
    from tests.crash.soak import live
else:
    sys.path.insert(0, str(Path(__file__).parent))
    from soak import live

KILLS = 5


@pytest.mark.parametrize("seed", range(4))
def test_a_life_of_kills_and_faults_comes_to_rest(
    seed: int, launcher: "Launcher", domo: "Domo", ground: Path
) -> None:
    """Whatever hits it, each time that it comes to rest all is there once, and nothing else."""
    figures = live(seed, KILLS, launcher, domo, ground)
    assert figures.wrong == []
    assert figures.counts["kills"] >= KILLS
