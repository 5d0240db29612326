"""The file that keeps the error output of a run's commands."""

import os
import subprocess
from pathlib import Path
from typing import Final

import pytest

from reconciler.stores.error_log import FILES, ROOM, ErrorLog
from reconciler.stores.local import LocalStore

RUN: Final = "20260131T080000-0123abcd"
NAME: Final = f"s.json.{RUN}.log"


def log_of(folder: Path, run: str = RUN) -> ErrorLog:
    """Return the error log of a run whose state is in a folder."""
    return LocalStore(folder / "s.json").error_log(run)


def test_output_goes_to_one_private_file(tmp_path: Path) -> None:
    """All commands of a run share a file that only its owner may read; messages name it."""
    log = log_of(tmp_path)
    assert not (tmp_path / NAME).exists()
    assert log.keep("one failed", b"first\n") == log.keep("two failed", b"  second\r\nthird\n\n")
    assert log.keep("three failed", b"x") == f"; its error output is in {tmp_path / NAME}"
    assert (tmp_path / NAME).read_text() == (
        "== one failed\nfirst\n== two failed\nsecond\nthird\n== three failed\nx\n"
    )
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600
    assert LocalStore(tmp_path / "s.json").owns(tmp_path / NAME)


@pytest.mark.parametrize("output", [b"", b"\n \t\n"])
def test_no_output_makes_no_file(tmp_path: Path, output: bytes) -> None:
    """A command that printed nothing has nothing to be looked up."""
    assert log_of(tmp_path).keep("it failed", output) == ""
    assert list(tmp_path.iterdir()) == []


def test_the_file_is_safe_for_a_terminal(tmp_path: Path) -> None:
    """`cat` of the file moves no cursor, and bytes that are not text are shown as escapes."""
    log_of(tmp_path).keep("it\nfailed", b"\x1b[31mred\xff")
    assert (tmp_path / NAME).read_bytes() == b"== it\\x0afailed\n\\x1b[31mred\\xff\n"


def test_the_message_names_the_file_as_the_state_was_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative state has a relative log; a linked state has its log beside the real file."""
    (tmp_path / "real").mkdir()
    monkeypatch.chdir(tmp_path)
    log = LocalStore(Path("real/s.json")).error_log(RUN)
    assert log.keep("it failed", b"x") == f"; its error output is in real/{NAME}"
    (tmp_path / "link.json").symlink_to(tmp_path / "real" / "t.json")
    log = LocalStore(Path("link.json")).error_log(RUN)
    shown = tmp_path / "real" / f"t.json.{RUN}.log"
    assert log.keep("it failed", b"x") == f"; its error output is in {shown}"
    assert shown.is_file()


def test_a_full_file_shows_that_it_is_full(tmp_path: Path) -> None:
    """However many commands fail, the file stays within its bound, and its end says so."""
    log = log_of(tmp_path)
    said = {log.keep("it failed", b"x" * 8000) for _ in range(200)}
    data = (tmp_path / NAME).read_bytes()
    assert len(said) == 1
    assert ROOM - 9000 < len(data) <= ROOM
    assert data.endswith(b"x\n== The file is full: more error output was not kept\n")


def test_the_oldest_files_are_removed(tmp_path: Path) -> None:
    """A state has a few of these files; files with other names stay."""
    (tmp_path / "s.json.mine.log").touch()
    (tmp_path / f"t.json.{RUN}.log").touch()
    runs = [f"2026013{day}T080000-0123abcd" for day in range(9)]
    for run in runs:
        log_of(tmp_path, run).keep("it failed", b"x")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [*(f"s.json.{run}.log" for run in runs[-FILES:]), "s.json.mine.log", f"t.json.{RUN}.log"]
    )


def test_a_file_that_is_there_is_not_written_to(tmp_path: Path) -> None:
    """Neither a link nor a file that another user put there gets the output."""
    (tmp_path / "target").touch()
    (tmp_path / NAME).symlink_to("target")
    log = log_of(tmp_path)
    assert log.keep("it failed", b"x") == "; its error output is not kept: File exists"
    assert log.keep("it failed", b"y") == "; its error output is not kept: File exists"
    assert (tmp_path / "target").read_bytes() == b""


def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    """A link that takes the file's place during a run gets nothing either."""
    log = log_of(tmp_path)
    log.keep("it failed", b"x")
    (tmp_path / NAME).rename(tmp_path / "target")
    (tmp_path / NAME).symlink_to("target")
    assert "is not kept: " in log.keep("it failed", b"y")
    assert b"y" not in (tmp_path / "target").read_bytes()


def test_a_missing_folder_is_a_reason(tmp_path: Path) -> None:
    """A command that only looks creates no folder for its errors."""
    said = log_of(tmp_path / "missing").keep("it failed", b"x")
    assert said == "; its error output is not kept: No such file or directory"


@pytest.mark.parametrize(
    ("ignored", "said"),
    [
        ("", "; its error output is not kept: git would add it; add `*.log` to .gitignore"),
        ("*.log\n", f"; its error output is in {NAME}"),
    ],
)
def test_git_gets_no_error_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ignored: str, said: str
) -> None:
    """A repository that would take the file in gets none; the message shows what to do."""
    monkeypatch.chdir(tmp_path)
    command = ["/usr/bin/env", "git", "init", "-q"]
    subprocess.run(command, check=True, env={**os.environ, "HOME": str(tmp_path)})
    (tmp_path / ".gitignore").write_text(ignored)
    log = LocalStore(Path("s.json")).error_log(RUN)
    assert log.keep("it failed", b"x") == said
    assert log.keep("it failed", b"y") == said
    assert (tmp_path / NAME).exists() is bool(ignored)
