"""Files: whole, private, and never outside the folder that the user wrote."""

import asyncio
import json
import os
import shutil
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.model.client import Delivery
from reconciler.model.errors import SinkFailed
from reconciler.model.sink import SinkTarget
from reconciler.sinks import file
from reconciler.sinks.definitions import file_target
from reconciler.sinks.registry import LocalSinks


def target(path: str, within: str = "") -> SinkTarget:
    """Return a JSON file as a target."""
    return file_target(sink="ops", path=path, form="json", within=within)


def mode(path: Path) -> int:
    """Return the permissions of a path."""
    return stat.S_IMODE(path.lstat().st_mode)


def everything(folder: Path) -> list[str]:
    """Return all that is below a folder, sorted."""
    return sorted(str(each.relative_to(folder)) for each in folder.rglob("*"))


def refusal(sinks: LocalSinks, where: SinkTarget, delivery: Delivery) -> str:
    """Return what a target that takes nothing says, the same when probed and when delivered to."""
    with pytest.raises(SinkFailed) as delivered:
        asyncio.run(sinks.deliver(where, delivery))
    with pytest.raises(SinkFailed) as probed:
        asyncio.run(sinks.probe([where]))
    assert delivered.value.message in probed.value.message
    assert delivery.client_secret.reveal() not in delivered.value.message
    return delivered.value.message


def test_written_in_private(sinks: LocalSinks, root: Path, delivery: Delivery) -> None:
    """The file is 0600 in folders of 0700, whatever the umask, with nothing beside it."""
    before = os.umask(0)
    try:
        asyncio.run(sinks.deliver(target("secrets/acme/etl.json", "secrets"), delivery))
    finally:
        os.umask(before)
    assert everything(root) == ["secrets", "secrets/acme", "secrets/acme/etl.json"]
    assert mode(root / "secrets") == mode(root / "secrets" / "acme") == 0o700
    assert mode(root / "secrets" / "acme" / "etl.json") == 0o600
    assert json.loads((root / "secrets/acme/etl.json").read_text()) == delivery.document()


def test_again(sinks: LocalSinks, root: Path, deliver_of: Callable[[str], Delivery]) -> None:
    """A delivery replaces what was there and its permissions; a folder keeps its own."""
    (root / "secrets").mkdir(mode=0o750)
    (root / "secrets").chmod(0o750)
    (root / "secrets" / "etl.json").write_text("old" * 1000)
    (root / "secrets" / "etl.json").chmod(0o644)
    for secret in ("first", "second", "second"):
        asyncio.run(sinks.deliver(target("secrets/etl.json", "secrets"), deliver_of(secret)))
    assert json.loads((root / "secrets/etl.json").read_text())["client_secret"] == "second"
    assert mode(root / "secrets" / "etl.json") == 0o600
    assert mode(root / "secrets") == 0o750
    assert everything(root) == ["secrets", "secrets/etl.json"]


def test_absolute(sinks: LocalSinks, tmp_path: Path, delivery: Delivery) -> None:
    """An absolute folder and one above the manifest are the user's own choice."""
    above = target("../above/etl.json", "../above")
    absolute = target(f"{tmp_path}/run/etl.json", f"{tmp_path}/run")
    asyncio.run(sinks.probe([above, absolute]))
    for each in (above, absolute):
        asyncio.run(sinks.deliver(each, delivery))
    assert (tmp_path / "above" / "etl.json").is_file()
    assert (tmp_path / "run" / "etl.json").is_file()


@pytest.mark.parametrize(
    ("path", "within"),
    [
        ("secrets/../etl.json", "secrets"),
        ("secrets/../../etl.json", "secrets"),
        ("secrets/../secrets-of-others/etl.json", "secrets"),
        ("../etl.json", ""),
        ("/opt/etl.json", ""),
        ("/run/a/../../etc/etl.json", "/run"),
        ("secrets/linked/etl.json", "secrets"),
        ("secrets/linked/deeper/etl.json", "secrets"),
    ],
)
def test_climbs_out(
    sinks: LocalSinks, tmp_path: Path, path: str, within: str, delivery: Delivery
) -> None:
    """A name, label or symbolic link leads nothing out of the folder that the user wrote."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "manifest" / "secrets").mkdir()
    (tmp_path / "manifest" / "secrets" / "linked").symlink_to(tmp_path / "outside")
    before = everything(tmp_path)
    said = refusal(sinks, target(path, within), delivery)
    assert "a placeholder or a symbolic link leads out of" in said
    assert everything(tmp_path) == before


def test_stays_inside(sinks: LocalSinks, root: Path, delivery: Delivery) -> None:
    """A link that stays inside and a name with a slash are no harm."""
    (root / "secrets" / "real").mkdir(parents=True)
    (root / "secrets" / "linked").symlink_to("real")
    for path in ("secrets/linked/etl.json", "secrets/new/a/b.json", "secrets/x/../y.json"):
        asyncio.run(sinks.probe([target(path, "secrets")]))
        asyncio.run(sinks.deliver(target(path, "secrets"), delivery))
    assert (root / "secrets" / "real" / "etl.json").is_file()
    assert (root / "secrets" / "new" / "a" / "b.json").is_file()
    assert (root / "secrets" / "y.json").is_file()


def test_users_own_link(sinks: LocalSinks, tmp_path: Path, root: Path, delivery: Delivery) -> None:
    """Where the folder that the user wrote is itself a link, it counts as where it leads to."""
    (tmp_path / "mounted").mkdir()
    (root / "secrets").symlink_to(tmp_path / "mounted")
    asyncio.run(sinks.deliver(target("secrets/acme/etl.json", "secrets"), delivery))
    assert (tmp_path / "mounted" / "acme" / "etl.json").is_file()


@pytest.mark.parametrize("path", ["secrets/", "secrets/.", "secrets/..", "."])
def test_names_no_file(sinks: LocalSinks, root: Path, path: str, delivery: Delivery) -> None:
    """A path that ends in no name is refused."""
    (root / "secrets").mkdir()
    assert refusal(sinks, target(path), delivery).endswith("it names no file")


def test_link_is_followed(sinks: LocalSinks, root: Path, delivery: Delivery) -> None:
    """A link stays; the file that it leads to, in the sink's folder, is replaced atomically."""
    real = root / "kept"
    real.mkdir()
    (real / "etl.json").write_text("old")
    old = (real / "etl.json").stat().st_ino
    (root / "etl.json").symlink_to("kept/etl.json")
    asyncio.run(sinks.probe([target("etl.json")]))
    with (real / "etl.json").open() as reader:
        asyncio.run(sinks.deliver(target("etl.json"), delivery))
        assert reader.read() == "old"
    assert (root / "etl.json").readlink() == Path("kept/etl.json")
    assert json.loads((real / "etl.json").read_text()) == delivery.document()
    assert (real / "etl.json").stat().st_ino != old
    assert everything(root) == ["etl.json", "kept", "kept/etl.json"]
    assert asyncio.run(sinks.read(target("etl.json"))).client_id == delivery.client_id


@pytest.mark.parametrize("leads", ["../victim", "../missing", "circle.json"])
def test_link_out_of_the_folder_is_refused(
    sinks: LocalSinks, root: Path, delivery: Delivery, leads: str
) -> None:
    """A link to a file outside the sink's folder, or to itself, is refused and left alone."""
    (root.parent / "victim").write_text("mine")
    (root / "circle.json").symlink_to(leads)
    said = refusal(sinks, target("circle.json"), delivery)
    assert ("form a circle" if leads == "circle.json" else "a symbolic link that leads out") in said
    assert (root.parent / "victim").read_text() == "mine"
    assert (root / "circle.json").readlink() == Path(leads)
    assert everything(root.parent) == ["manifest", "manifest/circle.json", "victim"]


def test_two_links_to_one_file_are_refused(sinks: LocalSinks, root: Path) -> None:
    """Two clients' files that links lead to one file would overwrite each other."""
    (root / "a.json").symlink_to("one.json")
    (root / "b.json").symlink_to("one.json")
    with pytest.raises(SinkFailed, match=r"b\.json: symbolic links lead it to the same file as a"):
        asyncio.run(sinks.probe([target("a.json"), target("b.json")]))


@pytest.mark.parametrize("path", ["x" * 300, "missing/" + "x" * 300, "x" * 300 + "/etl.json"])
def test_name_too_long(sinks: LocalSinks, root: Path, delivery: Delivery, path: str) -> None:
    """A name that the file system does not take is found by the probe, also in a new folder."""
    with pytest.raises(SinkFailed, match="File name too long"):
        asyncio.run(sinks.probe([target(path)]))
    with pytest.raises(SinkFailed, match="File name too long"):
        asyncio.run(sinks.deliver(target(path), delivery))
    assert everything(root) in ([], ["missing"])


def test_mounted_file_is_refused(sinks: LocalSinks, root: Path, tmp_path: Path) -> None:
    """A file that is mounted by itself cannot be replaced: the probe finds it."""
    (root / "etl.json").write_text("mounted")
    (tmp_path / "source").write_text("source")
    mount = ["mount", "--bind", str(tmp_path / "source"), str(root / "etl.json")]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this system lets no bind mount be made")
    try:
        with pytest.raises(SinkFailed, match=r"mounted as a single file.*mount its folder"):
            asyncio.run(sinks.probe([target("etl.json")]))
    finally:
        subprocess.run(["/bin/umount", root / "etl.json"], check=True)


@pytest.mark.parametrize(("flag", "where"), [("i", "etl.json"), ("a", "etl.json"), ("a", ".")])
def test_immutable_file_is_refused(
    sinks: LocalSinks, root: Path, delivery: Delivery, flag: str, where: str
) -> None:
    """A file or folder with the flags of `chattr` lets no rename replace the file."""
    (root / "etl.json").write_text("old")
    command = [shutil.which("chattr") or "", f"+{flag}", str(root / where)]
    if not command[0] or subprocess.run(command, check=False).returncode:
        pytest.skip("this file system has no such flags")
    try:
        with pytest.raises(SinkFailed, match="immutable or append-only"):
            asyncio.run(sinks.probe([target("etl.json")]))
        with pytest.raises(SinkFailed):
            asyncio.run(sinks.deliver(target("etl.json"), delivery))
    finally:
        subprocess.run([command[0], f"-{flag}", str(root / where)], check=True)
    assert (root / "etl.json").read_text() == "old"


def test_file_of_another_user_in_a_sticky_folder_is_refused(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only its owner may replace a file in a sticky folder, as in /tmp."""
    (root / "etl.json").write_text("theirs")
    root.chmod(0o1777)
    other = os.geteuid() + 1000
    monkeypatch.setattr(os, "geteuid", lambda: other)
    (wrong,) = file.probe([target("etl.json")], root)
    assert "belongs to another user, and its folder is sticky" in wrong.why


def test_something_else_is_there(
    sinks: LocalSinks, root: Path, delivery: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder, FIFO or socket is not replaced, and neither is a file where a folder goes."""
    (root / "folder").mkdir()
    os.mkfifo(root / "fifo")
    (root / "plain").write_text("mine")
    monkeypatch.chdir(root)  # a socket's path must be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("door")
    assert refusal(sinks, target("folder"), delivery).endswith(": a folder is there")
    assert refusal(sinks, target("fifo"), delivery).endswith("not a regular file")
    assert refusal(sinks, target("door"), delivery).endswith("not a regular file")
    with pytest.raises(SinkFailed, match=r"plain/etl\.json"):
        asyncio.run(sinks.probe([target("plain/etl.json")]))
    with pytest.raises(SinkFailed, match=r"plain/etl\.json"):
        asyncio.run(sinks.deliver(target("plain/etl.json"), delivery))
    assert everything(root) == ["door", "fifo", "folder", "plain"]
    assert (root / "plain").read_text() == "mine"


def test_disk_takes_nothing(root: Path) -> None:
    """Where the write fails, the old file is intact and nothing lies beside it."""
    (root / "etl.json").write_text("old")
    script = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from reconciler.model.address import Address\n"
        "from reconciler.model.client import Delivery\n"
        "from reconciler.model.errors import SinkFailed\n"
        "from reconciler.model.secret import Secret\n"
        "from reconciler.sinks.definitions import file_target\n"
        "from reconciler.sinks.file import StaleTempFiles, deliver\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (16, 16))\n"
        "delivery = Delivery(address=Address('a', 'b'), domain='d', live_name='b',\n"
        "    description='', scope=('data',), client_id='id', client_secret=Secret('s3cret'),\n"
        "    created_at='2026-01-31T08:00:00Z')\n"
        "try:\n"
        "    deliver(file_target(sink='ops', path='etl.json', form='json'), delivery,\n"
        "        Path(sys.argv[1]), StaleTempFiles())\n"
        "except SinkFailed as error:\n"
        "    print(error.message)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(root)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(file.__file__).parents[2],
    )
    assert done.stdout == "sink ops: cannot write etl.json: File too large\n"
    assert (root / "etl.json").read_text() == "old"
    assert everything(root) == ["etl.json"]


def test_value_that_the_format_cannot_hold(
    sinks: LocalSinks, root: Path, deliver_of: Callable[[str], Delivery]
) -> None:
    """A value that cannot be written in the format fails the sink without showing it."""
    where = file_target(sink="ops", path="etl.env", form="dotenv")
    with pytest.raises(SinkFailed, match="readers of dotenv do not agree") as refused:
        asyncio.run(sinks.deliver(where, deliver_of("it's `$1`")))
    assert "it's `$1`" not in refused.value.message
    raw = file_target(sink="ops", path="etl.raw", form="raw")
    with pytest.raises(SinkFailed, match="it is not text"):
        asyncio.run(sinks.deliver(raw, deliver_of("\ud800")))
    assert everything(root) == []


def test_probe_leaves_nothing(sinks: LocalSinks, root: Path) -> None:
    """A probe makes no file and no folder."""
    asyncio.run(sinks.probe([target("secrets/acme/etl.json", "secrets"), target("etl.json")]))
    assert everything(root) == []


def test_probe_of_thousands(sinks: LocalSinks, root: Path) -> None:
    """Four times as many targets in four times as many folders take no more than eight times."""
    for number in range(0, 2000, 2):
        (root / "secrets" / f"i{number}").mkdir(parents=True)

    def cost(folders: int) -> float:
        count = 5 * folders
        targets = [target(f"secrets/i{n % folders}/c{n}.json", "secrets") for n in range(count)]
        start = time.process_time()
        asyncio.run(sinks.probe(targets))
        return time.process_time() - start

    cost(10)
    assert cost(2_000) < 8 * cost(500)


def test_probe_says_each_reason_once(sinks: LocalSinks, root: Path) -> None:
    """Thousands of targets with one reason are one line, with the first three of them."""
    for number in range(1234):
        (root / f"f{number}").mkdir()
    with pytest.raises(SinkFailed) as refused:
        asyncio.run(sinks.probe([target(f"f{number}") for number in range(1234)]))
    assert refused.value.message.splitlines() == [
        "1,234 sink targets cannot take a secret:",
        "sink ops: cannot write f0, f1, f2 and 1,231 more: a folder is there",
    ]


def test_probe_says_the_first_of_many_reasons(sinks: LocalSinks, root: Path) -> None:
    """Ten reasons are spelled out, and the number of the others."""
    for number in range(1, 13):
        (root / f"link{number}").symlink_to(f"/elsewhere/{number}")
    with pytest.raises(SinkFailed) as refused:
        asyncio.run(sinks.probe([target(f"link{number}") for number in range(1, 13)]))
    lines = refused.value.message.splitlines()
    assert (len(lines), lines[-1]) == (12, "and 2 more reasons")


def test_a_killed_writer_leaves_nothing_for_long(
    sinks: LocalSinks, root: Path, delivery: Delivery
) -> None:
    """A delivery removes what a killed run left of the same file, and nothing of any other."""
    (root / "secrets").mkdir()
    long = "x" * 250 + ".json"
    names = {"mine": "etl.json.0123456789abcdef.tmp", "cut": f"{long[:234]}.0123456789abcdef.tmp"}
    others = {"other.json.0123456789abcdef.tmp", "etl.json.tmp", "etl.json.0123456789abcdeg.tmp"}
    for name in (*names.values(), *others):
        (root / "secrets" / name).write_text("a secret")
    asyncio.run(sinks.deliver(target("secrets/etl.json", "secrets"), delivery))
    asyncio.run(sinks.deliver(target(f"secrets/{long}", "secrets"), delivery))
    left = {each.name for each in (root / "secrets").iterdir()}
    assert left == {"etl.json", long, *others}


def test_a_leftover_that_stays_is_no_failure(
    sinks: LocalSinks, root: Path, delivery: Delivery
) -> None:
    """What cannot be removed, a folder of such a name, does not hold up the delivery."""
    (root / "etl.json.0123456789abcdef.tmp").mkdir()
    asyncio.run(sinks.deliver(target("etl.json"), delivery))
    assert json.loads((root / "etl.json").read_text()) == delivery.document()


def test_a_folder_that_cannot_be_listed_is_left_alone(root: Path) -> None:
    """Stale files are removed if the folder can be listed; otherwise nothing happens."""
    (root / "plain").write_text("a file where a folder was")
    file.StaleTempFiles().remove(root / "plain" / "etl.json")
    assert everything(root) == ["plain"]


def test_many_at_once(sinks: LocalSinks, root: Path, delivery: Delivery) -> None:
    """Deliveries into one new folder do not get into each other's way."""

    async def scenario() -> None:
        targets = [target(f"secrets/acme/c{number}.json", "secrets") for number in range(50)]
        await asyncio.gather(*(sinks.deliver(each, delivery) for each in targets))

    asyncio.run(scenario())
    assert len(list((root / "secrets" / "acme").iterdir())) == 50
