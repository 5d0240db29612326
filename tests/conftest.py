"""What every test may ask for: a Domo double that serves, and a search for leaked secrets."""

import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

if TYPE_CHECKING:
    from reconciler.sandbox.running_sandbox import Running
    from tests.leak_search import LeakSearch, Totals
else:  # tests are no package, so that what they share is found by its folder
    sys.path.insert(0, str(Path(__file__).parent))
    from leak_search import LeakSearch, Totals

TOTALS = pytest.StashKey[Totals]()
SERVED = pytest.StashKey[list["Running"]]()


VARIABLES = (
    "PYTHONUNBUFFERED",
    "PYTHONIOENCODING",
    "LC_ALL",
    "LC_CTYPE",
    "FORCE_COLOR",
    "NO_COLOR",
)
"""What a shell may export that changes what a program prints, or when."""


hypothesis.settings.register_profile(
    "any machine",
    deadline=None,
    database=None,  # the checkout may be another user's
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("any machine")


def pytest_configure() -> None:
    """Run every test in one environment: a script or a terminal may have started the suite.

    A shell without job control starts `pytest &` with SIGINT ignored, and `nohup` with SIGHUP. The
    processes of the tests would inherit that, and no test could interrupt them.
    """
    for name in VARIABLES:
        os.environ.pop(name, None)
    os.environ["LANG"] = "C.UTF-8"
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGHUP, signal.SIGTERM):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


@pytest.fixture
def leaks(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[LeakSearch]:
    """Return a search; at the test's end nothing that a run said or wrote may hold a secret."""
    search = LeakSearch(folder=tmp_path, served=request.node.stash.setdefault(SERVED, []))
    yield search
    hits = search.hits()
    request.config.stash.setdefault(TOTALS, Totals()).add(search.totals(hits))
    assert hits == []


@pytest.fixture
def uncovered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure no coverage in the processes of a test: it doubles their time, and is told elsewhere.

    For suites of many runs whose lines other suites run as well.
    """
    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)
    monkeypatch.delenv("COVERAGE_PROCESS_START", raising=False)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Run two tests for each core with `-n auto`: most of what they do is to wait."""
    return 2 * (os.cpu_count() or 1)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand a worker's figures to the process that started it."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["leaks"] = asdict(session.config.stash.get(TOTALS, Totals()))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Add the figures of a worker that has ended."""
    told = getattr(node, "workeroutput", {}).get("leaks", {})
    node.config.stash.setdefault(TOTALS, Totals()).add(Totals(**told))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say what was searched for leaks."""
    totals = config.stash.get(TOTALS, Totals())
    if totals.runs:
        terminalreporter.write_line(str(totals))


@pytest.fixture
def sandbox(request: pytest.FixtureRequest) -> Iterator[Callable[..., "Running"]]:
    """Return a function that starts a sandbox and stops it at the end of the test.

    `start()` serves the instances acme-prod, acme-dev and globex; `start(["a", "b"], list_lag=1)`
    serves others, with rules; `start(config)` serves any config. `latency` is in seconds.
    """
    from reconciler.sandbox.config import fleet
    from reconciler.sandbox.server import running
    from reconciler.sandbox.server_state import SandboxState

    def start(
        which: Mapping[str, Any] | list[str] | None = None,
        *,
        latency: float | None = None,
        **rules: Any,
    ) -> "Running":
        if isinstance(which, Mapping):
            config = which
        else:
            keys = ["acme-prod", "acme-dev", "globex"] if which is None else which
            config = fleet(keys, seed=7, **rules)
        served = stack.enter_context(running(SandboxState.from_config(config), latency=latency))
        request.node.stash.setdefault(SERVED, []).append(served)
        return served

    with ExitStack() as stack:
        yield start
