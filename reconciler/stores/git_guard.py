"""The git guard: which files would end up in a repository, were they written.

Git itself is asked, as only git knows its rules: `check-ignore` names what it ignores and does not
track, and all else in a work tree is tracked or would be added. If git cannot be asked the
answer is the cautious one.
"""

import os
import shlex
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

TRACKED: Final = "git tracks it"
ADDED: Final = "git would add it"
REMEDY: Final = "git config --global --add safe.directory "
FOREIGN: Final = f"another user owns its repository, so git does not answer before {REMEDY}"
"""What a reason begins with if git refuses the repository; the repository follows."""

_KEPT: Final = ("PATH", "HOME", "XDG_CONFIG_HOME")
"""What git needs of the environment: where it is and the user's ignore rules. Above all no
`GIT_DIR` of a hook that runs us, and no credential."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """What git said: `names` between NULs, or the reason why it said nothing."""

    names: frozenset[str]
    failure: str | None = None


def unsafe_paths(paths: Iterable[Path]) -> tuple[tuple[Path, str], ...]:
    """Return those that git tracks or would add, each with the reason, in their order.

    They need not exist. Two processes are started for each work tree, however many paths there are.
    """
    folders: dict[str, str] = {}
    real = {path: _places(os.fspath(path), folders) for path in paths}
    reasons = _reasons({place for places in real.values() for place in places})
    found = []
    for path, places in real.items():
        reason = next((reasons[place] for place in places if place in reasons), None)
        if reason is not None:
            found.append((path, reason))
    return tuple(found)


def _places(path: str, folders: dict[str, str]) -> tuple[str, ...]:
    """Return the paths that a write to `path` may reach: it, or the target if it is a link.

    `folders` remembers what folders really are: a fleet's files stand in few of them.
    """
    folder, name = os.path.split(path)
    if folder not in folders:
        folders[folder] = os.path.realpath(folder)
    there = f"{folders[folder]}{os.sep}{name}"
    return (there, os.path.realpath(there)) if os.path.islink(there) else (there,)  # noqa: PTH114 (text is asked of git)


def _reasons(places: Iterable[str]) -> Mapping[str, str]:
    trees: defaultdict[str, list[str]] = defaultdict(list)
    tops: dict[str, str | None] = {}
    for place in sorted(places):
        top = _top(os.path.dirname(place), tops)  # noqa: PTH120 (as above)
        if top is not None:
            trees[top].append(place)
    found: dict[str, str] = {}
    for top, inside in trees.items():
        found.update(_in_tree(top, inside))
    return found


def _top(folder: str, known: dict[str, str | None]) -> str | None:
    """Return the nearest folder, from `folder` upwards, in which a `.git` stands."""
    if folder not in known:
        parent = os.path.dirname(folder)  # noqa: PTH120 (as above)
        if os.path.lexists(f"{folder}{os.sep}.git"):
            known[folder] = folder
        elif parent == folder or folder.endswith(f"{os.sep}.git"):  # git never adds its own files
            known[folder] = None
        else:
            known[folder] = _top(parent, known)
    return known[folder]


def _in_tree(top: str, places: Sequence[str]) -> Mapping[str, str]:
    names = {os.path.relpath(place, top): place for place in places}
    asked = "".join(f"{name}\0" for name in names)
    ignored = _git(top, ("check-ignore", "-z", "--stdin"), asked)
    if ignored.failure is not None:
        return dict.fromkeys(places, ignored.failure)
    unsafe = [name for name in names if name not in ignored.names]
    if not unsafe:
        return {}
    tracked = _git(top, ("ls-files", "-z"))
    return {names[name]: TRACKED if name in tracked.names else ADDED for name in unsafe}


def _git(top: str, arguments: Sequence[str], asked: str = "") -> _Answer:
    # A repository's own configuration may name a program for core.fsmonitor; none is run here.
    command = ("git", "-c", "core.fsmonitor=false", *arguments)
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    try:
        done = subprocess.run(
            command,
            cwd=top,
            env={**environment, "LC_ALL": "C"},
            input=os.fsencode(asked),
            capture_output=True,
            timeout=60,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return _Answer(frozenset(), f"it is in the work tree {top}, and git cannot be run to ask")
    if b"safe.directory" in done.stderr:  # every version's remedy, whatever it calls the cause
        return _Answer(frozenset(), f"{FOREIGN}{shlex.quote(top)}")
    if done.returncode not in (0, 1):  # 1: nothing is ignored
        said = done.stderr.decode(errors="replace").strip().partition("\n")[0]
        return _Answer(frozenset(), f"it is in the work tree {top}, and git says: {said}")
    return _Answer(frozenset(os.fsdecode(done.stdout).split("\0")))
