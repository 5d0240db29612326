"""Who runs this, and from which commit: by the CI system's own variables, else by the machine."""

import getpass
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_WHO: Final = (
    "GITHUB_TRIGGERING_ACTOR",  # who ran it again; without a re-run the actor
    "GITHUB_ACTOR",
    "GITLAB_USER_LOGIN",
    "BUILD_REQUESTEDFOREMAIL",
    "BUILD_REQUESTEDFOR",
)
_COMMIT: Final = ("GITHUB_SHA", "CI_COMMIT_SHA", "BUILD_SOURCEVERSION")
_GIT: Final = ("PATH", "HOME", "XDG_CONFIG_HOME")
"""What git needs of the environment, above all no credential."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """A login name, and the commit that was checked out; what is not known is None."""

    who: str | None
    commit: str | None


def provenance(environ: Mapping[str, str], folder: Path) -> Provenance:
    """Return what the environment says, and of the machine and `folder` what it does not."""
    who = next((environ[name] for name in _WHO if environ.get(name)), None)
    commit = next((environ[name] for name in _COMMIT if environ.get(name)), None)
    return Provenance(who=who or _user(), commit=commit or _head(folder, environ))


def _user() -> str | None:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return None  # a user id without a name, as containers have


def _head(folder: Path, environ: Mapping[str, str]) -> str | None:
    try:
        asked = subprocess.run(
            ["git", "rev-parse", "--verify", "--quiet", "HEAD"],  # noqa: S607 (git is where the user's PATH says)
            cwd=folder,
            env={name: environ[name] for name in _GIT if name in environ},
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return asked.stdout.strip() or None if asked.returncode == 0 else None
