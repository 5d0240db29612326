"""What the laws of whole lives share: a sandbox that serves, and a process that forks applies."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from reconciler.sandbox.running_sandbox import Running
    from tests.property.life_story import Life
else:  # tests are no package, so that what they share is found by its folder
    sys.path.insert(0, str(Path(__file__).parent))
    from life_story import Life

ROOT = Path(__file__).parents[2]
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 (each run makes a folder of its own in it)

settings.register_profile("slow", max_examples=2_000, derandomize=False)


@dataclass(kw_only=True)
class Town:
    """One sandbox and one zygote for all lives; each life begins with `start`."""

    served: "Running"
    zygote: "subprocess.Popen[str]"
    ground: Path
    _folders: list["tempfile.TemporaryDirectory[str]"] = field(default_factory=list)

    def start(self, config: dict[str, Any]) -> Path:
        """Forget every client and fault, and return a folder with nothing in it."""
        with self.served.lock:
            self.served.world.reset(config)
        self._folders.append(tempfile.TemporaryDirectory(dir=self.ground))
        return Path(self._folders[-1].name)

    def end(self) -> None:
        """Remove the folder of the life that has ended."""
        self._folders.pop().cleanup()

    def order(self, **order: Any) -> dict[str, Any]:
        """Let the zygote do one thing; return once the sandbox has seen all that was sent."""
        assert self.zygote.stdin is not None
        assert self.zygote.stdout is not None
        self.zygote.stdin.write(json.dumps(order) + "\n")
        self.zygote.stdin.flush()
        answer: dict[str, Any] = json.loads(self.zygote.stdout.readline())
        if answer["killed"]:
            # What a killed child had sent is read by the server before this.
            asking = HTTPConnection(self.served.url.removeprefix("http://"), timeout=10)
            asking.request("GET", "/control/faults")
            asking.getresponse().read()
            asking.close()
        return answer


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    """Return a town; its folders are in memory where the system has such a place."""
    from reconciler.sandbox.server import running
    from reconciler.sandbox.server_state import SandboxState

    ground = SHARED_MEMORY if SHARED_MEMORY.is_dir() else Path(tempfile.gettempdir())
    zygote = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("zygote.py"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"PW": "right", "TOKEN": "dp-1", "PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
        text=True,
    )
    with running(SandboxState.from_config({"instances": {}})) as served:
        yield Town(served=served, zygote=zygote, ground=ground)
    zygote.communicate()


@pytest.fixture
def life(town: Town) -> type[Life]:
    """Return the machine that plays lives in the town."""

    class LifeInTown(Life):
        """A life, made as hypothesis makes it: without arguments."""

        def __init__(self) -> None:
            super().__init__(town)

    return LifeInTown
