"""`reconciler state`: what is looked at, and what is mended by hand."""

import json
import os
import pty
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from reconciler.model.address import Address
from reconciler.state.model import Retiring

if TYPE_CHECKING:
    from tests.cli.conftest import Reconciler, Shelf

STATE: Final = ("--state", "s.json")
AT: Final = "2026-01-31T08:00:00Z"


def test_list_says_how_each_client_stands(shelf: "Shelf", reconciler: "Reconciler") -> None:
    """Delivered, waiting, adopted, orphaned, or of an unknown outcome: one line each."""
    old = Retiring(live_name="Old", client_id="c0", id=1, owner=None, scope=("data",))
    new = replace(shelf.intent, address=Address("acme", "New"), predecessor=None)
    attempt = replace(new, live_name="New", nonce="n2")
    shelf.write(
        shelf.intent, shelf.created, attempt,
        Adopted=replace(shelf.entry, adopted=True, delivered={}, client_id="c3"),
        Reporting=replace(shelf.entry, retiring=(old,)),
        Waiting=replace(shelf.entry, live_name="Waiting (2)", client_id="c2", delivered={}),
    )  # fmt: skip
    run = reconciler("state", "list", *STATE)
    assert (run.code, run.err) == (0, "")
    assert run.out.splitlines() == [
        "acme/Adopted    Reporting    adopted",
        "acme/New        -            outcome of a create unknown",
        "acme/Reporting  Reporting    delivered, 1 predecessor to retire, 1 orphan",
        "acme/Waiting    Waiting (2)  waiting for ops",
    ]


def test_list_is_data_for_programs(shelf: "Shelf", reconciler: "Reconciler") -> None:
    """As JSON it has a record for each address; a target chooses among them."""
    shelf.write(Reporting=shelf.entry, Audit=replace(shelf.entry, client_id="c2"))
    run = reconciler("state", "list", *STATE, "--target", "*/Rep*", "--format", "json")
    assert json.loads(run.out)["clients"] == [
        {
            "address": "acme/Reporting",
            "live_name": "Reporting",
            "client_id": "c1",
            "delivered": True,
            "waiting": [],
            "adopted": False,
            "retiring": [],
            "attempts": 0,
            "orphans": 0,
        }
    ]
    assert reconciler("state", "list", *STATE, "--target", "nobody").code == 64


def test_an_empty_state_is_no_error(shelf: "Shelf", reconciler: "Reconciler") -> None:
    """Where nothing is known nothing is listed, and nothing is written."""
    run = reconciler("state", "list", *STATE)
    assert (run.code, run.out, run.err) == (0, "", "Note: the state knows no client\n")
    listed = reconciler("state", "list", *STATE, "--format", "json")
    assert json.loads(listed.out)["clients"] == []
    assert reconciler("state", "show", "acme/Reporting", *STATE).code == 64
    assert list(shelf.files()) == []
    shelf.write(Reporting=shelf.entry)
    slip = reconciler("state", "show", "acme/Repotring", *STATE)
    assert (slip.code, "did you mean `acme/Reporting`?" in slip.err) == (64, True)


def test_show_says_all_but_the_secret(shelf: "Shelf", reconciler: "Reconciler") -> None:
    """Both forms say how the secret is kept, and neither shows it."""
    shelf.write(
        shelf.intent, shelf.created, Reporting=replace(shelf.kept, overlap=3600.0, protect=True)
    )
    text = reconciler("state", "show", "acme/Reporting", *STATE)
    assert text.out == (
        "address      acme/Reporting\n"
        "domain       acme.domo.com\n"
        "live name    Reporting\n"
        "client id    c1\n"
        "id           7\n"
        "scope        data, user\n"
        f"created at   {AT}\n"
        "secret       plain\n"
        "secret in    state\n"
        f"sinks        state: state, {AT}\n"
        "protect      yes\n"
        "on remove    keep\n"
        "overlap      1h\n"
        "orphans      Reporting (2) (c9), secret plain\n"
    )
    found = json.loads(
        reconciler("state", "show", "acme/Reporting", *STATE, "--format", "json").out
    )
    assert (found["secret"], found["secret_in"]) == ("plain", "state")
    assert found["orphans"] == [
        {"key": "c9", "live_name": "Reporting (2)", "at": AT, "secret": "plain"}
    ]
    assert shelf.secret not in text.out + json.dumps(found)


def test_show_knows_of_an_adopted_client_when_it_was_adopted(
    shelf: "Shelf", reconciler: "Reconciler"
) -> None:
    """Nobody here knows when it was made, so the moment is not called that of its creation."""
    shelf.write(Reporting=replace(shelf.entry, adopted=True))
    shown = reconciler("state", "show", "acme/Reporting", *STATE).out
    assert (f"adopted at   {AT}\n" in shown, "created at" in shown) == (True, False)


def test_show_says_where_a_secret_waits(shelf: "Shelf", reconciler: "Reconciler") -> None:
    """One that waits is in the journal, one that a sink has is not kept; predecessors are said."""
    old = Retiring(live_name="Old", client_id="c0", id=1, owner=None, scope=("data",))
    new = replace(shelf.intent, address=Address("acme", "New"), predecessor=None)
    attempt = replace(new, nonce="n2")
    shelf.write(
        replace(shelf.intent, predecessor="c1"), shelf.created, attempt,
        Reporting=shelf.entry, Audit=replace(shelf.entry, client_id="c2", retiring=(old,)),
    )  # fmt: skip
    waiting = reconciler("state", "show", "acme/Reporting", *STATE).out
    assert "secret       plain\nsecret in    journal\nsinks        ops: waits\n" in waiting
    audit = reconciler("state", "show", "acme/Audit", *STATE).out
    assert "secret       not kept\n" in audit
    assert "retiring     Old (c0)\n" in audit
    opened = reconciler("state", "show", "acme/New", *STATE).out
    assert f"attempts     Reporting (2), {AT}, outcome unknown\n" in opened


HOLD: Final = """\
import sys
from pathlib import Path
from reconciler.stores.local import LocalStore
with LocalStore(Path("s.json")).lock(purpose="apply", timeout=0):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_lock_names_who_holds_the_lock(
    shelf: "Shelf", tmp_path: Path, environment: dict[str, str], reconciler: "Reconciler"
) -> None:
    """A living holder is named and left alone; one that was killed is not in the way."""
    assert "no run has taken it yet" in reconciler("state", "lock", *STATE).err
    shelf.write(shelf.intent, Reporting=shelf.entry)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD],
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    held = reconciler("state", "lock", *STATE)
    assert (held.code, held.out) == (1, "")
    assert f"`apply` by {_me()}, process {holder.pid} on this machine" in held.err
    asked = reconciler("state", "lock", "--format", "json", *STATE)
    answer = json.loads(asked.out)
    assert (asked.code, answer["held"], answer["journals"]) == (1, True, None)
    assert (answer["holder"]["pid"], answer["holder"]["purpose"]) == (holder.pid, "apply")
    waiting = reconciler("state", "settle", "acme/Reporting", "--abandon", *STATE)
    assert (waiting.code, len(shelf.journals())) == (1, 1)
    os.kill(holder.pid, signal.SIGKILL)
    holder.communicate()
    free = reconciler("state", "lock", *STATE)
    assert (free.code, free.out) == (0, "")
    assert f"the lock is free: last held by `apply` by {_me()}, process {holder.pid}" in free.err
    assert ", which was killed\nhint: ended runs left 1 journal" in free.err
    assert shelf.store.lock_path.exists()
    assert reconciler("state", "lock", *STATE).err.startswith("Note: the lock is free\n")
    answer = json.loads(reconciler("state", "lock", "--format", "json", *STATE).out)
    assert (answer["held"], answer["holder"], answer["journals"]) == (False, None, 1)
    shelf.store.discard(shelf.journals())
    assert reconciler("state", "lock", *STATE).err == "Note: the lock is free\n"


def _me() -> str:
    import getpass

    return getpass.getuser()


def test_a_client_is_moved(shelf: "Shelf", tmp_path: Path, reconciler: "Reconciler") -> None:
    """The entry keeps all of itself, a sealed or plain secret included, under another address."""
    shelf.write(Reporting=shelf.kept)
    run = reconciler("state", "mv", "acme/Reporting", "acme/Reports", "--auto-approve", *STATE)
    assert (run.code, run.out) == (0, "")
    assert "moved acme/Reporting to acme/Reports" in run.err
    document = json.loads((tmp_path / "s.json").read_bytes())
    assert (document["serial"], list(document["clients"])) == (2, ["acme/Reports"])
    assert document["clients"]["acme/Reports"]["client_secret"] == shelf.secret


def test_a_client_stays_on_its_instance(
    shelf: "Shelf", tmp_path: Path, reconciler: "Reconciler"
) -> None:
    """No move leaves a state that every plan would refuse: the domains must be one."""
    shelf.write(Reporting=shelf.entry)
    before = (tmp_path / "s.json").read_bytes()
    (tmp_path / "reconciler.yaml").write_text(
        "version: 1\ninstances: {two: {}, renamed: {domain: acme.domo.com}}\n"
    )
    for target, why in (
        ("two/Reporting", "two is two.domo.com"),
        ("nowhere/Reporting", "no instance `nowhere`"),
    ):
        run = reconciler("state", "mv", "acme/Reporting", target, "--auto-approve", *STATE)
        assert (run.code, why in run.err) == (64, True)
    assert (tmp_path / "s.json").read_bytes() == before
    move = ("state", "mv", "acme/Reporting", "renamed/Reporting", "--format", "json")
    run = reconciler(*move, "--auto-approve", *STATE)
    assert json.loads(run.out)["addresses"] == ["acme/Reporting", "renamed/Reporting"]
    listed = reconciler("state", "list", "--label", "env=prod", *STATE)
    assert (listed.code, "the label env=prod" in listed.err) == (64, True)


def test_a_client_is_forgotten(shelf: "Shelf", reconciler: "Reconciler") -> None:
    """It is gone from the state, and its secret from the backup as well."""
    shelf.write(Reporting=shelf.kept, Audit=replace(shelf.entry, client_id="c2"))
    run = reconciler("state", "rm", "acme/Reporting", "--auto-approve", *STATE)
    assert (run.code, run.out) == (0, "")
    assert "the secret that the state keeps of it goes, from the backup as well" in run.err
    files = shelf.files()
    assert list(json.loads(files["s.json"])["clients"]) == ["acme/Audit"]
    assert list(json.loads(files["s.json.backup"])["clients"]) == ["acme/Audit", "acme/Reporting"]
    assert shelf.secret.encode() not in b"".join(files.values())


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("rm", "acme/Reporting"), 64, "there is no terminal to ask for approval"),
        (("mv", "acme/Reporting", "acme/New"), 64, "there is no terminal to ask for approval"),
        (("rm", "acme/Reportin", "--auto-approve"), 64, "did you mean `acme/Reporting`?"),
        (("mv", "acme/Reporting", "acme/Audit", "--auto-approve"), 64, "has a client at `acme/A"),
        (("mv", "acme/Reporting", "ACME/X", "--auto-approve"), 64, "an address such as"),
        (("mv", "acme/Reporting", "X", "--auto-approve"), 64, "`X` is not an address"),
        (("rm", "acme/Busy", "--auto-approve"), 1, "left a journal about acme/Busy"),
    ],
)
def test_what_cannot_be_edited_stays(
    shelf: "Shelf",
    reconciler: "Reconciler",
    arguments: tuple[str, ...],
    code: int,
    said: str,
) -> None:
    """Every refusal says why, and leaves each file as it was."""
    busy = replace(shelf.intent, address=Address("acme", "Busy"), predecessor="c3")
    shelf.write(
        busy,
        Reporting=shelf.kept,
        Audit=replace(shelf.entry, client_id="c2"),
        Busy=replace(shelf.entry, client_id="c3"),
    )
    before = shelf.files()
    run = reconciler("state", *arguments, *STATE)
    assert (run.code, run.out) == (code, "")
    assert said in run.err
    assert shelf.files() == before


@pytest.mark.parametrize(("answer", "left"), [("yes", []), ("y", ["acme/Reporting"])])
def test_a_person_is_asked(
    shelf: "Shelf", environment: dict[str, str], answer: str, left: list[str]
) -> None:
    """On a terminal the change is shown and asked about; only `yes` is taken as yes."""
    shelf.write(Reporting=replace(shelf.entry, protect=True))
    ours, theirs = pty.openpty()
    os.write(ours, f"{answer}\n".encode())
    done = subprocess.run(
        [sys.executable, "-m", "reconciler", "state", "rm", "acme/Reporting", *STATE],
        cwd=shelf.folder,
        env=environment,
        stdin=theirs,
        capture_output=True,
        timeout=60,
        check=False,
    )
    os.close(theirs)
    os.close(ours)
    assert b"acme/Reporting will be forgotten (client c1, `Reporting`)" in done.stderr
    assert b"Go on? " in done.stderr
    assert b"Warning: acme/Reporting is protected: once it is forgotten" in done.stderr
    assert done.returncode == bool(left)
    assert (b"nothing was done" in done.stderr) is bool(left)
    assert list(json.loads(shelf.files()["s.json"])["clients"]) == left


def test_the_commands_are_listed_and_suggested(reconciler: "Reconciler") -> None:
    """The group's help lists every command, each has an example, and a slip is understood."""
    listed = reconciler("state", "--help").out
    for name in ("list", "show", "mv", "rm", "rekey", "settle", "lock"):
        assert f"\n  {name} " in listed
        shown = reconciler("state", name, "--help").out
        assert f"Example: reconciler state {name}" in shown
    slip = reconciler("state", "lst")
    assert (slip.code, slip.out) == (64, "")
    assert slip.err == "Error: there is no command `state lst`\nhint: did you mean `list`?\n"
