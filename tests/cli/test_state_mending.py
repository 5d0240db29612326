"""`reconciler state settle` and `rekey`: open ends are settled, and secrets sealed anew."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from reconciler.model.address import Address
from reconciler.model.secret import Secret
from reconciler.state.journal_records import Created
from reconciler.state.model import Plain
from reconciler.stores.encryption import AgeSealing, identities_from

if TYPE_CHECKING:
    from tests.cli.conftest import KeyPair, Reconciler, Shelf

STATE: Final = ("--state", "s.json")


@pytest.mark.parametrize("how", ["--revoked", "--abandon"])
def test_an_open_create_is_settled_by_hand(
    shelf: "Shelf", reconciler: "Reconciler", how: str
) -> None:
    """Its journal forgets the create and nothing else, and the state is as it was."""
    audit = Address("acme", "Audit")
    other = replace(shelf.intent, address=audit, nonce="n2", predecessor=None)
    shelf.write(shelf.intent, other, Reporting=replace(shelf.entry, client_id="c0"))
    before = shelf.files()["s.json"]
    run = reconciler("state", "settle", "acme/Reporting", how, *STATE)
    assert (run.code, run.out) == (0, "")
    assert "acme/Reporting: 1 open end settled" in run.err
    (left,) = shelf.journals()
    assert left.records[0] == other
    assert shelf.intent not in left.records
    assert reconciler("state", "settle", "acme/Audit", how, *STATE).code == 0
    assert shelf.files() == {"s.json": before}


def test_an_orphan_is_settled_with_its_secret(shelf: "Shelf", reconciler: "Reconciler") -> None:
    """`--output` prints the secret that the journal has, and then the journal goes."""
    shelf.write(shelf.intent, shelf.created, Reporting=shelf.entry)
    asked = ("state", "settle", "acme/Reporting", "--output", "--format", "json", *STATE)
    refused = reconciler(*asked)
    assert (refused.code, refused.out) == (64, "")
    assert len(shelf.journals()) == 1
    run = reconciler(*asked, "--yes-print-secrets")
    assert run.code == 0
    printed = json.loads(run.out)
    assert (printed["client_id"], printed["client_secret"]) == ("c9", shelf.secret)
    assert list(shelf.files()) == ["s.json"]


def test_a_secret_that_could_not_be_printed_is_kept(
    shelf: "Shelf", tmp_path: Path, environment: dict[str, str]
) -> None:
    """Where standard output takes nothing the orphan stays in its journal."""
    shelf.write(shelf.intent, shelf.created, Reporting=shelf.entry)
    before = shelf.files()
    command = ["state", "settle", "acme/Reporting", "--output", "--yes-print-secrets"]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "reconciler", *command, *STATE],
            cwd=tmp_path,
            env=environment,
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert b"cannot write the output" in done.stderr
    assert shelf.files() == before


def test_a_sealed_orphan_needs_a_key(
    shelf: "Shelf",
    keypair: Callable[[str], "KeyPair"],
    reconciler: "Reconciler",
) -> None:
    """Without its key nothing is printed and nothing is ended."""
    key = keypair("ops.key")
    kept = AgeSealing([key.recipient]).keep(client_id="c9", secret=Secret(shelf.secret))
    shelf.write(shelf.intent, replace(shelf.created, secret=kept), Reporting=shelf.entry)
    before = shelf.files()
    asked = ("state", "settle", "acme/Reporting", "--output", "--yes-print-secrets", *STATE)
    closed = reconciler(*asked)
    assert (closed.code, closed.out, shelf.files()) == (1, "", before)
    run = reconciler(*asked, "--format", "raw", "--identity", key.file)
    assert (run.code, run.out) == (0, f"{shelf.secret}\n")
    assert list(shelf.files()) == ["s.json"]


def test_of_several_open_ends_one_is_named(shelf: "Shelf", reconciler: "Reconciler") -> None:
    """`--output` asks which one is meant, and a key names it; the other stays open."""
    second = replace(shelf.intent, nonce="n2", live_name="Reporting (3)")
    shelf.write(shelf.intent, shelf.created, second, Reporting=shelf.entry)
    asked = ("state", "settle", "acme/Reporting", "--output", "--yes-print-secrets", *STATE)
    many = reconciler(*asked)
    assert (many.code, many.out) == (64, "")
    assert "2 open ends at `acme/Reporting`: n2, c9" in many.err
    unsaid = reconciler(*asked, "--key", "n2")
    assert (unsaid.code, unsaid.out) == (64, "")
    assert "its answer never came" in unsaid.err
    assert reconciler(*asked, "--key", "c9", "--format", "raw").out == f"{shelf.secret}\n"
    (left,) = shelf.journals()
    assert second in left.records
    assert shelf.created not in left.records


def test_where_nothing_is_open_nothing_is_settled(shelf: "Shelf", reconciler: "Reconciler") -> None:
    """The error lists what is open, or that nothing is; a delivery that waits is not."""
    shelf.write(shelf.intent, Audit=shelf.entry)
    before = shelf.files()
    run = reconciler("state", "settle", "acme/Audit", "--abandon", *STATE)
    assert (run.code, run.out) == (64, "")
    assert "no journal has anything open at `acme/Audit`\nhint: open are: acme/Reporting" in run.err
    keyed = reconciler("state", "settle", "acme/Reporting", "--abandon", "--key", "x", *STATE)
    assert (keyed.code, "with the key `x`" in keyed.err) == (64, True)
    assert reconciler("state", "settle", "acme/Reporting", *STATE).code == 64
    none = reconciler("state", "settle", "acme/Reporting", "--abandon", "--state", "none.json")
    assert (none.code, "nothing is open anywhere" in none.err) == (64, True)
    assert shelf.files() == before


def manifest(folder: Path, *recipients: str) -> None:
    """Write a manifest that seals to these recipients."""
    age = f"encryption: {{age: {{recipients: {json.dumps(recipients)}}}}}" if recipients else ""
    (folder / "reconciler.yaml").write_text(
        f"version: 1\nstate: {{path: s.json, {age}}}\ninstances: {{acme: {{}}}}\n"
    )


def sealed(folder: Path, name: str) -> str:
    """Return the sealed secret of a client as the state file has it."""
    clients: dict[str, Any] = json.loads((folder / "s.json").read_bytes())["clients"]
    text: str = clients[f"acme/{name}"]["client_secret_sealed"]
    return text


def test_rekey_seals_to_the_new_recipients(
    shelf: "Shelf",
    tmp_path: Path,
    keypair: Callable[[str], "KeyPair"],
    reconciler: "Reconciler",
) -> None:
    """State and journal open with the new key alone, plain ones too; nothing old is left."""
    old, new = keypair("old.key"), keypair("new.key")
    kept = AgeSealing([old.recipient]).keep(client_id="c1", secret=Secret(shelf.secret))
    orphan = AgeSealing([old.recipient]).keep(client_id="c9", secret=Secret(shelf.secret))
    shelf.write(
        shelf.intent,
        replace(shelf.created, secret=orphan),
        Reporting=replace(shelf.kept, secret=kept),
        Audit=replace(shelf.kept, client_id="c2"),
        Delivered=replace(shelf.entry, client_id="c3"),
    )
    before = sealed(tmp_path, "Reporting")
    manifest(tmp_path, new.recipient)
    run = reconciler("state", "rekey", "--identity", old.file)
    assert (run.code, run.out) == (0, "")
    assert "3 secrets sealed to 1 recipient; 1 had been in plain" in run.err
    state = shelf.store.read()
    assert state is not None
    assert (state.serial, len(state.clients)) == (2, 3)
    (journal,) = shelf.journals()
    created = next(each for each in journal.records if isinstance(each, Created))
    keys = identities_from((tmp_path / new.file).read_text(), name=new.file)
    sealing = AgeSealing([new.recipient], keys)
    holders = {each.client_id: each.secret for each in state.clients.values()}
    holders["c9"] = created.secret
    assert holders.pop("c3") is None
    for client_id, found in holders.items():
        assert found is not None
        assert not isinstance(found, Plain)
        opened = sealing.open(client_id=client_id, sealed=found)
        assert opened is not None
        assert opened.same_as(Secret(shelf.secret))
    for data in shelf.files().values():
        assert shelf.secret.encode() not in data
        assert json.dumps(before).encode()[1:-1] not in data


def test_rekey_is_all_or_nothing(
    shelf: "Shelf",
    tmp_path: Path,
    keypair: Callable[[str], "KeyPair"],
    reconciler: "Reconciler",
) -> None:
    """Where one secret stays closed it is named, and not a byte is written."""
    old, other, new = keypair("old.key"), keypair("other.key"), keypair("new.key")
    mine = AgeSealing([old.recipient]).keep(client_id="c1", secret=Secret(shelf.secret))
    theirs = AgeSealing([other.recipient]).keep(client_id="c2", secret=Secret(shelf.secret))
    shelf.write(
        Reporting=replace(shelf.kept, secret=mine),
        Audit=replace(shelf.kept, client_id="c2", secret=theirs),
    )
    manifest(tmp_path, new.recipient)
    before = shelf.files()
    run = reconciler("state", "rekey", "--identity", old.file)
    assert (run.code, run.out) == (1, "")
    assert "1 of 2 secrets cannot be opened: acme/Audit\nhint: nothing was written" in run.err
    assert shelf.files() == before
    both = ("--identity", old.file, "--identity", other.file)
    assert reconciler("state", "rekey", *both).code == 0
    assert shelf.files() != before


def test_rekey_needs_somebody_to_seal_to(
    shelf: "Shelf",
    tmp_path: Path,
    keypair: Callable[[str], "KeyPair"],
    reconciler: "Reconciler",
) -> None:
    """Without recipients it is refused; without a secret nothing is written."""
    shelf.write(Reporting=shelf.entry)
    before = shelf.files()
    manifest(tmp_path)
    assert reconciler("state", "rekey").code == 64
    manifest(tmp_path, keypair("new.key").recipient)
    run = reconciler("state", "rekey")
    assert (run.code, run.err) == (0, "Note: there is no secret to seal\n")
    assert shelf.files() == before
