"""Runs the command line in forked children, each watched and perhaps killed.

This program has imported everything and has no threads, so that a run starts within milliseconds.
It reads one JSON object a line from standard input, what to run, and answers each with one, how
that ended. `harness.Launcher` is its other side.
"""

import gc
import importlib
import json
import os
import pkgutil
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

if TYPE_CHECKING:
    from tests.crash.watch import Watch
else:
    sys.path.insert(0, str(Path(__file__).parent))
    from watch import Watch

STUCK: Final = 60.0
"""Seconds after which a run counts as one that does not end."""

POLL: Final = 0.001
_LATE: Final = (
    "aiohttp", "asyncio", "concurrent.futures.thread", "httpx",
    "jsonschema_rs", "orjson", "pyrage", "reconciler.cli.commands.apply",
    "reconciler.cli.commands.plan", "reconciler.operations.run", "yaml",
)  # fmt: skip
_ROOMS: Final = (
    "apply", "cli.views", "credentials", "domo", "manifest", "plan", "sinks", "state", "stores",
)  # fmt: skip


def main() -> None:
    """Serve until standard input ends."""
    import_everything()
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), flush=True)


def import_everything() -> None:
    """Import what the tool would import in the middle of a run."""
    for name in _LATE:
        importlib.import_module(name)
    for room in _ROOMS:
        package = importlib.import_module(f"reconciler.{room}")
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    gc.freeze()


def run(order: dict[str, Any]) -> dict[str, Any]:
    """Fork a child that runs the tool, wait for its end, and say how it ended."""
    child = os.fork()
    if child == 0:
        be_the_tool(order)
    status = wait(child, order.get("seconds"))
    trace = Path(order["out"] + ".trace")
    known = json.loads(trace.read_bytes()) if trace.exists() else {}
    trace.unlink(missing_ok=True)
    return {"status": status, **known}


def wait(child: int, seconds: float | None) -> int | str:
    """Return the exit code, minus the signal, or `stuck`; kill it once its seconds are over."""
    began = time.monotonic()
    stuck = False
    while True:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return "stuck" if stuck else os.waitstatus_to_exitcode(status)
        passed = time.monotonic() - began
        stuck = seconds is None and passed > STUCK
        if stuck or (seconds is not None and passed > seconds):
            os.kill(child, signal.SIGKILL)
        time.sleep(POLL)


def be_the_tool(order: dict[str, Any]) -> NoReturn:
    """Become a process that runs the command line and ends."""
    code = 70
    try:
        out = os.open(order["out"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for target, source in ((0, nothing), (1, out), (2, out)):
            os.dup2(source, target)
        os.chdir(order["folder"])
        os.environ.clear()
        os.environ.update(order["env"])
        code = watched(order)
    except BaseException:  # noqa: BLE001 (nothing may leave this function: it is a copy of the parent)
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def watched(order: dict[str, Any]) -> int:
    """Run the command line under a watch, and write down what was seen."""
    from reconciler.cli.main import run

    watch = Watch(root=order["folder"], edge=order.get("edge"), side=order.get("side", "before"))
    trace = Path(order["out"] + ".trace")
    sys.argv = ["reconciler", *order["argv"]]
    if order.get("watch"):
        watch.install()
    try:
        run()
    except SystemExit as ended:
        code = int(ended.code or 0)
    edges = list(watch.edges)
    if order.get("watch"):
        seen = {"edges": edges, "unseen": sorted(watch.audited - watch.opened)}
        trace.write_text(json.dumps(seen))
    return code


if __name__ == "__main__":
    main()
