"""Who ran an apply, and from which commit."""

import os
from pathlib import Path

import pytest

from reconciler.system.provenance import provenance


@pytest.mark.parametrize(
    ("environ", "who", "commit"),
    [
        ({"GITHUB_ACTOR": "octocat", "GITHUB_SHA": "c1"}, "octocat", "c1"),
        (
            {"GITHUB_ACTOR": "a", "GITHUB_TRIGGERING_ACTOR": "again", "GITHUB_SHA": "c2"},
            "again",
            "c2",
        ),
        ({"GITLAB_USER_LOGIN": "ada", "CI_COMMIT_SHA": "c3"}, "ada", "c3"),
        ({"BUILD_REQUESTEDFOR": "Ada L.", "BUILD_SOURCEVERSION": "c4"}, "Ada L.", "c4"),
    ],
)
def test_each_ci_system_is_asked_first(
    environ: dict[str, str], who: str, commit: str, tmp_path: Path
) -> None:
    """What the CI system says is taken, and git is not asked."""
    found = provenance({**environ, "PATH": ""}, tmp_path)
    assert (found.who, found.commit) == (who, commit)


def test_what_cannot_be_known_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user id without a name, and a folder where there is no git, stop nothing."""
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 987_654)
    monkeypatch.setenv("PATH", str(tmp_path))
    found = provenance({"PATH": str(tmp_path)}, tmp_path)
    assert (found.who, found.commit) == (None, None)
