"""The rotation of a fleet that is killed many times, while nobody may be cut off.

    python tests/crash/rotation.py --clients 500 --kills 50

At every moment the secret that stands in a client's sink must work: whenever Domo ends a client,
and whenever a run was killed, that is looked at for the whole fleet. Lists lag, and until the last
run, proofs are unknown or refused, revokes have no effect, and lists are incomplete.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from reconciler.sandbox.entities import Client
    from reconciler.sandbox.instance import Instance
    from reconciler.sandbox.running_sandbox import Running
    from tests.crash.faults import strike
    from tests.crash.harness import WatchedWorld
else:
    sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2])]
    from faults import strike
    from harness import WatchedWorld

ROOT: Final = Path(__file__).parents[2]
OPTIONS: Final = ("--auto-approve", "--absence-window", "500ms")
FAULTS: Final[tuple[dict[str, Any], ...]] = (
    {"what": "error_before", "route": "token", "status": 503},
    {"what": "error_before", "route": "token", "status": 405},
    {"what": "oauth_error", "route": "token"},
    {"what": "oauth_error", "route": "token", "error": "invalid_client", "status": 401},
    {"what": "no_effect", "route": "revoke"},
    {"what": "list_cut", "route": "list"},
    {"what": "list_hides", "route": "list", "named": "C[0-3]*"},
    {"what": "other_instance", "route": "list"},
)
"""What strikes during the runs that are killed, at any instance."""

RUNS: Final = 3
"""How many runs may pass without kills and faults until one of them is complete."""

EACH: Final = 10
"""How many clients an instance has."""

MANIFEST: Final = """\
version: 1
endpoints: {{api: {api}, instance: "{instance}"}}
sinks: {{files: {{type: file, path: "out/{{instance}}/{{client_slug}}.json"}}}}
defaults:
  sink: files
  auth: {{method: password, email: ops@x.example, password: {{env: PW}}}}
client_sets:
  all: {{select: {{all: true}}, clients: [{clients}]}}
instances:
"""


@dataclass(kw_only=True)
class Rotation:
    """A fleet that is rotated; `wrong` says each moment at which somebody was cut off."""

    folder: Path
    served: "Running"
    world: WatchedWorld
    seed: int
    kills: int = 0
    looks: int = 0
    wrong: list[str] = field(default_factory=list)

    def begin(self) -> None:
        """Make the fleet, and look from then on at whatever ends."""
        ended = self._start("apply").wait()
        if ended:
            self.wrong.append(f"the first apply ended with {ended}")
        self.world.ending = self._ending

    def rotate(self, kills: int) -> None:
        """Rotate all of it; the run is killed so many times, and gone on with.

        Where one comes to its end before it is killed, that is the end of the rotation.
        """
        dice = random.Random(self.seed)
        before, total = self._creates(), len(list(self._sinks()))
        for left in range(kills, 0, -1):
            # Asked for again or left to a plain apply: either goes on with what is left.
            drawn = [dice.choice(FAULTS) for _ in range(dice.randint(0, 6))]
            strike(self.served, [{"after": dice.randint(0, 20), **each} for each in drawn])
            run = self._start("rotate", "--all") if left % 2 == kills % 2 else self._start("apply")
            done = self._creates() - before
            code = self._kill(run, self._creates() + max(1, (total - done) // (left + 1)), dice)
            self.look()
            self.served.clear_faults()
            if code == 0:
                break
        else:
            code = self._start("rotate", "--all").wait()
        for _ in range(RUNS):
            code = code and self._start("apply").wait()
        if code:
            self.wrong.append(f"the last run ended with {code}")
        self.look()
        self.wrong += self._left_over()

    def look(self) -> None:
        """See that the secret in every sink works."""
        self.looks += 1
        known = self._living()
        for name, held in self._sinks():
            if known.get(held["client_id"]) != held["client_secret"]:
                self.wrong.append(f"cut off: {name} has a secret that does not work")

    def _ending(self, instance: "Instance", client: "Client") -> None:
        name = client.name.partition(" (")[0].lower()
        path = self.folder / "out" / instance.domain.partition(".")[0] / f"{name}.json"
        if json.loads(path.read_bytes())["client_id"] == client.client_id:
            self.wrong.append(f"cut off: {client.name} of {instance.domain} ended in use")

    def _kill(self, run: "subprocess.Popen[bytes]", creates: int, dice: random.Random) -> int:
        """Kill a run a moment after so many creates, and return how it ended.

        One that ended before was not killed.
        """
        while run.poll() is None and self._creates() < creates:
            time.sleep(0.002)
        time.sleep(dice.uniform(0, 0.05))
        run.send_signal(signal.SIGKILL)
        code = run.wait()
        self.kills += code == -signal.SIGKILL
        return code

    def _start(self, *arguments: str) -> "subprocess.Popen[bytes]":
        with (self.folder / "said").open("ab") as said:
            return subprocess.Popen(
                [sys.executable, "-m", "reconciler", *arguments, *OPTIONS],
                cwd=self.folder,
                env={**os.environ, "PYTHONPATH": str(ROOT), "PW": "right"},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
            )

    def _creates(self) -> int:
        with self.served.lock:
            instances = self.world.instances.values()
            return sum(len(each.clients) + len(each.revoked) for each in instances)

    def _living(self) -> dict[str, str]:
        clients = (each for key in self.world.instances for each in self.served.clients(key))
        return {each.client_id: each.client_secret for each in clients}

    def _sinks(self) -> Iterator[tuple[str, dict[str, str]]]:
        for path in sorted(self.folder.glob("out/*/*.json")):
            yield f"{path.parent.name}/{path.stem}", json.loads(path.read_bytes())

    def _left_over(self) -> Iterator[str]:
        """Yield what is there beside one successor for each client."""
        names = Counter(
            each.name for key in self.world.instances for each in self.served.clients(key)
        )
        wanted = {f"C{number} (2)": len(self.world.instances) for number in range(EACH)}
        if names != wanted:
            yield f"left over or rotated twice: {dict(names)}"
        journals = [each.name for each in self.folder.glob("*.journal")]
        if journals:
            yield f"left over: {journals}"


def rotation(folder: Path, *, clients: int, kills: int, seed: int) -> Rotation:
    """Make a fleet of so many clients, and rotate it under so many kills."""
    from reconciler.sandbox.server import running

    keys = [f"i{number:03}" for number in range(-(-clients // EACH))]
    users = [{"email": "ops@x.example", "password": "right"}]
    instance = {"users": users, "list_lag": 0.1, "revoke_lag": 0.1}
    world = WatchedWorld.from_config(
        {"seed": seed, "instances": {f"{key}.domo.com": instance for key in keys}}
    )
    with running(world, latency=0.02) as served:
        wanted = ", ".join(f"{{name: C{number}, scope: [data]}}" for number in range(EACH))
        text = MANIFEST.format(api=served.api, instance=served.instance_template, clients=wanted)
        text += "".join(f"  {key}: {{}}\n" for key in keys)
        (folder / "reconciler.yaml").write_text(text)
        made = Rotation(folder=folder, served=served, world=world, seed=seed)
        made.begin()
        made.rotate(kills)
    return made


def main() -> int:
    """Run the long form, and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=500)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        made = rotation(Path(folder), clients=given.clients, kills=given.kills, seed=given.seed)
    print(
        f"{given.clients} clients, {made.kills} kills, {made.looks} looks at every sink, "
        f"{len(made.wrong)} cut off or left over, {time.monotonic() - began:.0f} s"
    )
    print("\n".join(made.wrong))
    return bool(made.wrong)


if __name__ == "__main__":
    sys.exit(main())
