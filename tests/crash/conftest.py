"""Scenes for kills: the modules beside this one, in a form that every test can ask for."""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.crash import story
    from tests.crash.harness import Domo, Launcher
    from tests.crash.kill import Scene
else:  # tests are no package, so that what they share is found by its folder
    sys.path.insert(0, str(Path(__file__).parent))
    import story
    from harness import Domo, Launcher
    from kill import Scene

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 (each run makes a folder of its own in it)


@pytest.fixture(scope="session")
def ground() -> Iterator[Path]:
    """Return a folder in memory where there is one: a kill does not ask whether a sync is slow."""
    where = SHARED_MEMORY if SHARED_MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(dir=where) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def launcher() -> Iterator[Launcher]:
    """Return who runs the tool."""
    with Launcher() as started:
        yield started


@pytest.fixture(scope="session")
def domo() -> Iterator[Domo]:
    """Return a sandbox for one case after the other."""
    with Domo.serving() as served:
        yield served


@pytest.fixture(scope="session")
def first(ground: Path, launcher: Launcher, domo: Domo) -> Scene:
    """Return the scene of a first apply."""
    told = story.first(ground / "first")
    return Scene(story=told, launcher=launcher, domo=domo, folder=ground / "case")


@pytest.fixture(scope="session")
def change(ground: Path, launcher: Launcher, domo: Domo) -> Scene:
    """Return the scene of an apply that does everything."""
    told = story.change(ground / "change", launcher, domo)
    return Scene(story=told, launcher=launcher, domo=domo, folder=ground / "case")


@pytest.fixture(scope="session")
def moves(ground: Path, launcher: Launcher, domo: Domo) -> Scene:
    """Return the scene of an apply that replaces clients at their new addresses."""
    told = story.moves(ground / "moves", launcher, domo)
    return Scene(story=told, launcher=launcher, domo=domo, folder=ground / "case")
