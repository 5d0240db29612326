"""A state or a journal that was cut, changed or exchanged: refused, kept, and said what to do."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from reconciler.sandbox.running_sandbox import Running

pytestmark = pytest.mark.usefixtures("uncovered")

STATE = "reconciler.state.json"
FOREIGN = "ffffffff-ffff-4fff-8fff-ffffffffffff"


@pytest.fixture
def left(
    apply: Callable[..., Any],
    manifest: Callable[..., Path],
    sandbox: Callable[..., "Running"],
    config: Callable[..., Any],
) -> "Running":
    """Return a sandbox on which a run made a client, whose secret stands in the journal alone."""
    served = sandbox(config())
    manifest(served.api, served.instance_template, sink='{type: exec, command: ["false"]}')
    assert apply().code == 3
    manifest(served.api, served.instance_template)
    return served


def journal_of(folder: Path) -> Path:
    """Return the journal that was left."""
    (path,) = folder.glob("*.journal")
    return path


def is_healed(apply: Callable[..., Any], served: "Running", folder: Path) -> bool:
    """Say whether an apply delivers the secret of the one client that was made, and no other."""
    ended = apply()
    assert ended.code == 0, ended.said
    (client,) = served.clients("acme.domo.com")
    got = json.loads((folder / "secrets/reporting.json").read_bytes())
    assert got["client_secret"] == client.client_secret
    assert served.count(route="create") == 1
    return not list(folder.glob("*.journal"))


DAMAGES: dict[str, tuple[str, Callable[[bytes], bytes], str]] = {
    "a bit of a record": ("journal", lambda data: flipped(data, len(data) // 2), "is corrupt"),
    "a bit of the header": ("journal", lambda data: flipped(data, 20), "is corrupt"),
    "a line taken out": (
        "journal",
        lambda data: b"".join(data.splitlines(keepends=True)[1:]),
        "is not a journal",
    ),
    "a foreign lineage": (
        "state",
        lambda data: data.replace(json.loads(data)["lineage"].encode(), FOREIGN.encode()),
        "belongs to another state",
    ),
    "a state cut off": ("state", lambda data: data[: len(data) // 2], "truncated or corrupt"),
    "a state emptied": ("state", lambda _: b"", "is empty"),
    "a state of zeros": ("state", lambda data: b"\0" * len(data), "truncated or corrupt"),
    "a bit of the state": (
        "state",
        lambda data: flipped(data, data.index(b'"version"') + 1),
        "is not a state",
    ),
    "a newer state": (
        "state",
        lambda data: data.replace(b'"version": 1', b'"version": 99'),
        "version 99",
    ),
}


def flipped(data: bytes, at: int) -> bytes:
    """Return `data` with one bit changed."""
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_was_changed_is_refused_and_kept(
    damage: str, left: "Running", apply: Callable[..., Any], tmp_path: Path
) -> None:
    """One error with a hint, no request, no byte written; put back, the secret is delivered."""
    which, change, said = DAMAGES[damage]
    path = journal_of(tmp_path) if which == "journal" else tmp_path / STATE
    whole = path.read_bytes()
    path.write_bytes(change(whole))
    before = {each.name: each.read_bytes() for each in tmp_path.glob("reconciler.state*")}
    asked = len(left.requests())
    ended = apply()
    assert ended.code == 1
    assert said in ended.err
    assert "hint: " in ended.err
    assert len(left.requests()) == asked
    (client,) = left.clients("acme.domo.com")
    assert client.client_secret not in ended.said
    assert {each.name: each.read_bytes() for each in tmp_path.glob("reconciler.state*")} == before
    path.write_bytes(whole)
    assert is_healed(apply, left, tmp_path)


def test_a_torn_last_line_is_one_that_was_never_written(
    left: "Running", apply: Callable[..., Any], tmp_path: Path
) -> None:
    """The record of the secret is cut: the client is known by its mark, ended, and made anew."""
    path = journal_of(tmp_path)
    path.write_bytes(path.read_bytes()[:-25])
    ended = apply()
    assert ended.code == 0, ended.said
    (client,) = left.clients("acme.domo.com")
    (old,) = left.revoked("acme.domo.com")
    assert old.client_secret != client.client_secret
    got = json.loads((tmp_path / "secrets/reporting.json").read_bytes())
    assert got["client_secret"] == client.client_secret


@pytest.mark.parametrize("lost", ["lock", "state", "both"])
def test_what_is_lost_beside_a_journal_costs_no_secret(
    lost: str, left: "Running", apply: Callable[..., Any], tmp_path: Path
) -> None:
    """Without its lock, and even without its state, a journal tells what was made."""
    if lost in {"lock", "both"}:
        (tmp_path / f"{STATE}.lock").unlink()
    if lost in {"state", "both"}:
        (tmp_path / STATE).unlink()
    assert is_healed(apply, left, tmp_path)


def test_the_journal_of_another_state_is_not_used_up(
    left: "Running", apply: Callable[..., Any], tmp_path: Path
) -> None:
    """A journal that was copied to the wrong place is refused there, and works where it belongs."""
    path = journal_of(tmp_path)
    safe = tmp_path / "safe"
    shutil.move(path, safe)
    state = json.loads((tmp_path / STATE).read_bytes())
    (tmp_path / STATE).write_text(json.dumps(state | {"lineage": FOREIGN}))
    shutil.copy(safe, path)
    ended = apply()
    assert ended.code == 1
    assert "belongs to another state" in ended.err
    assert path.read_bytes() == safe.read_bytes()
    (tmp_path / STATE).write_text(json.dumps(state))
    assert is_healed(apply, left, tmp_path)
