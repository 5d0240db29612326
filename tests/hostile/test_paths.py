"""Paths, commands and files that somebody else had a hand in."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from reconciler.sandbox.running_sandbox import Running

pytestmark = pytest.mark.usefixtures("uncovered")

LINEAGE = "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0"


def files(folder: Path) -> set[str]:
    """Return every file under a folder, by its path in it."""
    return {str(each.relative_to(folder)) for each in folder.rglob("*") if not each.is_dir()}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("secrets/{client}.json", "../../climbed"),
        ("secrets/{client}", "a/../../../climbed"),
        ("{client}.json", "/etc/climbed"),
        ("secrets/{client}", ".."),
        ("secrets/{client}/", "x"),
        ("secrets/link/{client}.json", "through-a-link"),
        ("secrets/{client}/x.json", "link"),
    ],
)
def test_a_sink_does_not_leave_its_folder(
    *,
    path: str,
    name: str,
    apply: Callable[..., Any],
    manifest: Callable[..., Path],
    sandbox: Callable[..., "Running"],
    config: Callable[..., Any],
    tmp_path: Path,
) -> None:
    """By `..`, from the root, or through a link that a name chose: refused before any request."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "secrets").mkdir()
    if "link/" not in path:
        (tmp_path / "secrets/link").symlink_to(outside)
    served = sandbox(config())
    manifest(
        served.api,
        served.instance_template,
        sink=f"{{type: file, path: {json.dumps(path)}}}",
        client=json.dumps({"name": name, "scope": ["data"]}),
    )
    if "link/" in path:  # a link that the user wrote out is the user's own choice
        (tmp_path / "secrets/link").symlink_to(outside)
        assert apply().code == 0
        assert files(outside) == {"through-a-link.json"}
        return
    ended = apply()
    assert ended.code == 1
    assert "Error: " in ended.err
    assert not served.requests()
    assert not files(outside)
    assert not Path("/etc/climbed").exists()
    assert not list(tmp_path.parent.glob("climbed*"))
    assert {each.split(".")[0] for each in files(tmp_path)} <= {"", "reconciler", "secrets/link"}


@pytest.mark.parametrize(
    ("sink", "said"),
    [
        ('{type: exec, command: [sleep, "600"], timeout: 300ms}', "did not end within"),
        ("{type: exec, command: [sh, -c, 'yes >&1'], timeout: 5s}", "files"),
        ("{type: exec, command: [sh, -c, 'yes >&2'], timeout: 300ms}", "did not end within"),
    ],
    ids=["hangs", "floods-out", "floods-err"],
)
def test_a_sink_that_does_not_end_costs_its_time_out(
    *,
    sink: str,
    said: str,
    apply: Callable[..., Any],
    manifest: Callable[..., Path],
    sandbox: Callable[..., "Running"],
    config: Callable[..., Any],
    tmp_path: Path,
) -> None:
    """The secret stays in the journal, little is kept of the flood, and the next apply delivers."""
    served = sandbox(config())
    manifest(served.api, served.instance_template, sink=sink)
    ended = apply()
    assert ended.code == 3
    assert said in ended.err
    assert ended.megabytes < 320
    (client,) = served.clients("acme.domo.com")
    assert client.client_secret not in ended.said
    (journal,) = tmp_path.glob("*.journal")
    assert client.client_secret in journal.read_text()
    assert journal.stat().st_mode & 0o777 == 0o600
    manifest(served.api, served.instance_template, sink="{type: exec, command: [tee, got]}")
    assert apply().code == 0
    assert json.loads((tmp_path / "got").read_bytes())["client_secret"] == client.client_secret
    assert len(served.clients("acme.domo.com")) == 1


def test_a_credential_command_that_floods_is_ended(
    *,
    apply: Callable[..., Any],
    manifest: Callable[..., Path],
    sandbox: Callable[..., "Running"],
    config: Callable[..., Any],
) -> None:
    """Both streams without end: one error that names the reference, and no sign-on."""
    served = sandbox(config())
    auth = "{method: token, token: {command: [sh, -c, 'yes s3cret & yes s3cret >&2']}}"
    manifest(served.api, served.instance_template, auth=auth)
    ended = apply()
    assert ended.code == 3
    assert "printed more than 1 MiB" in ended.err
    assert "s3cret\n" not in ended.err.partition("printed more")[2]
    assert ended.megabytes < 320
    assert not served.requests()


@pytest.mark.slow
def test_a_credential_command_that_hangs_costs_half_a_minute(
    *,
    apply: Callable[..., Any],
    manifest: Callable[..., Path],
    sandbox: Callable[..., "Running"],
    config: Callable[..., Any],
) -> None:
    """It is ended, with the children that it started."""
    served = sandbox(config())
    auth = '{method: token, token: {command: [sh, -c, "sleep 600 & sleep 600"]}}'
    manifest(served.api, served.instance_template, auth=auth)
    ended = apply()
    assert ended.code == 3
    assert "did not end within 30s" in ended.err
    assert ended.seconds > 29
    assert not served.requests()


def entry(**changes: object) -> dict[str, object]:
    """Return an entry of a state as a tool of another mind would write it."""
    found: dict[str, object] = {
        "domain": "acme.domo.com",
        "live_name": "Reporting",
        "client_id": "00000000-0000-4000-8000-000000000001",
        "scope": ["data"],
        "created_at": "2026-01-31T08:00:00Z",
        "sinks": ["files"],
        "delivered": {"files": {"target": "secrets/reporting.json", "at": "2026-01-31T08:00:00Z"}},
    }
    return found | changes


def test_no_path_in_a_state_is_trusted(
    *,
    apply: Callable[..., Any],
    manifest: Callable[..., Path],
    sandbox: Callable[..., "Running"],
    config: Callable[..., Any],
    tmp_path: Path,
) -> None:
    """Targets, sinks and names in it choose no file and no command: the manifest alone does."""
    served = sandbox(config())
    manifest(served.api, served.instance_template)
    reached = {"target": f"{tmp_path}/climbed", "at": "2026-01-31T08:00:00Z"}
    waiting = entry(
        live_name="../../climbed",
        sinks=["files", "elsewhere"],
        delivered={"elsewhere": reached},
        client_secret="chosen-by-somebody-else",
    )
    state = {"version": 1, "lineage": LINEAGE, "serial": 1, "clients": {"acme/Reporting": waiting}}
    (tmp_path / "reconciler.state.json").write_text(json.dumps(state))
    ended = apply()
    assert "internal" not in ended.said
    assert not (tmp_path / "climbed").exists()
    assert {each for each in files(tmp_path) if "secrets" in each} <= {"secrets/reporting.json"}


def test_a_state_cannot_have_a_stranger_revoked(
    *,
    apply: Callable[..., Any],
    manifest: Callable[..., Path],
    sandbox: Callable[..., "Running"],
    config: Callable[..., Any],
    tmp_path: Path,
) -> None:
    """A numeric id in it is not enough: the list must show it with the same client id."""
    served = sandbox(config())
    stranger = served.add_client("acme.domo.com", "Stranger", owner="ops@acme.example")
    manifest(served.api, served.instance_template)
    gone = entry(id=stranger.id, live_name="Stranger", on_remove="revoke")
    state = {"version": 1, "lineage": LINEAGE, "serial": 1, "clients": {"acme/Gone": gone}}
    (tmp_path / "reconciler.state.json").write_text(json.dumps(state))
    assert apply().code in {0, 3}
    assert not served.revoked("acme.domo.com")
    assert not served.count(route="revoke")


@pytest.mark.parametrize("what", ["state", "journal"])
@pytest.mark.parametrize("kind", ["sparse", "deep", "pipe", "folder", "looped", "garbage"])
def test_a_file_that_is_no_state_is_refused(
    *,
    kind: str,
    what: str,
    apply: Callable[..., Any],
    manifest: Callable[..., Path],
    sandbox: Callable[..., "Running"],
    config: Callable[..., Any],
    tmp_path: Path,
) -> None:
    """A terabyte of nothing, a pipe, a loop of links: said at once, left as it is, no request."""
    served = sandbox(config())
    manifest(served.api, served.instance_template)
    path = tmp_path / ("reconciler.state.json" + ".r1.journal" * (what == "journal"))
    if kind == "sparse":
        path.touch()
        os.truncate(path, 1 << 40)
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "looped":
        path.symlink_to(path)
    else:
        path.write_bytes(
            b"[" * 1_000_000 + b"\n" if kind == "deep" else b"\xff\x00\x1b[2J" * 100 + b"\n{}\n"
        )
    before = path.lstat()
    ended = apply()
    assert ended.code == 1
    assert "Error: " in ended.err
    assert "internal" not in ended.said
    assert ended.is_fit_for_a_terminal()
    assert ended.megabytes < 320
    after = path.lstat()
    assert (after.st_ino, after.st_size, after.st_mtime_ns) == (
        before.st_ino,
        before.st_size,
        before.st_mtime_ns,
    )
    assert not served.requests()


@pytest.mark.parametrize("name", ["backup", "lock"])
def test_a_link_beside_the_state_leads_nowhere(
    *,
    name: str,
    apply: Callable[..., Any],
    manifest: Callable[..., Path],
    sandbox: Callable[..., "Running"],
    config: Callable[..., Any],
    tmp_path: Path,
) -> None:
    """What a link points at is not written: the backup replaces the link, the lock refuses it."""
    served = sandbox(config())
    manifest(served.api, served.instance_template)
    victim = tmp_path / "victim"
    victim.write_text("precious")
    link = tmp_path / f"reconciler.state.json.{name}"
    link.symlink_to(victim)
    ended = apply()
    assert ended.code == (1 if name == "lock" else 0)
    assert victim.read_text() == "precious"
    assert link.is_symlink() == (name == "lock")


def test_a_linked_secret_outside_its_folder_is_refused_before_any_request(
    *,
    apply: Callable[..., Any],
    manifest: Callable[..., Path],
    sandbox: Callable[..., "Running"],
    config: Callable[..., Any],
    tmp_path: Path,
) -> None:
    """A link out of the sink's folder stops the run; one inside of it is followed."""
    served = sandbox(config())
    manifest(served.api, served.instance_template)
    (tmp_path / "victim").write_text("precious")
    (tmp_path / "secrets").mkdir()
    link = tmp_path / "secrets/reporting.json"
    link.symlink_to("../victim")
    ended = apply()
    assert ended.code == 1
    assert "a symbolic link that leads out of" in ended.err
    assert not served.requests()
    assert (tmp_path / "victim").read_text() == "precious"
    link.unlink()
    link.symlink_to("real.json")
    assert apply().code == 0
    assert link.readlink() == Path("real.json")
    (client,) = served.clients("acme.domo.com")
    held = json.loads((tmp_path / "secrets/real.json").read_text())
    assert held["client_secret"] == client.client_secret
