"""`reconciler output`: who may see a secret, in which form, and what is said in its place."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from reconciler.model.address import Address
from reconciler.model.secret import Secret
from reconciler.state.journal_records import Created, Header, Intent
from reconciler.state.model import Entry, Plain, SinkDelivery, State
from reconciler.stores.encryption import AgeSealing
from reconciler.stores.local import LocalStore

if TYPE_CHECKING:
    from tests.cli.conftest import KeyPair, Reconciler

AT: Final = "2026-01-31T08:00:00Z"
LINEAGE: Final = "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0"
SECRET: Final = "5ecre7" * 10
HERE: Final = ("--state", "s.json", "--yes-print-secrets")
KEPT: Final = Entry(
    domain="acme.domo.com",
    live_name="Reporting (2)",
    client_id="c1",
    scope=("data",),
    description="Nightly",
    created_at=AT,
    sinks=("state",),
    secret=Plain(secret=Secret(SECRET)),
    delivered={"state": SinkDelivery(target="state", at=AT)},
)
"""A client whose secret is in the state."""


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    """Return the store in the test's own folder."""
    return LocalStore(tmp_path / "s.json")


def write(store: LocalStore, **clients: Entry) -> None:
    """Write a state with these clients of the instance acme."""
    known = {Address("acme", name): entry for name, entry in clients.items()}
    store.write(State(lineage=LINEAGE, serial=1, clients=known), replacing=None)


def test_a_secret_is_printed_as_a_sink_gets_it(store: LocalStore, reconciler: "Reconciler") -> None:
    """JSON has the nine keys of a delivery, and neither a note nor a log is on any stream."""
    write(store, Reporting=KEPT)
    run = reconciler("output", "acme/Reporting", *HERE)
    assert (run.code, run.err) == (0, "")
    assert json.loads(run.out) == {
        "instance": "acme",
        "domain": "acme.domo.com",
        "name": "Reporting",
        "live_name": "Reporting (2)",
        "description": "Nightly",
        "scope": ["data"],
        "client_id": "c1",
        "client_secret": SECRET,
        "created_at": AT,
    }


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("env", f"DOMO_CLIENT_ID=c1\nDOMO_CLIENT_SECRET={SECRET}\n"),
        ("raw", f"{SECRET}\n"),
    ],
)
def test_a_secret_is_printed_for_programs(
    store: LocalStore, reconciler: "Reconciler", form: str, text: str
) -> None:
    """As env it is lines for a shell, as raw the secret alone."""
    write(store, Reporting=KEPT)
    run = reconciler("output", "acme/Reporting", *HERE, "--format", form)
    assert (run.code, run.out, run.err) == (0, text, "")


def test_a_secret_that_env_cannot_hold_is_not_printed(
    store: LocalStore, reconciler: "Reconciler"
) -> None:
    """What readers of such lines do not agree on is refused; JSON takes it."""
    odd = replace(KEPT, secret=Plain(secret=Secret("it's odd $1")))
    write(store, Reporting=odd)
    run = reconciler("output", "acme/Reporting", *HERE, "--format", "env")
    assert (run.code, run.out) == (1, "")
    assert "hint: use --format json" in run.err
    assert "odd" not in run.err


def test_no_secret_goes_to_a_pipe_unasked(store: LocalStore, reconciler: "Reconciler") -> None:
    """Without a terminal the user has to say that a secret may be there."""
    write(store, Reporting=KEPT)
    run = reconciler("output", "acme/Reporting", "--state", "s.json")
    assert (run.code, run.out) == (64, "")
    assert "--yes-print-secrets" in run.err
    assert SECRET not in run.err


def test_a_terminal_gets_the_secret(
    store: LocalStore, tmp_path: Path, environment: dict[str, str]
) -> None:
    """A person who looks at the screen needs no option."""
    write(store, Reporting=KEPT)
    ours, theirs = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "reconciler", "output", "acme/Reporting", "--format", "raw"],
        cwd=tmp_path,
        env={**environment, "RECONCILER_STATE": "s.json"},
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    os.close(theirs)
    shown = os.read(ours, 4096)
    os.close(ours)
    assert (done.returncode, done.stderr, shown) == (0, b"", f"{SECRET}\r\n".encode())


NOWHERE: Final = replace(KEPT, secret=None, sinks=("ops",), delivered={})


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (
            replace(NOWHERE, delivered={"ops": SinkDelivery(target="json file x.json", at=AT)}),
            f"it was delivered to sink `ops` at {AT} (json file x.json)",
        ),
        (replace(NOWHERE, adopted=True), "the client was made elsewhere and adopted"),
        (NOWHERE, "is lost: no sink ever had it\nhint: the next apply rotates it"),
    ],
)
def test_a_secret_that_is_not_here_is_said_to_be_elsewhere(
    store: LocalStore, reconciler: "Reconciler", entry: Entry, said: str
) -> None:
    """The error says who has the secret, or that nobody has, and what to do."""
    write(store, Reporting=entry)
    run = reconciler("output", "acme/Reporting", *HERE)
    assert (run.code, run.out) == (1, "")
    assert said in run.err


def test_an_address_that_is_not_known_gets_a_suggestion(
    store: LocalStore, reconciler: "Reconciler"
) -> None:
    """A slip is answered with the address that was meant; without a state there is none."""
    write(store, Reporting=KEPT)
    slip = reconciler("output", "acme/Reportin", *HERE)
    assert (slip.code, slip.out) == (64, "")
    assert "did you mean `acme/Reporting`?" in slip.err
    assert "`reconciler state list` shows" in reconciler("output", "z/zzzzz", *HERE).err
    none = reconciler("output", "acme/Reporting", "--state", "none.json", "--yes-print-secrets")
    assert (none.code, "the state knows no client" in none.err) == (64, True)
    assert reconciler("output", "acme", *HERE).code == 64


def test_a_secret_that_waits_in_a_journal_is_printed(
    store: LocalStore, reconciler: "Reconciler"
) -> None:
    """What a killed run had in hand can be had; a create without an answer is said to be one."""
    write(store)
    header = Header(run="r1", lineage=LINEAGE, serial=1, plan_id="p", at=AT)
    made = Intent(
        address=Address("acme", "Reporting"),
        nonce="n1",
        domain="acme.domo.com",
        live_name="Reporting",
        scope=("data",),
        sinks=("ops",),
        at=AT,
        principal="p",
    )
    opened = replace(made, address=Address("acme", "Audit"), nonce="n2", live_name="Audit")
    created = Created(nonce="n1", client_id="c9", secret=Plain(secret=Secret(SECRET)), at=AT)
    store.rescue(header, [made, opened, created])
    run = reconciler("output", "acme/Reporting", *HERE, "--format", "env")
    assert run.out == f"DOMO_CLIENT_ID=c9\nDOMO_CLIENT_SECRET={SECRET}\n"
    waiting = reconciler("output", "acme/Audit", *HERE)
    assert waiting.code == 64
    assert "the outcome of the create of acme/Audit is not known yet" in waiting.err


@pytest.fixture
def sealed(store: LocalStore, keypair: Callable[[str], "KeyPair"]) -> "KeyPair":
    """Write a state with a sealed secret, and return its key."""
    key = keypair("ops.key")
    kept = AgeSealing([key.recipient]).keep(client_id="c1", secret=Secret(SECRET))
    write(store, Reporting=replace(KEPT, secret=kept))
    return key


def test_a_sealed_secret_needs_a_key(
    sealed: "KeyPair",
    keypair: Callable[[str], "KeyPair"],
    reconciler: "Reconciler",
    tmp_path: Path,
) -> None:
    """Without a key, and with another one, the error says so; of several keys one is enough."""
    asked = ("output", "acme/Reporting", *HERE, "--format", "raw")
    other = keypair("other.key").file
    closed = reconciler(*asked)
    assert (closed.code, closed.out) == (1, "")
    assert "the secret of acme/Reporting is sealed" in closed.err
    wrong = reconciler(*asked, "--identity", other)
    assert (wrong.code, wrong.out) == (1, "")
    assert "no identity that was given opens the secret of acme/Reporting" in wrong.err
    piped = reconciler(*asked, "--identity", "-", stdin=(tmp_path / sealed.file).read_text())
    assert piped.code == 0, piped.err
    both = reconciler(*asked, "--identity", other, "--identity", sealed.file)
    assert (both.code, both.out) == (0, f"{SECRET}\n")
    named = reconciler(*asked, env={"RECONCILER_IDENTITY": f"{other}\n{sealed.file}"})
    assert named.out == f"{SECRET}\n"


@pytest.mark.usefixtures("sealed")
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"", "there is no key in"),
        (b"hunter2", "holds no usable key"),
        (b"-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2\n", "holds no usable key"),
        (b"\xff\xfe", "byte-order mark"),
    ],
)
def test_a_key_file_that_is_none_is_said_to_be_so(
    tmp_path: Path, reconciler: "Reconciler", content: bytes | None, said: str
) -> None:
    """The error names the file, and repeats nothing of what is in it."""
    if content is not None:
        (tmp_path / "bad.key").write_bytes(content)
    run = reconciler("output", "acme/Reporting", *HERE, "--identity", "bad.key")
    assert (run.code, run.out) == (1, "")
    assert said in run.err
    assert "bad.key" in run.err
    assert "hunter2" not in run.err


@pytest.mark.parametrize("by", ["option", "environment"])
def test_a_key_in_the_place_of_its_file_is_not_repeated(
    sealed: "KeyPair", tmp_path: Path, reconciler: "Reconciler", by: str
) -> None:
    """Who gives the key itself is told to give its file, and the key is in no message."""
    key = (tmp_path / sealed.file).read_text().splitlines()[1]
    asked = ("output", "acme/Reporting", *HERE)
    if by == "option":
        run = reconciler(*asked, "--identity", key)
    else:
        run = reconciler(*asked, env={"RECONCILER_IDENTITY": key})
    assert (run.code, run.out) == (64, "")
    assert "takes the file of a key, never the key itself" in run.err
    assert key not in run.err
