"""The state in a file: what is beside it, what is refused, what is left where the disk fails."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.model.errors import StateRefused, StateUnwritable
from reconciler.state.journal_codec import encode_header, encode_record
from reconciler.state.journal_records import Header, Intent
from reconciler.state.model import State
from reconciler.stores.local import LocalStore

States = Callable[..., State]
Headers = Callable[..., Header]
Intents = Callable[..., Intent]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the state is."""
    return tmp_path / "s.json"


@pytest.fixture
def store(path: Path) -> LocalStore:
    """Return a store in an empty folder."""
    return LocalStore(path)


def names(folder: Path) -> list[str]:
    """Return what is in a folder."""
    return sorted(each.name for each in folder.iterdir())


def test_the_files_are_private(store: LocalStore, path: Path, state: States) -> None:
    """State and backup have mode 0600, whatever they had before."""
    store.write(state(1), replacing=None)
    path.chmod(0o644)
    store.write(state(2), replacing=state(1))
    assert [each.stat().st_mode & 0o777 for each in sorted(path.parent.iterdir())] == [0o600] * 2


def test_the_folder_is_made(tmp_path: Path, state: States) -> None:
    """A state in a folder that is not there yet gets a private one."""
    LocalStore(tmp_path / "a" / "s.json").write(state(1), replacing=None)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o700


def test_the_backup_is_the_state_before(store: LocalStore, path: Path, state: States) -> None:
    """The first write has no backup, each later one keeps its predecessor."""
    store.write(state(1), replacing=None)
    assert names(path.parent) == ["s.json"]
    first = path.read_bytes()
    store.write(state(2), replacing=state(1))
    assert (path.parent / "s.json.backup").read_bytes() == first


def test_the_backup_has_no_secret_that_the_state_gave_up(
    store: LocalStore, path: Path, state: States
) -> None:
    """A secret that left the state is in no file any more."""
    store.write(state(1, "hush-1"), replacing=None)
    store.write(state(2, "hush-1"), replacing=state(1))
    assert b"hush-1" in (path.parent / "s.json.backup").read_bytes()
    store.write(state(3, "hush-2"), replacing=state(2))
    everything = b"".join(each.read_bytes() for each in path.parent.iterdir())
    assert b"hush-1" not in everything
    assert b"hush-2" in everything


def test_a_state_that_cannot_be_written_leaves_no_given_up_secret_in_the_backup(
    store: LocalStore, path: Path, state: States, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The backup goes first, so that a crash between the two leaves the old state and no more."""
    store.write(state(1, "hush"), replacing=None)
    seen: list[bytes] = []
    replace = Path.replace

    def crash_at_the_second(self: Path, target: Path) -> Path:
        seen.append(target.name.encode())
        if len(seen) == 2:
            raise OSError(5, "Input/output error")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", crash_at_the_second)
    with pytest.raises(StateUnwritable, match="Input/output error"):
        store.write(state(2), replacing=state(1))
    assert seen == [b"s.json.backup", b"s.json"]
    assert b"hush" not in (path.parent / "s.json.backup").read_bytes()
    assert b"hush" in path.read_bytes()
    assert names(path.parent) == ["s.json", "s.json.backup"]


def test_an_unchanged_file_is_read_once(store: LocalStore, path: Path, state: States) -> None:
    """The same bytes are the same state; changed ones are read again."""
    store.write(state(1), replacing=None)
    first = store.read()
    assert store.read() is first
    path.write_bytes(path.read_bytes().replace(b'"serial": 1', b'"serial": 5'))
    again = store.read()
    assert again is not None
    assert again.serial == 5


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b'{"version": 2}', b'{"version": 1}'])
def test_what_cannot_be_read_is_not_overwritten(
    store: LocalStore, path: Path, state: States, data: bytes
) -> None:
    """A corrupt or newer file is refused when it is read and when it would be replaced."""
    path.write_bytes(data)
    for attempt in (store.read, lambda: store.write(state(1), replacing=None)):
        with pytest.raises(StateRefused) as caught:
            attempt()
        assert str(path) in caught.value.message
        assert caught.value.hint
    assert path.read_bytes() == data
    assert names(path.parent) == ["s.json"]


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_what_is_no_file_is_refused(store: LocalStore, path: Path, kind: str) -> None:
    """A folder or a pipe in the place of the state is an error, and nobody waits for it."""
    path.mkdir() if kind == "folder" else os.mkfifo(path)
    with pytest.raises(StateRefused, match="it is not a regular file"):
        store.read()


def test_a_file_in_the_place_of_the_folder_is_refused(path: Path, state: States) -> None:
    """Nothing is written under a file, and the file stays."""
    path.write_bytes(b"mine")
    store = LocalStore(path / "s.json")
    with pytest.raises(StateRefused, match="Not a directory"):
        store.read()
    with pytest.raises(StateRefused, match="cannot be listed"):
        store.journals(None)
    with (
        pytest.raises(StateUnwritable, match="cannot be made"),
        store.lock(purpose="apply", timeout=0),
    ):
        pass
    with pytest.raises(StateRefused):
        store.write(state(1), replacing=None)
    assert path.read_bytes() == b"mine"


def test_without_a_folder_there_is_nothing(tmp_path: Path) -> None:
    """No state and no journals, and reading makes no folder."""
    store = LocalStore(tmp_path / "none" / "s.json")
    assert (store.read(), store.journals(None)) == (None, ())
    assert names(tmp_path) == []


def test_a_link_to_the_state_is_written_through(tmp_path: Path, path: Path, state: States) -> None:
    """Two ways to one state share its lock and its backup, and the link stays a link."""
    (tmp_path / "links").mkdir()
    link = tmp_path / "links" / "state"
    link.symlink_to(path)
    store = LocalStore(link)
    store.write(state(1), replacing=None)
    store.write(state(2), replacing=state(1))
    assert link.is_symlink()
    assert names(tmp_path) == ["links", "s.json", "s.json.backup"]
    assert store.lock_path == path.parent / "s.json.lock"


def test_a_state_keeps_its_lineage_and_grows(store: LocalStore, path: Path, state: States) -> None:
    """A write that would hide a conflict from others is refused."""
    store.write(state(2), replacing=None)
    other = "11111111-2222-3333-4444-555555555555"
    with pytest.raises(StateRefused, match="keeps its lineage"):
        store.write(state(3, lineage=other), replacing=state(2))
    with pytest.raises(StateRefused, match="serial grows"):
        store.write(state(2), replacing=state(2))
    assert json.loads(path.read_bytes())["serial"] == 2


@pytest.mark.parametrize("what", ["deleted", "replaced"])
def test_without_its_lock_a_run_does_not_write(
    store: LocalStore, path: Path, state: States, what: str
) -> None:
    """A lock file that went away may mean a second run: the state stays as it is."""
    store.write(state(1), replacing=None)
    before = path.read_bytes()
    with store.lock(purpose="apply", timeout=0):
        store.lock_path.unlink()
        if what == "replaced":
            store.lock_path.write_bytes(b"")
        with pytest.raises(StateRefused, match="deleted or replaced during this run"):
            store.write(state(2), replacing=state(1))
    assert path.read_bytes() == before
    store.write(state(2), replacing=state(1))


def test_what_a_killed_run_left_half_written_is_swept(store: LocalStore, path: Path) -> None:
    """Temporary files of the state go with the next lock; those of other files stay."""
    mine = ["s.json", "s.json.backup", "s.json.r1.journal"]
    others = ["s.json.d", "other.json", "s.json.r1.x.journal"]
    for name in (*mine, *others):
        (path.parent / f"{name}.0123456789abcdef.tmp").write_bytes(b"hush")
    (path.parent / "s.json.tmp").write_bytes(b"mine")
    with store.lock(purpose="apply", timeout=0):
        left = names(path.parent)
    assert left == sorted(
        [*(f"{name}.0123456789abcdef.tmp" for name in others), "s.json.lock", "s.json.tmp"]
    )


def test_every_place_of_a_plain_secret_is_named(
    store: LocalStore, path: Path, header: Headers, intent: Intents
) -> None:
    """State, backup, journals, those that are left, and their temporary files."""
    left = Path(store.rescue(header("old"), [intent()]))
    found = [each.name for each in store.secret_paths()]
    journal = "s.json.0123456789abcdef.journal"
    assert found == [
        "s.json",
        "s.json.backup",
        "s.json.0123456789abcdef.tmp",
        "s.json.backup.0123456789abcdef.tmp",
        journal,
        f"{journal}.0123456789abcdef.tmp",
        left.name,
    ]
    assert store.journal_paths() == store.secret_paths()[4:]
    assert all(each.parent == path.parent for each in store.secret_paths())


def test_journals_come_oldest_first(store: LocalStore, header: Headers, intent: Intents) -> None:
    """By serial, then by time; what was rescued follows the journal that did not take it."""
    late = header("a", serial=2)
    early = header("z", serial=1, at="2026-01-31T09:00:00Z")
    first = header("m", serial=1)
    for each in (late, early, first):
        store.journal(each).close([intent()])
    store.rescue(first, [intent("rescued")])
    found = store.journals(first.lineage)
    assert [each.header.run for each in found] == ["m", "m", "z", "a"]
    assert [each.records[0] for each in found][:2] == [intent(), intent("rescued")]


def test_the_journal_of_another_state_is_refused_and_kept(
    store: LocalStore, path: Path, header: Headers, intent: Intents
) -> None:
    """Its secrets may be nowhere else; without a state of one's own it is only shown."""
    store.journal(header()).close([intent()])
    with pytest.raises(StateRefused, match="belongs to another state") as caught:
        store.journals("11111111-2222-3333-4444-555555555555")
    assert "nowhere else" in (caught.value.hint or "")
    assert len(store.journals(None)) == 1
    assert names(path.parent) == ["s.json.r1.journal"]


def test_a_corrupt_journal_is_refused_and_kept(
    store: LocalStore, path: Path, header: Headers, intent: Intents
) -> None:
    """A changed line before the last one is an error that names the file."""
    journal = path.parent / "s.json.r1.journal"
    data = encode_header(header()) + encode_record(intent()) + encode_record(intent("n2"))
    journal.write_bytes(data.replace(b"n1", b"n9"))
    with pytest.raises(StateRefused, match="line 2 was changed"):
        store.journals(None)
    assert journal.read_bytes() == data.replace(b"n1", b"n9")


def test_a_torn_journal_is_read_and_kept(
    store: LocalStore, path: Path, header: Headers, intent: Intents
) -> None:
    """Its whole lines count, its end is left on the disk, and one without a header is left out."""
    data = encode_header(header()) + encode_record(intent()) + encode_record(intent("n2"))[:-9]
    (path.parent / "s.json.r1.journal").write_bytes(data)
    (path.parent / "s.json.r2.journal").write_bytes(data[:9])
    (path.parent / "s.json.r3.journal").write_bytes(b"")
    (found,) = store.journals(header().lineage)
    assert (found.torn, found.records) == (True, (intent(),))
    assert (path.parent / "s.json.r1.journal").read_bytes() == data
    assert len(names(path.parent)) == 3


def test_journals_of_other_states_in_the_folder_are_not_ours(
    store: LocalStore, path: Path, header: Headers, intent: Intents
) -> None:
    """A state whose name begins with ours, or a name that no run has, is left alone."""
    LocalStore(path.parent / "s.json.x").journal(header()).close([intent()])
    (path.parent / "s.json.journal").write_bytes(b"mine")
    assert store.journals(None) == ()


def test_a_run_whose_name_would_leave_the_folder_has_no_journal(
    store: LocalStore, header: Headers
) -> None:
    """A run's name is a part of a file's name and nothing more."""
    with pytest.raises(ValueError, match="cannot be a part"):
        store.journal(header("../x"))


def test_what_is_discarded_is_gone(
    store: LocalStore, path: Path, header: Headers, intent: Intents
) -> None:
    """Only the journals that are named go, and one that is gone already is no error."""
    for run in ("r1", "r2"):
        store.journal(header(run)).close([intent()])
    first, second = store.journals(None)
    store.discard([])
    store.discard([first])
    store.discard([first])
    assert names(path.parent) == [Path(second.path).name]


def test_a_journal_that_cannot_be_removed_is_said(
    store: LocalStore, path: Path, header: Headers, intent: Intents
) -> None:
    """Where a folder stands in its place, the error says which state it is about."""
    store.journal(header()).close([intent()])
    (left,) = store.journals(None)
    Path(left.path).unlink()
    Path(left.path).mkdir()
    with pytest.raises(StateUnwritable, match=f"beside `{path}` cannot be removed"):
        store.discard([left])


def test_what_cannot_be_rescued_is_said(tmp_path: Path, header: Headers, intent: Intents) -> None:
    """A second journal on a disk that takes nothing is an error, and leaves nothing."""
    store = LocalStore(tmp_path / "none" / "s.json")
    with pytest.raises(StateUnwritable, match="cannot be written: No such file"):
        store.rescue(header(), [intent()])
    assert names(tmp_path) == []


FULL = """
import resource, signal, sys
from pathlib import Path
from dataclasses import replace
from reconciler.model.errors import StateUnwritable
from reconciler.stores.local import LocalStore

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
store = LocalStore(Path(sys.argv[1]))
state = store.read()
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (64, hard))
try:
    store.write(replace(state, serial=2), replacing=state)
except StateUnwritable as error:
    print(error.message)
    print(error.hint)
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
"""


def test_a_full_disk_leaves_the_state_as_it_was(
    store: LocalStore, path: Path, state: States
) -> None:
    """A write that the system cuts short changes no file and leaves none."""
    store.write(state(1, "hush"), replacing=None)
    before = path.read_bytes()
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(path)], capture_output=True, text=True, check=True
    )
    assert "cannot be written: File too large" in done.stdout
    assert "what was there is intact" in done.stdout
    assert path.read_bytes() == before
    assert names(path.parent) == ["s.json"]


def test_a_file_of_any_size_is_refused_before_it_fills_the_memory(
    store: LocalStore, path: Path
) -> None:
    """A terabyte that is not there is not asked for."""
    path.touch()
    os.truncate(path, 1 << 40)
    with pytest.raises(StateRefused, match="larger than 512 MiB"):
        store.read()
    assert path.stat().st_size == 1 << 40


def test_a_state_that_cannot_be_replaced_names_the_cause(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """An immutable state is refused with the command that shows the flag, and stays as it was."""
    path = tmp_path / "s.json"
    store = LocalStore(path)
    first = State(lineage="0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0", serial=1)
    store.write(first, replacing=None)
    before = path.read_bytes()
    flagged = subprocess.run(["chattr", "+i", str(path)], capture_output=True, check=False)  # noqa: S607 (wherever it is)
    if flagged.returncode:
        pytest.skip("this user or file system cannot make a file immutable")
    request.addfinalizer(lambda: subprocess.run(["chattr", "-i", str(path)], check=True))  # noqa: S607 (as above)
    with pytest.raises(StateUnwritable, match="immutable or append-only"):
        store.write(replace(first, serial=2), replacing=first)
    assert path.read_bytes() == before
