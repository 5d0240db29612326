"""Whole runs of the command line, as processes."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

import jsonschema_rs
import pytest

from reconciler.model.address import Address
from reconciler.model.secret import Secret
from reconciler.ports import LeftoverJournal
from reconciler.state.journal_records import Created, Header, Intent, Record
from reconciler.state.model import Entry, Plain, SinkDelivery, State
from reconciler.stores.local import LocalStore

if TYPE_CHECKING:
    from reconciler.sandbox.running_sandbox import Running
    from tests.leak_search import LeakSearch

ROOT: Final = Path(__file__).parents[2]
GOLDEN: Final = ROOT / "tests" / "golden"
LINEAGE: Final = "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a user sees of one run."""

    arguments: tuple[str, ...]
    code: int
    out: str
    err: str

    def transcript(self) -> str:
        """Return the run as it is kept in `tests/golden`."""
        return (
            f"$ reconciler {' '.join(self.arguments)}\n"
            f"exit {self.code}\n"
            f"---- stdout\n{self.out}---- stderr\n{self.err}"
        )


Reconciler = Callable[..., Run]


@pytest.fixture
def environment() -> dict[str, str]:
    """Return the environment of this process without what would change the tool's answers."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("RECONCILER_", "_RECONCILER", "DOMO_")) and name != "NO_COLOR"
    }
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}


@pytest.fixture
def reconciler(
    tmp_path: Path, environment: dict[str, str], leaks: "LeakSearch", published: "Published"
) -> Reconciler:
    """Return a function that runs the command line in the test's own folder.

    What a run says and writes is searched for secrets, unless it was told to print one; what it
    answers to a program is held to its published schema.
    """

    def run(*arguments: str, env: Mapping[str, str] | None = None, stdin: str = "") -> Run:
        leaks.begin()
        done = subprocess.run(
            [sys.executable, "-m", "reconciler", *arguments],
            cwd=tmp_path,
            env={**environment, **(env or {})},
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        said = {"stderr": done.stderr.encode()}
        if "--yes-print-secrets" not in arguments:
            said["stdout"] = done.stdout.encode()
        leaks.end(" ".join(arguments), **said)
        if _asks_for_json(arguments):
            published.check(done.stdout)
        return Run(arguments=arguments, code=done.returncode, out=done.stdout, err=done.stderr)

    return run


def _asks_for_json(arguments: Sequence[str]) -> bool:
    return any(pair == ("--format", "json") for pair in pairwise(arguments))


class Published:
    """The published schemas, read and compiled once; `checked` counts the answers of each."""

    def __init__(self) -> None:
        self.checked: Counter[str] = Counter()
        self._schemas: dict[str, jsonschema_rs.Draft202012Validator] = {}

    def check(self, answer: str) -> None:
        """See that an answer, if there was one, has the shape of the schema that it names."""
        if not answer:
            return
        document = json.loads(answer)
        name = document["format"].removeprefix("reconciler.") if "format" in document else DELIVERY
        if name not in self._schemas:
            path = ROOT / "schemas" / f"{name}.v1.schema.json"
            self._schemas[name] = jsonschema_rs.Draft202012Validator(json.loads(path.read_bytes()))
        self._schemas[name].validate(document)
        self.checked[name] += 1


DELIVERY: Final = "delivery"


@pytest.fixture(scope="session")
def published() -> Published:
    """Return the published schemas."""
    return Published()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPair:
    """An age key: the file of the private part, by name, and the recipient."""

    file: str
    recipient: str


@pytest.fixture
def keypair(tmp_path: Path) -> Callable[[str], KeyPair]:
    """Return a function that makes a new age key in the test's own folder."""
    import pyrage  # type: ignore[import-untyped]  # it ships no types

    def make(name: str) -> KeyPair:
        identity = pyrage.x25519.Identity.generate()
        (tmp_path / name).write_text(f"# {name}\n{identity}\n")
        return KeyPair(file=name, recipient=str(identity.to_public()))

    return make


AT: Final = "2026-01-31T08:00:00Z"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """A state file `s.json` in the test's own folder, and what may stand in it.

    `entry` is delivered to a sink, `kept` to the state. `intent` and `created` are of an orphan:
    its address has `entry` since, which did not succeed the same client.
    """

    folder: Path
    secret: str = "5ecre7" * 10

    @property
    def store(self) -> LocalStore:
        """Return the store, as a run would open it."""
        return LocalStore(self.folder / "s.json")

    @property
    def entry(self) -> Entry:
        """Return a client whose secret a sink has."""
        return Entry(
            domain="acme.domo.com",
            live_name="Reporting",
            client_id="c1",
            id=7,
            scope=("data", "user"),
            created_at=AT,
            sinks=("ops",),
            delivered={"ops": SinkDelivery(target="json file x.json", at=AT)},
        )

    @property
    def kept(self) -> Entry:
        """Return the same client with its secret in the state, in plain."""
        reached = {"state": SinkDelivery(target="state", at=AT)}
        plain = Plain(secret=Secret(self.secret))
        return replace(self.entry, sinks=("state",), delivered=reached, secret=plain)

    @property
    def intent(self) -> Intent:
        """Return the beginning of an attempt at acme/Reporting."""
        return Intent(
            address=Address("acme", "Reporting"),
            nonce="n1",
            domain="acme.domo.com",
            live_name="Reporting (2)",
            scope=("data",),
            sinks=("ops",),
            at=AT,
            principal="p",
            predecessor="c0",
        )

    @property
    def created(self) -> Created:
        """Return the answer to that attempt."""
        secret = Plain(secret=Secret(self.secret))
        return Created(nonce="n1", client_id="c9", secret=secret, at=AT)

    def write(self, *records: Record, **clients: Entry) -> None:
        """Write a state with these clients of the instance acme, and a journal of these records."""
        known = {Address("acme", name): entry for name, entry in clients.items()}
        self.store.write(State(lineage=LINEAGE, serial=1, clients=known), replacing=None)
        if records:
            header = Header(run="r1", lineage=LINEAGE, serial=1, plan_id="p", at=AT)
            self.store.rescue(header, records)

    def journals(self) -> Sequence[LeftoverJournal]:
        """Return the journals that lie beside the state."""
        return self.store.journals(LINEAGE)

    def files(self) -> dict[str, bytes]:
        """Return the files of the store by name, without its lock."""
        return {
            path.name: path.read_bytes()
            for path in sorted(self.folder.glob("s.json*"))
            if not path.name.endswith(".lock")
        }


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """Return the place of a state in the test's own folder."""
    return Shelf(folder=tmp_path)


LIFE: Final = """\
version: 1
endpoints: {{api: {api}, instance: "{instance}"}}
sinks: {{files: {{type: file, path: "out/{{instance}}/{{client_slug}}"}}}}
{more}defaults:
  sink: files
  auth: {{method: password, email: ops@x.example, password: {{env: "PW_{{INSTANCE}}"}}}}
client_sets:
  all: {{select: {{all: true}}, clients: [{clients}]}}
instances:
"""


@pytest.fixture
def life(tmp_path: Path, sandbox: Callable[..., "Running"]) -> Callable[..., "Running"]:
    """Return a function that writes a manifest of clients that each instance wants.

    It serves the instances, unless they are `served` already.
    """

    def begin(
        clients: str,
        *,
        instances: Sequence[str] = ("acme", "globex"),
        more: str = "",
        served: "Running | None" = None,
    ) -> "Running":
        users = [{"email": "ops@x.example", "password": "right"}]
        config = {
            "seed": 2,
            "instances": {f"{key}.domo.com": {"users": users} for key in instances},
        }
        served = served or sandbox(config)
        text = LIFE.format(
            api=served.api, instance=served.instance_template, more=more, clients=clients
        )
        text += "".join(f"  {each}: {{}}\n" for each in instances)
        (tmp_path / "reconciler.yaml").write_text(text)
        return served

    return begin


@pytest.fixture
def fleet(life: Callable[..., "Running"], reconciler: Reconciler) -> "Running":
    """Make the clients A and B on two instances."""
    served = life("{name: A, scope: [data]}, {name: B, scope: [user]}")
    applied = reconciler("apply", "--auto-approve", env={"PW_ACME": "right", "PW_GLOBEX": "right"})
    assert applied.code == 0, applied.err
    return served


@pytest.fixture
def golden() -> Callable[[str, Run], None]:
    """Return a check that a run is the one that is kept; `UPDATE_GOLDEN=1` keeps this one."""

    def check(name: str, run: Run) -> None:
        path = GOLDEN / f"{name}.txt"
        if os.environ.get("UPDATE_GOLDEN"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(run.transcript(), encoding="utf-8")
        assert run.transcript() == path.read_text(encoding="utf-8")

    return check
