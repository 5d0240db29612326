"""The git guard, against the real git."""

import shutil
import subprocess
from pathlib import Path

import pytest

from reconciler.stores.git_guard import ADDED, TRACKED, unsafe_paths


def git(folder: Path, *arguments: str) -> None:
    """Run git in a folder."""
    identity = ["-c", "user.name=t", "-c", "user.email=t@t.example"]
    command = [shutil.which("git") or "git", *identity, *arguments]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def test_outside_of_a_work_tree_all_is_safe(tmp_path: Path) -> None:
    """No repository, no question."""
    assert unsafe_paths([tmp_path / "a", tmp_path / "not" / "there"]) == ()


def test_what_git_would_add_is_unsafe(repository: Path) -> None:
    """A file that does not exist yet counts, and so does one in a folder to come."""
    asked = [repository / "a.json", repository / "new" / "folder" / "b.json"]
    assert unsafe_paths(asked) == tuple((path, ADDED) for path in asked)


def test_what_git_ignores_is_safe(repository: Path) -> None:
    """A rule for the file, or for a folder above it."""
    assert unsafe_paths([repository / "secrets/a/b.json", repository / "x.state.json.backup"]) == ()


def test_what_git_tracks_is_unsafe_although_it_is_ignored(repository: Path) -> None:
    """A rule does not take a file out of the index."""
    tracked = repository / "x.state.json"
    tracked.write_text("{}")
    git(repository, "add", "-f", "x.state.json")
    assert unsafe_paths([tracked]) == ((tracked, TRACKED),)


def test_the_order_is_that_of_the_question(repository: Path) -> None:
    """Only the unsafe are returned, in their order, each once."""
    asked = [repository / name for name in ("z", "secrets/s", "a", "z")]
    assert [path.name for path, _ in unsafe_paths(asked)] == ["z", "a"]


def test_thousands_of_paths_are_asked_at_once(repository: Path) -> None:
    """Neither the length of a command line nor the pipe's size is in the way."""
    asked = [repository / "secrets" / f"{n:05}{'x' * 100}" for n in range(5000)]
    asked += [repository / f"{n:05}{'x' * 100}" for n in range(5000)]
    assert len(unsafe_paths(asked)) == 5000


def test_a_name_with_a_line_feed_is_one_name(repository: Path) -> None:
    """Names are divided by the one byte that cannot be in them."""
    asked = [repository / "secrets" / "a\nb", repository / "a\nb ü"]
    assert unsafe_paths(asked) == ((asked[1], ADDED),)


def test_a_link_to_a_folder_is_followed(repository: Path, tmp_path: Path) -> None:
    """What counts is where the bytes would be: in a work tree, or out of it."""
    (repository / "out").symlink_to(tmp_path)
    (tmp_path / "in").symlink_to(repository)
    asked = [repository / "out" / "a", tmp_path / "in" / "a"]
    assert unsafe_paths(asked) == ((asked[1], ADDED),)


def test_a_link_in_the_place_of_the_file_counts_at_both_ends(
    repository: Path, tmp_path: Path
) -> None:
    """A write goes through a link or replaces it: neither may land in the repository."""
    (repository / "link").symlink_to(tmp_path / "outside")
    (tmp_path / "link").symlink_to(repository / "a")
    asked = [repository / "link", tmp_path / "link"]
    assert unsafe_paths(asked) == tuple((path, ADDED) for path in asked)


def test_a_repository_within_has_its_own_rules(repository: Path) -> None:
    """The nearest `.git` decides: the outer rules do not hold inside."""
    inner = repository / "inner"
    inner.mkdir()
    git(inner, "init", "-q")
    assert unsafe_paths([inner / "secrets" / "a"]) == ((inner / "secrets" / "a", ADDED),)


def test_a_linked_work_tree_is_one(repository: Path, tmp_path: Path) -> None:
    """There `.git` is a file, and the rules are those of the branch."""
    git(repository, "add", ".gitignore")
    git(repository, "commit", "-qm", "rules")
    git(repository, "worktree", "add", "-q", str(tmp_path / "linked"))
    asked = [tmp_path / "linked" / "a", tmp_path / "linked" / "secrets" / "a"]
    assert unsafe_paths(asked) == ((asked[0], ADDED),)


def test_gits_own_folder_is_safe(repository: Path) -> None:
    """Nothing in `.git` is ever added."""
    assert unsafe_paths([repository / ".git" / "x", repository / ".git" / "info" / "x"]) == ()


def test_the_environment_of_a_hook_does_not_mislead(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Git hooks point at their own repository; the guard asks about the file's."""
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    asked = [repository / "secrets" / "a", repository / "a"]
    assert unsafe_paths(asked) == ((asked[1], ADDED),)


def test_without_git_a_work_tree_is_unsafe(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nobody can say what is ignored, nothing is taken to be."""
    monkeypatch.setenv("PATH", str(repository))
    ((_, reason),) = unsafe_paths([repository / "secrets" / "a"])
    assert "git cannot be run" in reason


def test_what_git_refuses_to_answer_is_unsafe(tmp_path: Path) -> None:
    """A broken repository says why, and nothing is taken to be ignored."""
    (tmp_path / ".git").write_text("gitdir: nowhere")
    ((_, reason),) = unsafe_paths([tmp_path / "a"])
    assert "git says: fatal:" in reason


def test_a_program_in_the_configuration_is_not_run(repository: Path, tmp_path: Path) -> None:
    """Asking about files runs nothing that a repository names."""
    program = tmp_path / "monitor"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path / 'ran'}\n")
    program.chmod(0o700)
    git(repository, "config", "core.fsmonitor", str(program))
    assert len(unsafe_paths([repository / "a"])) == 1
    assert not (tmp_path / "ran").exists()


def test_a_relative_path_is_one_of_this_folder(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Paths are answered as they were asked."""
    monkeypatch.chdir(repository)
    assert unsafe_paths([Path("a"), Path("secrets/a")]) == ((Path("a"), ADDED),)
