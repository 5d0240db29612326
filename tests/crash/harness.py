"""The other side of `launch`: starts runs, and serves worlds that look at the sinks.

`Launcher` is a process that forks runs. `SandboxState` is a sandbox that records when a client
ends. `Place` is a folder with a manifest, and `Case` combines them.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self

from reconciler.sandbox.entities import Client
from reconciler.sandbox.instance import Instance
from reconciler.sandbox.running_sandbox import Running
from reconciler.sandbox.server import running
from reconciler.sandbox.server_state import SandboxState

ROOT: Final = Path(__file__).parents[2]
ENVIRONMENT: Final = {"PATH": os.environ.get("PATH", os.defpath), "PW": "right", "TOKEN": "dp-1"}
APPLY: Final = ("apply", "--auto-approve", "--absence-window", "20ms", "--concurrency", "1")

PUT: Final = """\
#!/bin/sh
# Keeps one object for each client; half an object, from a writer that died, is refused.
object=$(cat)
case $object in '{'*'}') ;; *) echo 'half an object' >&2; exit 1 ;; esac
umask 077
mkdir -p vault
printf '%s' "$object" >"vault/$1.$$" && mv "vault/$1.$$" "vault/$1.json"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a run ended; `code` is None where it was killed."""

    code: int | None
    said: str
    stuck: bool = False
    edges: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()


class Launcher:
    """A process that has imported the tool and forks a run whenever it is asked."""

    def __init__(self) -> None:
        # Measuring coverage here would double the time; the lines count in other suites.
        kept = {name: value for name, value in os.environ.items() if "COV" not in name}
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("launch.py"))],
            cwd=ROOT,
            env={**kept, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def run(
        self, folder: Path, *argv: str, watch: bool = False, **when: str | float | None
    ) -> Ended:
        """Run the tool in a folder; `edge` and `side`, or `seconds`, say when it is killed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        out = folder.with_name(f"{folder.name}.out")
        order = {"folder": str(folder), "argv": argv, "env": ENVIRONMENT, "out": str(out), **when}
        order["watch"] = watch or "edge" in when
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        status = answer["status"]
        return Ended(
            code=status if isinstance(status, int) and status >= 0 else None,
            said=out.read_text(errors="replace"),
            stuck=status == "stuck",
            edges=tuple(answer.get("edges", ())),
            unseen=tuple(answer.get("unseen", ())),
        )


class WatchedWorld(SandboxState):
    """A world that says, before anybody but it can know, that a client ends."""

    ending: Callable[[Instance, Client], None] | None = None

    def remove(self, instance: Instance, number: int, *, by: str, now: float) -> None:
        """End a client that is there."""
        client = instance.clients[number]
        super().remove(instance, number, by=by, now=now)
        if self.ending is not None:
            self.ending(instance, client)


@dataclass(frozen=True, slots=True, kw_only=True)
class Domo:
    """A sandbox that serves one case after the other, since to stop one takes a tenth of a second.

    `world` is what `served` shows.
    """

    served: Running
    world: WatchedWorld

    @classmethod
    @contextlib.contextmanager
    def serving(cls) -> Iterator[Self]:
        """Serve until the block ends."""
        world = WatchedWorld.from_config({})
        with running(world) as served:
            yield cls(served=served, world=world)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A folder with a manifest, a state and sinks, and the world that goes with it.

    `config` makes the world. In the manifest `{PORT}` stands for where it serves.
    """

    folder: Path
    manifest: str
    config: Mapping[str, Any]

    @contextlib.contextmanager
    def opened(self, folder: Path, domo: Domo) -> Iterator["Case"]:
        """Copy it to `folder`, begin its world, and give both until the block ends."""
        shutil.copytree(self.folder, folder)
        with domo.served.lock:
            domo.world.ending = None
            domo.world.reset(self.config)
        case = Case(folder=folder, served=domo.served, world=domo.world)
        case.write(self.manifest)
        yield case
        shutil.rmtree(folder)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A copy of a place with its world being served."""

    folder: Path
    served: Running
    world: WatchedWorld

    def write(self, manifest: str) -> None:
        """Put the manifest, and the command that is a sink, where the tool finds them."""
        port = self.served.url.rpartition(":")[2]
        (self.folder / "reconciler.yaml").write_text(manifest.replace("{PORT}", port))
        command = self.folder / "put.sh"
        if not command.exists():  # a command that outlived its run may still be executing it
            command.write_text(PUT)
            command.chmod(0o700)

    def config(self, seed: int) -> dict[str, Any]:
        """Return a config that makes the world as it is now; what is made in it later differs."""
        instances = {
            domain: {
                **given,
                "clients": [
                    _placed(each, domain, self.world) for each in self.served.clients(domain)
                ],
            }
            for domain, given in self.world.config["instances"].items()
        }
        return {**self.world.config, "seed": seed, "instances": instances}


def _placed(client: Client, domain: str, world: SandboxState) -> dict[str, Any]:
    values = asdict(client)
    for name in ("order", "made_at", "made_by", "owner"):
        del values[name]
    instance = world.instances[domain]
    owners = {user.id: user.email for user in instance.users.values()}
    return {**values, "scope": list(client.scope), "owner": owners.get(client.owner)}
