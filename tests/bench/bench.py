"""Measures what the README claims, each as a ratio to a baseline in the same run.

    python tests/bench/bench.py            all of it, about five minutes
    python tests/bench/bench.py --quick    smaller sizes, for a look: under a minute
    python tests/bench/bench.py plan start apply verify

It prints a table and ends with 1 where a ratio is over its bound.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.bench.measure import alternating, run

PYTHON = sys.executable
TOOL = [PYTHON, "-m", "reconciler"]
LOADER = (
    "import sys, yaml; yaml.load(open(sys.argv[1], 'rb'), Loader=yaml.CSafeLoader)  # the baseline"
)
BARE = Path(__file__).with_name("bare.py")
MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What was measured, against what, and the most that it may be, where that is claimed."""

    what: str
    measured: str
    value: float
    bound: float | None

    @property
    def holds(self) -> bool:
        """Say whether the claim is true on this machine; without a bound nothing is claimed."""
        return self.bound is None or self.value <= self.bound


def fleet(instances: int, clients: int, *, endpoints: str = "") -> str:
    """Return a manifest that lists every client of every instance by itself."""
    lines = ["version: 1", *([endpoints] if endpoints else []), "sinks:"]
    lines += ["  files: {type: file, path: 'secrets/{instance}/{client_slug}.json'}"]
    lines += ["defaults:", "  sink: files"]
    lines += ["  auth:", "    method: password", "    email: ops@acme.example"]
    lines += ["    password: {env: DOMO_PASSWORD}", "instances:"]
    for number in range(instances):
        lines += [f"  instance-{number:05}:", "    labels: {env: prod, region: emea}"]
        lines += ["    clients:"]
        for client in range(clients):
            lines += [
                f"      - name: Automation Client {client:03}",
                "        scope: [data, user]",
                f"        description: Nightly load number {client} of this instance",
            ]
    return "\n".join(lines) + "\n"


def plan(folder: Path, *, quick: bool) -> Iterator[Row]:
    """Plan a large fleet from an empty state, against loading the same file with PyYAML."""
    sizes = (20, 100, 200) if quick else (20, 200, 1000, 2000)
    found = []
    for instances in sizes:
        path = folder / f"fleet-{instances}.yaml"
        path.write_text(fleet(instances, 50))
        ours, loader = alternating(
            3,
            [*TOOL, "plan", "-f", str(path), "--state", str(folder / "none.json")],
            [PYTHON, "-c", LOADER, str(path)],
            cwd=folder,
        )
        found.append((instances * 50, ours.seconds))
        measured = (
            f"{ours.seconds:.2f} s : {loader.seconds:.2f} s, {ours.peak // MEBIBYTE} MiB peak"
        )
        what = f"plan of {instances * 50:,} clients ÷ PyYAML's C loader on the same file"
        large = instances >= 1000
        yield Row(
            what=what,
            measured=measured,
            value=ours.seconds / loader.seconds,
            bound=0.40 if large else None,
        )
        if instances == 1000:
            peak = ours.peak / MEBIBYTE
            yield Row(
                what="its peak memory, MiB", measured=f"{peak:.0f} MiB", value=peak, bound=200
            )
    (few, begin), (some, middle), (many, end) = found[0], found[-2], found[-1]
    growth = ((end - middle) / (many - some)) / ((middle - begin) / (some - few))
    measured = f"{begin:.2f} s, {middle:.2f} s, {end:.2f} s"
    what = f"time for one more client: {some:,} → {many:,} ÷ {few:,} → {some:,}"
    yield Row(what=what, measured=measured, value=growth, bound=None if quick else 1.25)


def start(folder: Path, *, quick: bool) -> Iterator[Row]:
    """Start the process, against importing what it cannot do without."""
    path = folder / "small.yaml"
    path.write_text(fleet(2, 2))
    imports, usage, small = alternating(
        7 if quick else 15,
        [PYTHON, "-c", "import click, yaml"],
        [*TOOL, "--help"],
        [*TOOL, "plan", "-f", str(path), "--state", str(folder / "none.json")],
        cwd=folder,
    )
    base = imports.seconds
    for what, cost, bound in (("--help", usage, 1.5), ("a small plan", small, 2.5)):
        measured = f"{cost.seconds * 1000:.0f} ms : {base * 1000:.0f} ms"
        title = f"{what} ÷ python -c 'import click, yaml'"
        yield Row(what=title, measured=measured, value=cost.seconds / base, bound=bound)


def apply(folder: Path, *, quick: bool) -> Iterator[Row]:
    """Create clients at a latency of 50 ms, against the same calls with aiohttp alone."""
    for concurrency, bound in ((16, 1.4), (64, 2.0)):
        yield from _apply(
            folder, instances=32 if quick else 100, concurrency=concurrency, bound=bound
        )


def _apply(folder: Path, *, instances: int, concurrency: int, bound: float) -> Iterator[Row]:
    from reconciler.sandbox.server import running
    from reconciler.sandbox.server_state import SandboxState

    clients, latency = 10, 0.05
    users = [{"email": "ops@acme.example", "password": "right"}]
    config = {
        "seed": 1,
        "instances": {f"instance-{n:05}.domo.com": {"users": users} for n in range(instances)},
    }
    folder = folder / f"apply-{concurrency}"
    folder.mkdir()
    with running(SandboxState.from_config(config), latency=latency) as served:
        calls = (served.api, served.instance_template, instances, clients, concurrency)
        bare = run([sys.executable, str(BARE), *map(str, calls)], cwd=folder)
    with running(SandboxState.from_config(config), latency=latency) as served:
        endpoints = f"endpoints: {{api: {served.api}, instance: '{served.instance_template}'}}"
        (folder / "reconciler.yaml").write_text(fleet(instances, clients, endpoints=endpoints))
        cost = run(
            [*TOOL, "apply", "--auto-approve", "-q", "--concurrency", str(concurrency)],
            cwd=folder,
            env={"DOMO_PASSWORD": "right"},
        )
        count = served.count()
    made = instances * clients
    measured = f"{cost.seconds:.2f} s : {bare.seconds:.2f} s"
    what = f"{made:,} creates on {instances} instances, {concurrency} at once ÷ bare aiohttp"
    yield Row(what=what, measured=measured, value=cost.seconds / bare.seconds, bound=bound)
    yield Row(what="calls for each client", measured=f"{count:,}", value=count / made, bound=1.35)


def verify(folder: Path, *, quick: bool) -> Iterator[Row]:
    """Sign in with every secret at a latency of 50 ms, against secrets × latency ÷ concurrency."""
    from reconciler.sandbox.server import running
    from reconciler.sandbox.server_state import SandboxState

    instances, clients, latency = (20 if quick else 100), 10, 0.05
    users = [{"email": "ops@acme.example", "password": "right"}]
    config = {
        "seed": 1,
        "instances": {f"instance-{n:05}.domo.com": {"users": users} for n in range(instances)},
    }
    world, secrets = SandboxState.from_config(config), instances * clients
    with running(world, latency=0.0) as served:
        endpoints = f"endpoints: {{api: {served.api}, instance: '{served.instance_template}'}}"
        (folder / "reconciler.yaml").write_text(fleet(instances, clients, endpoints=endpoints))
        env = {"DOMO_PASSWORD": "right"}
        run([*TOOL, "apply", "--auto-approve", "-q"], cwd=folder, env=env)
    with running(world, latency=latency) as served:
        endpoints = f"endpoints: {{api: {served.api}, instance: '{served.instance_template}'}}"
        (folder / "reconciler.yaml").write_text(fleet(instances, clients, endpoints=endpoints))
        for concurrency in (8, 16, 32):
            given = ["--concurrency", str(concurrency)]
            cost = run([*TOOL, "verify", "-q", *given], cwd=folder)
            ideal = secrets * latency / concurrency
            yield Row(
                what=f"verify of {secrets:,}, {concurrency} at once ÷ secrets × latency ÷ at once",
                measured=f"{cost.seconds:.2f} s : {ideal:.2f} s",
                value=cost.seconds / ideal,
                bound=1.4 if concurrency <= 16 and not quick else None,
            )


SUITES: dict[str, Callable[..., Iterator[Row]]] = {
    "plan": plan,
    "start": start,
    "apply": apply,
    "verify": verify,
}


def main() -> int:
    """Run the chosen suites and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "suites", nargs="*", metavar="SUITE", help="plan, start, apply, verify; or all"
    )
    parser.add_argument("--quick", action="store_true")
    chosen = parser.parse_args()
    rows: list[Row] = []
    print("| what | measured | ratio | bound | |\n| --- | --- | --- | --- | --- |")
    for name in chosen.suites or SUITES:
        with tempfile.TemporaryDirectory() as folder:
            for row in SUITES[name](Path(folder), quick=chosen.quick):
                rows.append(row)
                verdict = "" if row.bound is None else "holds" if row.holds else "OVER"
                bound = "" if row.bound is None else f"{row.bound:.2f}"
                cells = (row.what, row.measured, f"{row.value:.2f}", bound, verdict)
                print(f"| {' | '.join(cells)} |", flush=True)
    return 0 if all(row.holds for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
