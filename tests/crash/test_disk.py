"""Disks that are full, read-only, or fail at any call: real mechanisms, and what is left after.

A limit on the size of files needs no privilege and works on a running process. A small tmpfs in a
mount namespace of its own, an immutable folder and injected errors need one, or a limit stands in.
"""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from reconciler.sandbox.running_sandbox import Running

ROOT: Final = str(Path(__file__).parents[2])
# Where no file may grow, coverage could not write its own.
KEPT: Final = {key: value for key, value in os.environ.items() if not key.startswith("COV")}
ENVIRONMENT: Final = {**KEPT, "PYTHONPATH": ROOT, "PW": "right", "PYTHONDONTWRITEBYTECODE": "1"}
DOMAIN: Final = "i0.domo.com"
CLIENTS: Final = 4
STATE: Final = "reconciler.state.json"
APPLY: Final = (
    sys.executable,
    *["-m", "reconciler", "apply", "--auto-approve", "--absence-window", "200ms"],
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a run ended, and what it said."""

    code: int
    said: str


def start(
    folder: Path, *, before: tuple[str, ...] = (), limit: int | None = None
) -> "subprocess.Popen[str]":
    """Start an apply on the manifest in `folder`; `limit` is the most bytes a file may have."""

    def bounded() -> None:
        if limit is not None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))

    return subprocess.Popen(
        [*before, *APPLY, "-f", str(folder / "reconciler.yaml")],
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=bounded,  # noqa: PLW1509 (a limit must hold from the first byte on)
    )


def end(process: "subprocess.Popen[str]") -> Ended:
    """Wait for a run."""
    said, _ = process.communicate(timeout=60)
    return Ended(code=process.returncode, said=said)


def world(**rules: object) -> dict[str, Any]:
    """Return one instance with one user."""
    users = [{"email": "ops@i.example", "password": "right"}]
    return {"seed": 5, "instances": {DOMAIN: {"users": users, **rules}}}


def write_manifest(
    folder: Path, served: "Running", *, clients: int = CLIENTS, sink: str | None = None
) -> None:
    """Write a manifest of some clients whose secrets go to files."""
    path = folder.parent / "secrets" if folder.name == "disk" else folder / "secrets"
    names = ", ".join(f"{{name: Client {n}, scope: [data]}}" for n in range(clients))
    files = sink or f'{{type: file, path: "{path}/{{client_slug}}.json"}}'
    (folder / "reconciler.yaml").write_text(
        f'version: 1\nendpoints: {{api: {served.api}, instance: "{served.instance_template}"}}\n'
        f"sinks: {{files: {files}}}\n"
        f"defaults: {{sink: files, auth: "
        f'{{method: password, email: "ops@i.example", password: {{env: PW}}}}}}\n'
        f"instances: {{i0: {{clients: [{names}]}}}}\n"
    )


def wait_for(what: Callable[[], object]) -> None:
    """Wait until `what` is true, 30 seconds at the most."""
    deadline = time.monotonic() + 30
    while not what():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.01)


def secrets_of(served: "Running") -> set[str]:
    """Return every secret that Domo ever gave out."""
    every = (*served.clients(DOMAIN), *served.revoked(DOMAIN))
    return {each.client_secret for each in every}


def assert_silent(ended: Ended, served: "Running") -> None:
    """Check that a run said no secret and met nothing that it did not expect."""
    assert not [each for each in secrets_of(served) if each in ended.said]
    assert "internal error" not in ended.said
    assert "Traceback" not in ended.said


def assert_healed(
    folder: Path, served: "Running", *, clients: int = CLIENTS, before: tuple[str, ...] = ()
) -> None:
    """Apply on a disk that works, and check that everything is there, once, and nothing else."""
    served.clear_faults()
    ended = end(start(folder, before=before))
    assert ended.code == 0, ended.said
    assert_silent(ended, served)
    live = {each.name: each for each in served.clients(DOMAIN)}
    assert len(served.clients(DOMAIN)) == clients
    sinks = folder.parent / "secrets" if folder.name == "disk" else folder / "secrets"
    known = json.loads((folder / STATE).read_bytes())["clients"]
    for number in range(clients):
        client = live[f"Client {number}"]
        delivered = json.loads((sinks / f"client-{number}.json").read_bytes())
        assert delivered["client_secret"] == client.client_secret
        assert known[f"i0/Client {number}"]["client_id"] == client.client_id
    assert not list(folder.glob("*.journal"))
    assert not list(folder.glob("*.tmp"))


@contextmanager
def between_intent_and_create(
    folder: Path, served: "Running", before: tuple[str, ...] = ()
) -> Iterator["subprocess.Popen[str]"]:
    """Start an apply and yield while its intents are durable and nothing is made for a second."""
    served.fault("rate_limited", route="create", seconds=1.0)
    process = start(folder, before=before)
    wait_for(lambda: served.count(route="create") or process.poll() is not None)
    yield process


def journal_of(folder: Path) -> Path:
    """Return the one journal of a run under way."""
    (path,) = folder.glob("*.journal")
    return path


@pytest.mark.parametrize(
    "room", [0, 9, *(pytest.param(room, marks=pytest.mark.slow) for room in (1, 100))]
)
def test_a_secret_that_the_journal_does_not_take_is_kept_beside(
    room: int, tmp_path: Path, sandbox: Callable[..., "Running"]
) -> None:
    """The journal tears at any byte of the record; a file of its own, mode 0600, has all of it."""
    served = sandbox(world())
    write_manifest(tmp_path, served)
    with between_intent_and_create(tmp_path, served) as process:
        size = journal_of(tmp_path).stat().st_size + room
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
        ended = end(process)
    assert ended.code in {1, 3}
    assert_silent(ended, served)
    made = served.clients(DOMAIN)
    assert made
    kept = [path for path in tmp_path.glob("*.journal") if str(path) in ended.said]
    found = "".join(path.read_text() for path in tmp_path.glob("*.journal"))
    assert "is kept in" in ended.said
    assert all(each.client_secret in found for each in made)
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in kept)
    assert_healed(tmp_path, served)
    assert {each.client_id for each in made} <= {c.client_id for c in served.clients(DOMAIN)}


def test_a_secret_that_nothing_takes_ends_its_client_again(
    tmp_path: Path, sandbox: Callable[..., "Running"]
) -> None:
    """No file grows any more: what was made is revoked, nothing is printed, and it is said."""
    served = sandbox(world())
    write_manifest(tmp_path, served)
    with between_intent_and_create(tmp_path, served) as process:
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        ended = end(process)
    assert ended.code in {1, 3}
    assert_silent(ended, served)
    assert "is revoked again, because its secret could not be saved" in ended.said
    assert served.revoked(DOMAIN)
    assert not served.clients(DOMAIN)
    assert not (tmp_path / "secrets").exists()
    assert_healed(tmp_path, served)


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """A small file system: `folder` as this process sees it; `before` lets a command see it.

    Where none can be mounted `before` is empty, and `fill` bounds the process instead.
    """

    folder: Path
    before: tuple[str, ...]

    def fill(self, process: "subprocess.Popen[str]") -> None:
        """Leave no free block."""
        if not self.before:
            size = journal_of(self.folder).stat().st_size + 1500
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
            return
        with (self.folder / "filler").open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"\0" * 4096)
            except OSError:
                pass

    def free(self) -> None:
        """Make room again."""
        (self.folder / "filler").unlink(missing_ok=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """Mount a tmpfs of 256 KiB in a mount namespace; a plain folder where that is refused."""
    folder = tmp_path / "disk"
    folder.mkdir()
    # With a user namespace of its own it needs no privilege; the mount is gone with the process.
    mount = f"mount -t tmpfs -o size=256k,mode=700 tmpfs '{folder}' && echo ready && read _"
    apart = (shutil.which("unshare") or "false", "--user", "--map-root-user", "--mount")
    holder = subprocess.Popen(
        [*apart, "sh", "-c", mount],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert holder.stdout is not None
    if holder.stdout.readline() == "ready\n":
        enter = ("nsenter", f"--user=/proc/{holder.pid}/ns/user", "--preserve-credentials")
        view = Path(f"/proc/{holder.pid}/root{folder}")
        yield Disk(folder=view, before=(*enter, f"--mount=/proc/{holder.pid}/ns/mnt"))
    else:
        yield Disk(folder=folder, before=())
    holder.communicate("\n")


def test_a_full_file_system_loses_nothing(disk: Disk, sandbox: Callable[..., "Running"]) -> None:
    """No block is free after the intents: what is durable stays, what is not is revoked again."""
    served = sandbox(world())
    write_manifest(disk.folder, served, clients=30)
    with between_intent_and_create(disk.folder, served, disk.before) as process:
        disk.fill(process)
        ended = end(process)
    assert ended.code in {1, 3}
    assert_silent(ended, served)
    assert "No space left" in ended.said or not disk.before
    assert "revoked again" in ended.said or "is kept in" in ended.said
    found = "".join(path.read_text() for path in disk.folder.glob("*.journal"))
    assert served.clients(DOMAIN)
    assert all(each.client_secret in found for each in served.clients(DOMAIN))
    assert json.loads((disk.folder / STATE).read_bytes())["clients"] == {}
    disk.free()
    assert_healed(disk.folder, served, clients=30, before=disk.before)


def test_a_read_only_file_system_is_said_before_any_request(
    disk: Disk, sandbox: Callable[..., "Running"]
) -> None:
    """The lock is the first thing that is written, so nothing was sent when it cannot be."""
    served = sandbox(world())
    write_manifest(disk.folder, served)
    remount = [*disk.before, "mount", "-o", "remount,ro", str(disk.folder.resolve())]
    limit = None
    if not disk.before or subprocess.run(remount, check=False, capture_output=True).returncode:
        limit = 0  # nothing can be written, which is what read-only means
    ended = end(start(disk.folder, before=disk.before, limit=limit))
    assert ended.code == 1
    assert "Error: " in ended.said
    assert STATE in ended.said
    assert "internal error" not in ended.said
    assert not served.requests()
    assert not (disk.folder / STATE).exists()


@contextmanager
def frozen(folder: Path) -> Iterator[None]:
    """Let no name in `folder` be made, replaced or removed, while open files can be written."""
    mode = folder.stat().st_mode
    chattr = shutil.which("chattr") or "false"
    folder.chmod(0o500)
    stuck = (
        os.geteuid() != 0
        or not subprocess.run(
            [chattr, "+i", str(folder)], check=False, capture_output=True
        ).returncode
    )
    obstacle = folder / f"{STATE}.backup" / "in the way"
    if not stuck:
        obstacle.mkdir(parents=True)
    try:
        yield
    finally:
        subprocess.run([chattr, "-i", str(folder)], check=False, capture_output=True)
        folder.chmod(mode)
        if not stuck:
            shutil.rmtree(obstacle.parent)


def test_a_state_that_cannot_be_replaced_leaves_all_to_the_journal(
    tmp_path: Path, sandbox: Callable[..., "Running"]
) -> None:
    """The folder freezes while clients are made: each secret is durable, and none is made again."""
    served = sandbox(world())
    folder = tmp_path / "frozen"
    (folder / "secrets").mkdir(parents=True)
    write_manifest(folder, served)
    with between_intent_and_create(folder, served) as process, frozen(folder):
        ended = end(process)
    assert ended.code == 3
    assert_silent(ended, served)
    assert "cannot be written" in ended.said
    made = {each.client_id for each in served.clients(DOMAIN)}
    assert len(made) == CLIENTS
    found = journal_of(folder).read_text()
    assert all(each in found for each in made)
    assert_healed(folder, served)
    assert {each.client_id for each in served.clients(DOMAIN)} == made


@pytest.mark.parametrize(
    "limit",
    [
        *(0, 150, 700, 1400),
        *(pytest.param(limit, marks=pytest.mark.slow) for limit in (1, 400, 1000, 1800, 2200)),
    ],
)
def test_no_size_of_a_file_is_a_bad_one(
    limit: int, tmp_path: Path, sandbox: Callable[..., "Running"]
) -> None:
    """Wherever writing ends, state, backup, journal or sink: nothing is said, lost or doubled."""
    served = sandbox(world())
    write_manifest(tmp_path, served)
    ended = end(start(tmp_path, limit=limit))
    assert_silent(ended, served)
    assert ended.code != 0 or limit > 2000
    if (tmp_path / STATE).exists():
        assert json.loads((tmp_path / STATE).read_bytes())["version"] == 1
    assert_healed(tmp_path, served)


def injected(call: str, number: int, error: str) -> tuple[tuple[str, ...], int | None]:
    """Return what lets the nth call of each thread fail: a command before, or else a limit."""
    strace = shutil.which("strace")
    if strace is not None:
        quiet = (strace, "-f", "-qqq", "-o", os.devnull)
        if not subprocess.run([*quiet, "true"], check=False, capture_output=True).returncode:
            rule = f"{call}:error={error}:when={number}"
            return (*quiet, "-e", f"trace={call}", "-e", f"inject={rule}"), None
    return (), number * 250


@pytest.mark.parametrize(
    ("call", "error", "number"),
    [
        *(("fsync", "EIO", number) for number in range(1, 7)),
        *(("rename", "EIO", number) for number in (1, 3)),
        ("unlink", "EROFS", 1),
        ("fchmod", "EPERM", 2),
        *(pytest.param("fsync", "EIO", number, marks=pytest.mark.slow) for number in (7, 8, 9)),
        *(pytest.param("rename", "EIO", number, marks=pytest.mark.slow) for number in (2, 4)),
        pytest.param("unlink", "EROFS", 2, marks=pytest.mark.slow),
        *(pytest.param("fchmod", "EPERM", number, marks=pytest.mark.slow) for number in (1, 3)),
    ],
)
def test_an_error_at_any_call_loses_nothing(
    *, call: str, error: str, number: int, tmp_path: Path, sandbox: Callable[..., "Running"]
) -> None:
    """The system refuses the nth fsync, rename or removal: said, and the next apply is complete."""
    served = sandbox(world())
    write_manifest(tmp_path, served, clients=2)
    before, limit = injected(call, number, error)
    ended = end(start(tmp_path, before=before, limit=limit))
    assert_silent(ended, served)
    if ended.code:
        assert "Error: " in ended.said
    found = "".join(
        path.read_text() for path in (*tmp_path.glob("*.journal"), *tmp_path.glob("secrets/*.json"))
    )
    assert all(each.client_secret in found for each in served.clients(DOMAIN))
    assert_healed(tmp_path, served, clients=2)
