"""Files that are whole or not there."""

import os
import resource
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.system.atomic_files import fsync_folder, make_private_folders, write_atomically


def test_the_bytes_are_there_and_private(tmp_path: Path) -> None:
    """A new file has every byte, mode 0600, and no temporary file beside it."""
    write_atomically(tmp_path / "a", b"bytes")
    assert (tmp_path / "a").read_bytes() == b"bytes"
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["a"]


def test_the_mode_does_not_depend_on_the_umask(tmp_path: Path) -> None:
    """A mode that was asked for is the mode that the file has."""
    before = os.umask(0o077)
    try:
        write_atomically(tmp_path / "a", b"", mode=0o644)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o644


def test_a_wider_mode_is_not_inherited(tmp_path: Path) -> None:
    """Replacing a file that all may read leaves one that only its owner may."""
    (tmp_path / "a").write_bytes(b"old")
    (tmp_path / "a").chmod(0o666)
    write_atomically(tmp_path / "a", b"new")
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    """Where a symbolic link stands, what it leads to keeps its bytes."""
    (tmp_path / "target").write_bytes(b"mine")
    (tmp_path / "a").symlink_to(tmp_path / "target")
    write_atomically(tmp_path / "a", b"new")
    assert (tmp_path / "target").read_bytes() == b"mine"
    assert not (tmp_path / "a").is_symlink()


def test_a_name_of_255_bytes_still_has_room_for_a_temporary_one(tmp_path: Path) -> None:
    """The longest name that a file may have can be written."""
    name = "é" * 127
    write_atomically(tmp_path / name, b"bytes")
    assert (tmp_path / name).read_bytes() == b"bytes"


def test_a_failed_rename_leaves_nothing_behind(tmp_path: Path) -> None:
    """Where a folder stands in the way it stays, and the temporary file is gone."""
    (tmp_path / "a" / "b").mkdir(parents=True)
    with pytest.raises(IsADirectoryError):
        write_atomically(tmp_path / "a", b"new")
    assert [each.name for each in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a" / "b").is_dir()


def test_a_full_disk_leaves_what_was_there(tmp_path: Path) -> None:
    """Where the system takes only a part, the old bytes stay and the temporary file is gone."""
    (tmp_path / "a").write_bytes(b"old")
    script = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from reconciler.system.atomic_files import write_atomically\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))\n"
        "try:\n    write_atomically(Path(sys.argv[1]), bytes(5000))\n"
        "except OSError as error:\n    print(error.errno)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "a")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "27"  # EFBIG
    assert (tmp_path / "a").read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["a"]


def test_a_missing_folder_is_said_as_the_system_says_it(tmp_path: Path) -> None:
    """Nothing is made where no folder is."""
    with pytest.raises(FileNotFoundError):
        write_atomically(tmp_path / "none" / "a", b"")
    assert list(tmp_path.iterdir()) == []


def test_folders_are_made_private(tmp_path: Path) -> None:
    """Each missing parent has mode 0700; one that exists keeps its own."""
    (tmp_path / "a").mkdir(mode=0o755)
    make_private_folders(tmp_path / "a" / "b" / "c")
    modes = [stat.S_IMODE((tmp_path / each).stat().st_mode) for each in ("a", "a/b", "a/b/c")]
    assert modes == [0o755, 0o700, 0o700]


def test_a_relative_folder_is_made_where_one_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative path has its parents made under the current folder."""
    monkeypatch.chdir(tmp_path)
    make_private_folders(Path("a/b"))
    assert (tmp_path / "a" / "b").is_dir()


def test_a_file_in_the_way_of_a_folder_is_an_error(tmp_path: Path) -> None:
    """A file where a folder belongs is said, and stays."""
    (tmp_path / "a").write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        make_private_folders(tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"mine"


def test_a_missing_folder_cannot_be_made_durable(tmp_path: Path) -> None:
    """The sync of a folder that is not there is the system's error, and leaves no descriptor."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    for _ in range(min(soft, 300) + 1):
        fsync_folder(tmp_path)
    with pytest.raises(FileNotFoundError):
        fsync_folder(tmp_path / "none")


def test_a_disk_that_fails_at_the_sync_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bytes that may not be on the disk never take the place of bytes that are."""

    def fail(descriptor: int) -> None:
        raise OSError(5, "Input/output error", descriptor)

    (tmp_path / "a").write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="Input/output error"):
        write_atomically(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["a"]
