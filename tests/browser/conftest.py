"""A real Chromium, and pages of fleets to open in it."""

import shutil
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from reconciler.manifest.load import Source, load
from reconciler.model.address import Address
from reconciler.model.manifest import Manifest
from reconciler.model.secret import Secret
from reconciler.plan.planner import make_plan
from reconciler.plan.render.fleet_table import create_table
from reconciler.plan.render.html import render_html
from reconciler.state.model import Entry, Plain, SinkDelivery, State

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

AXE: Final = find_spec("axe_playwright_python")
LINKS: Final = "https://git.example/acme/clients/blob/main"
RECIPIENT: Final = "age1j2ahqvm3tpvn994xt0ldsyvg546zu4ev39a3ta8kjdwxtc0s7f6sltu453"
OLD: Final = "2026-01-01T00:00:00Z"
NEW: Final = "2026-02-20T00:00:00Z"
CLIENTS: Final = (
    "Automation", "Reporting", "ETL nightly", "ETL hourly", "User sync", "Audit export", "Billing",
    "Dashboards", "Data quality", "Catalog", "Alerts", "Archive",
)  # fmt: skip


def names(count: int) -> list[str]:
    """Return the names of the clients that every instance has."""
    return [CLIENTS[n] if n < len(CLIENTS) else f"Workflow client {n:02}" for n in range(count)]


def manifest(instances: int, clients: int) -> str:
    """Return a manifest with a set of clients on every instance, and what a few have besides."""
    lines = ["version: 1", "state:", "  encryption:", f"    age: {{recipients: [{RECIPIENT}]}}"]
    lines += ["sinks:", "  vault: {type: exec, command: [./put.sh, '{instance}', '{client}']}"]
    lines += ["defaults:", "  auth: {method: token, token: {env: 'TOKEN_{INSTANCE}'}}"]
    lines += ["  sink: vault", "client_sets:", "  baseline:"]
    lines += ["    select: {all: true}", "    clients:"]
    for number, name in enumerate(names(clients)):
        due = ", rotate_after: 30d" if number == 4 else ""
        lines.append(f"      - {{name: {name}, scope: [data, user], description: T{number}{due}}}")
    lines.append("instances:")
    for number in range(instances):
        own = "clients: [{name: Local export, scope: [data]}]" if number % 97 == 5 else ""
        lines.append(f"  acme-{number:04}: {{{own}}}")
    return "\n".join(lines) + "\n"


def entry(address: Address, number: int, **terms: Any) -> Entry:
    """Return a known client that was delivered."""
    values: dict[str, Any] = {
        "domain": f"{address.instance}.domo.com",
        "live_name": address.client,
        "client_id": f"id-{number}",
        "scope": ("data", "user"),
        "description": terms.pop("description", ""),
        "created_at": NEW,
        "sinks": ("vault",),
    }
    target = f"command ./put.sh {address.instance} {address.client}"
    delivered = {"vault": SinkDelivery(target=terms.pop("target", target), at=NEW)}
    return Entry(**{**values, "delivered": delivered, **terms})


def known(desired: Manifest) -> State:
    """Return a state that most of the manifest is in, with something of every kind that is not."""
    clients: dict[Address, Entry] = {}
    for number, (address, wanted) in enumerate(desired.clients.items()):
        instance = int(address.instance[-4:])
        (target,) = desired.targets(wanted)
        terms: dict[str, Any] = {"scope": wanted.scope, "target": str(target)}
        terms["description"] = wanted.description
        match address.client:
            case "Archive" if instance % 50:
                continue
            case "Reporting" if instance % 61 == 7:
                continue
            case "ETL nightly" if instance % 83 == 11:
                terms["scope"] = ("data",)
            case "User sync" if instance % 3 == 0:
                terms["created_at"] = OLD
            case "Billing" if instance % 71 == 3:
                terms |= {"delivered": {}, "secret": Plain(secret=Secret("not shown"))}
        clients[address] = entry(address, number, **terms)
    for number in (2, 8, 9):
        for name, fate in (("Legacy bridge", "revoke"), ("Import", "forget"), ("Sheet", "keep")):
            address = Address(f"acme-{number:04}", name)
            clients[address] = entry(address, 10**6 + number, on_remove=fate)
    return State(lineage="3f0c3b8e-58a5-4bd6-9d0c-3d7c6d1a1a01", serial=1, clients=clients)


def page_of(instances: int, clients: int) -> str:
    """Return the page of a fleet of this size."""
    source = Source(name="reconciler.yaml", data=manifest(instances, clients).encode())
    desired = load([source], root=".", read=str)
    plan = make_plan(desired, known(desired), as_of="2026-03-01T00:00:00Z")
    return render_html(plan, create_table(desired, plan), links=LINKS)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int, int], Path]:
    """Return a function that writes the page of a fleet to a file, once for each size."""
    folder = tmp_path_factory.mktemp("pages")

    def write(instances: int, clients: int) -> Path:
        path = folder / f"{instances}-{clients}.html"
        if not path.exists():
            path.write_text(page_of(instances, clients), encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="module")
def chromium() -> Iterator["Browser"]:
    """Return the system's Chromium."""
    from playwright.sync_api import sync_playwright

    found = shutil.which("chromium") or shutil.which("chromium-browser")
    found = found or shutil.which("google-chrome")
    if found is None:
        pytest.fail("the page's tests need Chromium: apt-get install chromium", pytrace=False)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def show(chromium: "Browser") -> Iterator[Callable[..., "Page"]]:
    """Return a function that opens a page file; what it asks for or complains of is a failure."""
    complaints: list[str] = []
    asked_for: list[str] = []

    def opened(path: Path, **terms: Any) -> "Page":
        context = chromium.new_context(**terms)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda asked: asked_for.append(asked.url))
        page.goto(path.as_uri())
        return page

    yield opened
    for context in chromium.contexts:
        context.close()
    assert complaints == []
    assert [each for each in asked_for if not each.startswith("file:")] == []


@pytest.fixture
def violations() -> Callable[["Page"], list[tuple[str, Any]]]:
    """Return a function that says what axe finds: each rule that is broken, and where."""
    assert AXE is not None
    assert AXE.origin is not None
    script = Path(AXE.origin).with_name("axe.min.js").read_text(encoding="utf-8")

    def judge(page: "Page") -> list[tuple[str, Any]]:
        page.evaluate(script + "\nvoid 0")
        found = page.evaluate("axe.run()")
        assert found["passes"]
        return [(each["id"], each["nodes"][0]["target"]) for each in found["violations"]]

    return judge
