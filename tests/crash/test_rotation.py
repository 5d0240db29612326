"""The short form of `rotation`: a fleet is rotated under kills, and nobody is cut off."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.crash.rotation import rotation
else:
    sys.path.insert(0, str(Path(__file__).parent))
    from rotation import rotation


def test_a_killed_rotation_cuts_nobody_off(ground: Path) -> None:
    """Whatever is killed and when, each sink's secret works, and each client has one successor."""
    folder = ground / "rotation"
    folder.mkdir()
    made = rotation(folder, clients=60, kills=8, seed=3)
    assert made.wrong == []
    assert made.kills >= 4
