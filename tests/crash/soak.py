"""Kills applies at random moments, with faults at the server and edits of the manifest between.

    python tests/crash/soak.py --kills 500 --seed 1

Each life has a fleet of its own on instances with rules of their own: client ids hidden in ten
forms, lists in pages, lists that lag, create responses that repeat other values, a retired create
endpoint, sessions that end early. Half of the lives have an encrypted state and no key to it. The
script prints a table of figures, and exits with 1 if an invariant of `judge` did not hold.

Where a kill came between two sinks of a sealed secret, the second needs the key: the plan says so,
and it is given at the next rest.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from tests.crash.faults import arm, revoke_taken
    from tests.crash.harness import Case, Domo, Launcher, Place
    from tests.crash.judge import KINDS, STATE, Judge
    from tests.crash.kill import complete
    from tests.crash.story import HEAD, STRANGERS, Wanted
else:
    sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parent)]
    from faults import arm, revoke_taken
    from harness import Domo, Launcher, Place
    from judge import KINDS, STATE, Judge
    from kill import complete
    from story import HEAD, STRANGERS

from reconciler.stores.encryption import Identity, identities_from

KEYS: Final = ("i1", "i2", "i3")
NAMES: Final = tuple(f"Client {number}" for number in range(8))
SINKS: Final = (("files",), ("vault",), ("state",), ("files", "vault"))
SCOPES: Final = (("data",), ("data", "user"), ("audit",))
MASKS: Final = (
    True,
    "null",
    "absent",
    "prefix",
    "ellipsis",
    "bullets",
    "asterisks",
    "zeros",
    "upper",
    "bare",
)
ECHOES: Final = ("sent", "upper", "lower", "cut", "escaped", "null", "absent")
KILLS_OF_A_LIFE: Final = 12


@dataclass(slots=True, kw_only=True)
class Figures:
    """What was done, and what the judge found."""

    counts: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    most: int = 0

    def add(self, other: "Figures") -> None:
        """Take in the figures of a life."""
        self.counts += other.counts
        self.faults += other.faults
        self.wrong += other.wrong
        self.most = max(self.most, other.most)

    def table(self) -> Iterator[str]:
        """Yield a table's lines."""
        yield "| what | how many |"
        yield "| --- | --- |"
        for what, number in self.counts.items():
            yield f"| {what} | {number:,} |"
        struck = ", ".join(f"{number} {what}" for what, number in sorted(self.faults.items()))
        yield f"| faults at the server | {self.faults.total():,}: {struck} |"
        yield f"| most applies until one was complete | {self.most} |"
        for kind in KINDS:
            yield f"| **{kind}** | **{sum(each.startswith(kind) for each in self.wrong)}** |"


@dataclass(slots=True, kw_only=True)
class Fleet:
    """What the manifest asks for: the scope of each instance's clients."""

    draw: Random
    recipient: str | None
    scopes: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    removed: set[tuple[str, str]] = field(default_factory=set)

    def edit(self) -> None:
        """Add, remove and change some clients; what was removed does not come back before a rest.

        Its secrets' files are still there: whoever takes a client out removes them in his own time.
        """
        for _ in range(self.draw.randint(2, 6)):
            address = (self.draw.choice(KEYS), self.draw.choice(NAMES))
            if address in self.scopes and self.draw.random() < 0.3:
                del self.scopes[address]
                self.removed.add(address)
            elif address not in self.removed:
                self.scopes[address] = self.draw.choice(SCOPES)

    @property
    def wanted(self) -> "Wanted":
        """Return the sinks of each address: they go by the name, and never change."""
        return {each: SINKS[NAMES.index(each[1]) % len(SINKS)] for each in self.scopes}

    def manifest(self) -> str:
        """Return the text."""
        lines = [HEAD.replace("defaults:\n", "defaults:\n  on_remove: revoke\n").rstrip("\n")]
        for key in KEYS:
            lines += [f"  {key}:", "    clients:"]
            clients = [each for each in sorted(self.scopes) if each[0] == key]
            for address in clients:
                scope, sink = ", ".join(self.scopes[address]), ", ".join(self.wanted[address])
                lines += [f"      - {{name: {address[1]}, scope: [{scope}], sink: [{sink}]}}"]
            if not clients:
                lines[-1] += " []"
        if self.recipient:
            lines += ["state:", f"  encryption: {{age: {{recipients: [{self.recipient}]}}}}"]
        return "\n".join(lines) + "\n"


@dataclass(slots=True, kw_only=True)
class Life:
    """One fleet from its first apply on, killed again and again.

    `pace` is how many seconds the last apply took that was not killed: kills go by it.
    """

    seed: int
    draw: Random
    launcher: "Launcher"
    case: "Case"
    fleet: Fleet
    judge: "Judge"
    apply: tuple[str, ...]
    key: Path
    pace: float = 0.4
    figures: Figures = field(default_factory=Figures)

    def run(self, kills: int) -> Figures:
        """Live until so many kills have come."""
        self.figures.counts["lives"] += 1
        while self.figures.counts["kills"] < kills and not self.judge.wrong:
            self.edit()
            for _ in range(self.draw.randint(1, 4)):
                self.killed_apply()
                if self.draw.random() < 0.3:
                    self.edit()
            self.come_to_rest()
        self.figures.counts["clients made"] += self.judge.made
        self.figures.counts["of these ended: replaced, removed, or withdrawn"] += (
            self.judge.withdrawn
        )
        self.figures.wrong += (f"{each} (life {self.seed})" for each in self.judge.wrong)
        return self.figures

    def edit(self) -> None:
        """Change the manifest."""
        self.fleet.edit()
        self.case.write(self.fleet.manifest())
        self.judge.edited(self.fleet.wanted, dict(self.fleet.scopes))
        self.figures.counts["edits of the manifest"] += 1

    def killed_apply(self) -> None:
        """Apply with faults at the server, killed at some moment if it is not over before."""
        arm(self.case.served, self.draw)
        moment = self.pace * self.draw.uniform(0.1, self.draw.choice((0.5, 1.0, 2.0)))
        ended = self.launcher.run(self.case.folder, *self.apply, seconds=moment)
        self.judge.killed()
        self.figures.counts["kills"] += ended.code is None
        left = any(self.case.folder.glob("*.journal"))
        self.figures.counts["of these with work in flight"] += ended.code is None and left
        self.figures.counts["applies that ended before"] += ended.code is not None
        for armed in self.case.world.faults:
            self.figures.faults[armed.fault.what] += armed.struck
        self.case.served.clear_faults()

    def come_to_rest(self) -> None:
        """Apply without faults and kills until all is done, and judge."""
        key = ("--identity", str(self.key)) if self.fleet.recipient else ()
        began = time.monotonic()
        self.launcher.run(self.case.folder, *self.apply)
        self.pace = time.monotonic() - began
        self.judge.killed()
        runs = complete(
            self.launcher, self.case, self.judge, self.apply, key, settle=self.settle_taken
        )
        self.judge.ended()
        for instance, client in self.fleet.removed:
            name = f"{instance}.{client.lower().replace(' ', '-')}.json"
            for folder in ("secrets", "vault"):
                (self.case.folder / folder / name).unlink(missing_ok=True)
        self.fleet.removed.clear()
        self.figures.counts["times that all was done and checked"] += 1
        self.figures.most = max(self.figures.most, runs)

    def settle_taken(self) -> None:
        """Do what the hint says of a client whose create returned the id of another client."""
        for command in revoke_taken(self.case.folder / STATE, self.case.served):
            ended = self.launcher.run(self.case.folder, *command)
            assert ended.code == 0, ended.said
            self.figures.counts["clients with the id of another one, settled by hand"] += 1


def live(seed: int, kills: int, launcher: "Launcher", domo: "Domo", ground: Path) -> Figures:
    """Begin a life, and live it until so many kills have come."""
    draw = Random(seed)
    file = ground / f"key-{seed}"
    key, recipient = _keys(file) if draw.random() < 0.5 else (None, None)
    fleet = Fleet(draw=draw, recipient=recipient)
    lag = draw.choice((0.0, 0.0, 0.1))
    window = "20ms" if not lag else "400ms"
    config = {
        "seed": seed,
        "latency": draw.choice((0.0, 0.002, 0.01)),
        "instances": {f"{each}.domo.com": _instance(draw, lag) for each in KEYS},
    }
    empty = ground / f"empty-{seed}"
    empty.mkdir()
    place = Place(folder=empty, manifest=fleet.manifest(), config=config)
    with place.opened(ground / f"life-{seed}", domo) as case:
        life = Life(
            seed=seed,
            draw=draw,
            launcher=launcher,
            case=case,
            fleet=fleet,
            judge=Judge(case, fleet.wanted, key=key, lists_fail=True),
            # A command that a killed run was just starting can hold its lock for a moment.
            apply=(
                *("apply", "--auto-approve", "--absence-window", window),
                *("--lock-timeout", "30s"),
            ),
            key=file,
        )
        return life.run(kills)


def _keys(file: Path) -> tuple[Identity, str]:
    import pyrage  # type: ignore[import-untyped]  # it ships no types

    made = pyrage.x25519.Identity.generate()
    file.write_text(f"{made}\n")
    return identities_from(str(made), name=file.name)[0], str(made.to_public())


def _instance(draw: Random, lag: float) -> dict[str, Any]:
    return {
        "users": [
            {"email": "ops@i.example", "password": "right", "admin": draw.random() < 0.7},
        ],
        "clients": [dict(each) for each in STRANGERS],
        "mask_client_ids": draw.choice(MASKS) if draw.random() < 0.5 else False,
        "list_shape": draw.choice(("array", "entries", "pages")),
        "list_page": draw.choice((2, 5, 50)),
        "list_lag": lag,
        "revoke_lag": lag,
        "echo": draw.choice(ECHOES) if draw.random() < 0.5 else "stored",
        "sign_in_method": draw.choice(("both", "get", "post")),
        "create_retired": draw.choice((None, None, 404, 405, 410)),
        "session_requests": draw.choice((None, None, 6)),
    }


def soak(kills: int, seed: int, workers: int) -> Figures:
    """Live as many lives as it takes, some at once."""
    lives = -(-kills // KILLS_OF_A_LIFE)
    figures = Figures()
    where = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 (a folder of its own)

    def some(number: int) -> Figures:
        own = Figures()
        with Launcher() as launcher, Domo.serving() as domo:
            for each in range(number, lives, workers):
                quota = min(KILLS_OF_A_LIFE, kills - each * KILLS_OF_A_LIFE)
                own.add(live(seed * 10_000 + each, quota, launcher, domo, Path(folder)))
        return own

    with tempfile.TemporaryDirectory(dir=where) as folder, ThreadPoolExecutor(workers) as pool:
        for part in pool.map(some, range(workers)):
            figures.add(part)
    return figures


def main() -> int:
    """Read the command line, and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    chosen = parser.parse_args()
    began = time.monotonic()
    figures = soak(chosen.kills, chosen.seed, chosen.workers)
    print(*figures.table(), sep="\n")
    print(f"\n{time.monotonic() - began:.0f} s")
    for each in figures.wrong:
        print(each, file=sys.stderr)
    return 1 if figures.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
