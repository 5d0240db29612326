"""Kills a rotation between the proof and its record, and applies again without the key."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyrage  # type: ignore[import-untyped]  # it ships no types
import pytest

from reconciler.stores.encryption import identities_from

if TYPE_CHECKING:
    from tests.crash.harness import APPLY, Case, Domo, Launcher, Place
    from tests.crash.judge import Judge
    from tests.crash.kill import complete
    from tests.crash.story import HEAD
else:
    sys.path.insert(0, str(Path(__file__).parent))
    from harness import APPLY, Case, Domo, Launcher, Place
    from judge import Judge
    from kill import complete
    from story import HEAD

CLIENTS: Final = """\
  i1:
    clients:
      - {{name: Aged, scope: [{scope}], sink: [{sinks}]}}
state: {{encryption: {{age: {{recipients: [{recipient}]}}}}}}
"""
PROVED: Final = "recv POST /api/oauth/token #1 #1"


def rotating(launcher: Launcher, case: Case, sinks: str, recipient: str) -> None:
    """Create the client, and ask for its successor."""
    case.write(HEAD + CLIENTS.format(scope="data", sinks=sinks, recipient=recipient))
    ended = launcher.run(case.folder, *APPLY)
    assert ended.code == 0, ended.said
    case.write(HEAD + CLIENTS.format(scope="data, user", sinks=sinks, recipient=recipient))


@pytest.mark.parametrize("sinks", ["state", "files, vault"])
def test_without_the_key_no_predecessor_ends_before_a_secret_has_signed_in(
    sinks: str, ground: Path, launcher: Launcher, domo: Domo
) -> None:
    """A kill from the proof to its record ends no predecessor before a secret has signed in."""
    # The state is a sink that has the secret: the predecessor waits for the key. A secret that no
    # sink has and that cannot be opened here gets a successor, which signs in first.
    key = pyrage.x25519.Identity.generate()
    recipient, file = str(key.to_public()), ground / "key"
    file.write_text(f"{key}\n")
    (identity,) = identities_from(str(key), name="key")
    users = [{"email": "ops@i.example", "password": "right"}]
    empty = ground / f"sealed {sinks}"
    empty.mkdir()
    config = {"seed": 1, "instances": {"i1.domo.com": {"users": users}}}
    place = Place(folder=empty, manifest=HEAD, config=config)
    with place.opened(ground / "case", domo) as case:
        rotating(launcher, case, sinks, recipient)
        edges = launcher.run(case.folder, *APPLY, watch=True).edges
    # The journal's syncs are one for the create, and one for each sink.
    recorded = f"fsync reconciler.state.json.RUN.journal #{2 + sinks.count(',')}"
    between = edges[edges.index(PROVED) : edges.index(recorded)]
    for edge in (each for each in between if each == PROVED or not each.startswith("recv")):
        with place.opened(ground / "case", domo) as case:
            rotating(launcher, case, sinks, recipient)
            wanted = {("i1", "Aged"): tuple(sinks.split(", "))}
            judge = Judge(case, wanted, key=identity)
            judge.edited(wanted, {("i1", "Aged"): ("data", "user")})
            assert launcher.run(case.folder, *APPLY, edge=edge, side="after").code is None
            judge.killed()
            ended = launcher.run(case.folder, *APPLY)
            judge.killed()
            names = [each.name for each in case.served.clients("i1.domo.com")]
            if sinks == "state" and not edge.startswith("write"):
                assert names == ["Aged", "Aged (2)"], edge
                assert "apply with --identity" in ended.said, ended.said
            complete(launcher, case, judge, key=("--identity", str(file)))
            judge.ended()
            assert judge.wrong == [], edge
