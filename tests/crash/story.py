"""What is being applied when the kill comes: two places, each one step before an apply.

`first` has nothing yet. `change` has a fleet that earlier applies made, and a manifest that asks
for every kind of action at once: creates, replaces, a rotation, revokes and a delivery, into files,
a command and the state, on an instance that shows client ids and on one that masks them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from tests.crash.harness import APPLY, Domo, Launcher, Place
else:
    from harness import APPLY, Domo, Launcher, Place

HEAD: Final = """\
version: 1
endpoints:
  api: "http://127.0.0.1:{PORT}/api"
  instance: "http://127.0.0.1:{PORT}/instances/{domain}"
sinks:
  files: {type: file, path: "secrets/{instance}.{client_slug}.json"}
  vault: {type: exec, command: [./put.sh, "{instance}.{client_slug}"], timeout: 20s}
defaults:
  sink: files
  auth: {method: password, email: ops@i.example, password: {env: PW}}
instances:
"""

FIRST: Final = """\
  i1:
    clients:
      - {name: New File, scope: [data]}
      - {name: New State, scope: [data], sink: state}
"""

BEFORE: Final = """\
  i1:
    clients:
      - {name: Steady, scope: [data]}
      - {name: Wider, scope: [data]}
      - {name: Kept Wider, scope: [data], sink: state}
      - {name: Aged, scope: [data], sink: [files, vault]}
      - {name: Moved, scope: [data], sink: state}
      - {name: Left, scope: [data], on_remove: revoke}
  i2:
    auth: {method: token, token: {env: TOKEN}}
    clients:
      - {name: Steady, scope: [data], sink: vault}
      - {name: Wider, scope: [data], sink: vault}
      - {name: Lapsed, scope: [data], overlap: 1d}
      - {name: Left, scope: [data], sink: vault, on_remove: revoke}
"""

AFTER: Final = """\
  i1:
    clients:
      - {name: Steady, scope: [data]}
      - {name: Wider, scope: [data, user]}
      - {name: Kept Wider, scope: [data, user], sink: state}
      - {name: Aged, scope: [data], sink: [files, vault], rotate_after: 90d}
      - {name: Moved, scope: [data], sink: [state, files]}
      - {name: New File, scope: [data]}
      - {name: New Both, scope: [data], sink: [vault, state]}
  i2:
    auth: {method: token, token: {env: TOKEN}}
    clients:
      - {name: Steady, scope: [data], sink: vault}
      - {name: Wider, scope: [data, user], sink: vault}
      - {name: Lapsed, scope: [data, user], overlap: 1d}
      - {name: New File, scope: [data]}
"""

BEFORE_MOVES: Final = """\
  i1:
    clients:
      - {name: Wider, scope: [data]}
      - {name: Kept, scope: [data], sink: state}
      - {name: Left, scope: [data], on_remove: revoke}
"""

MOVES: Final = "moved: [{from: i1/Wider, to: i1/Wide}, {from: i1/Kept, to: i1/Held}]\n"
AFTER_MOVES: Final = """\
  i1:
    clients:
      - {name: Wide, scope: [data, user]}
      - {name: Held, scope: [data, user], sink: state}
"""

STRANGERS: Final = (
    {"name": "Wider (3)", "scope": ["data"], "owner": None},
    {"name": "Somebody's", "scope": ["user"], "owner": None},
    {"name": "By Hand", "scope": ["data"], "owner": "ops@i.example"},
)
"""Clients that were never made from this state; one has a name that a successor might want."""


Wanted = Mapping[tuple[str, str], tuple[str, ...]]
"""The sinks of each address, which is an instance and a client's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A place, and what is to be true once the apply of its manifest has come to its end.

    `renamed` are the live names of clients that have a successor's, and `makes` is how many clients
    the apply makes if nothing goes wrong.
    """

    place: Place
    wanted: Wanted
    makes: int
    renamed: Mapping[tuple[str, str], str] = field(default_factory=dict)


def world() -> dict[str, Any]:
    """Return two instances with three strangers each.

    The second one hides client ids, answers lists in pages, and repeats a create in capitals.
    """
    instance = {
        "users": [{"email": "ops@i.example", "password": "right"}],
        "tokens": {"dp-1": "ops@i.example"},
        "clients": [dict(each) for each in STRANGERS],
    }
    lists = {"mask_client_ids": "ellipsis", "list_shape": "pages", "list_page": 4}
    masked = {**instance, **lists, "echo": "upper"}
    return {"seed": 1, "instances": {"i1.domo.com": instance, "i2.domo.com": masked}}


def first(folder: Path) -> Story:
    """Return the place where nothing was applied yet."""
    folder.mkdir()
    return Story(
        place=Place(folder=folder, manifest=HEAD + FIRST, config=world()),
        wanted={("i1", "New File"): ("files",), ("i1", "New State"): ("state",)},
        makes=2,
    )


def change(folder: Path, launcher: Launcher, domo: Domo) -> Story:
    """Return the place where a fleet was applied, and its manifest changed since."""
    empty = folder.with_name("empty")
    empty.mkdir()
    lapsing = BEFORE.replace("{name: Lapsed, scope: [data]", "{name: Lapsed, scope: [data, user]")
    place = Place(folder=empty, manifest=HEAD + BEFORE, config=world())
    with place.opened(folder.with_name("making"), domo) as case:
        for manifest in (BEFORE, lapsing):
            case.write(HEAD + manifest)
            ended = launcher.run(case.folder, *APPLY)
            assert ended.code == 0, ended.said
        age(case.folder / "reconciler.state.json")
        case.folder.rename(folder)
        case.folder.mkdir()
        config = case.config(seed=2)
    return Story(
        place=Place(folder=folder, manifest=HEAD + AFTER, config=config),
        wanted={
            ("i1", "Steady"): ("files",),
            ("i1", "Wider"): ("files",),
            ("i1", "Kept Wider"): ("state",),
            ("i1", "Aged"): ("files", "vault"),
            ("i1", "Moved"): ("state", "files"),
            ("i1", "New File"): ("files",),
            ("i1", "New Both"): ("vault", "state"),
            ("i2", "Steady"): ("vault",),
            ("i2", "Wider"): ("vault",),
            ("i2", "Lapsed"): ("files",),
            ("i2", "New File"): ("files",),
        },
        renamed={
            ("i1", "Wider"): "Wider (2)",
            ("i1", "Kept Wider"): "Kept Wider (2)",
            ("i1", "Aged"): "Aged (2)",
            ("i2", "Wider"): "Wider (2)",
            ("i2", "Lapsed"): "Lapsed (2)",
        },
        makes=7,
    )


def moves(folder: Path, launcher: Launcher, domo: Domo) -> Story:
    """Return the place where clients have new addresses, at which they are replaced."""
    empty = folder.with_name("no moves")
    empty.mkdir()
    place = Place(folder=empty, manifest=HEAD + BEFORE_MOVES, config=world())
    with place.opened(folder.with_name("making"), domo) as case:
        ended = launcher.run(case.folder, *APPLY)
        assert ended.code == 0, ended.said
        case.folder.rename(folder)
        case.folder.mkdir()
        config = case.config(seed=2)
    return Story(
        place=Place(folder=folder, manifest=MOVES + HEAD + AFTER_MOVES, config=config),
        wanted={("i1", "Wide"): ("files",), ("i1", "Held"): ("state",)},
        makes=2,
    )


def age(state: Path) -> None:
    """Let one client be due for its rotation, and the overlap of another be over."""
    document = json.loads(state.read_bytes())
    document["clients"]["i1/Aged"]["created_at"] = "2020-01-01T00:00:00Z"
    for reached in document["clients"]["i2/Lapsed"]["delivered"].values():
        reached["at"] = "2020-01-01T00:00:00Z"
    state.write_text(json.dumps(document))
