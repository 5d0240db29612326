"""What must hold at each moment of a manifest's life, whatever has happened before."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from reconciler.model.address import Address
from reconciler.model.ownership_mark import split_mark
from reconciler.model.secret import Secret
from reconciler.model.sink import STATE
from reconciler.operations.workspace import load_state
from reconciler.state.model import Entry, Plain, State
from reconciler.state.working_state import WorkingState
from reconciler.stores.local import LocalStore

if TYPE_CHECKING:
    from reconciler.sandbox.entities import Client
    from reconciler.sandbox.running_sandbox import Running

KEYS: Final = ("i1", "i2")
FOLDERS: Final = {"files": "files", "other": "other", "vault": "vault"}
"""Where each sink keeps what it gets."""


@dataclass(kw_only=True)
class Excuses:
    """What the judge must not hold against the tool, as client ids, and why.

    `orphaned`: its journal was lost, or the manifest said to forget it. `ended`: others removed it,
    the manifest asked for its end, or the journal that says so was lost. `untold`: its secret was
    lost with a journal. `resinked`: its sinks were changed after its secret had left the tool.
    """

    orphaned: set[str] = field(default_factory=set)
    ended: set[str] = field(default_factory=set)
    untold: set[str] = field(default_factory=set)
    resinked: set[Address] = field(default_factory=set)
    journals_lost: bool = False


@dataclass(kw_only=True)
class Judge:
    """Compares what Domo has with the manifest, the state, the journals and the sinks."""

    served: "Running"
    folder: Path
    wanted: dict[Address, dict[str, Any]] = field(default_factory=dict)
    excuses: Excuses = field(default_factory=Excuses)

    def check(self) -> None:
        """See that every promise is kept."""
        self.strangers_are_not_touched()
        self.no_client_is_made_twice(self.known())
        self.no_secret_is_lost(self.known())

    def known(self) -> WorkingState:
        """Return the state as the journals complete it."""
        return load_state(
            LocalStore(self.folder / "reconciler.state.json")
        ).working or WorkingState.of(State(lineage="none yet"))

    def ours(self) -> list["Client"]:
        """Return the living clients that the tool made."""
        every = (c for key in KEYS for c in self.served.clients(f"{key}.domo.com"))
        return [each for each in every if each.made_by.startswith("create")]

    def path(self, at: Address, sink: str) -> Path:
        """Return the file that a sink keeps of an address."""
        slug = at.client.lower().replace(" ", "-")
        return self.folder / FOLDERS[sink] / f"{at.instance}-{slug}"

    def deliveries(self) -> Iterator[tuple[Path, bool]]:
        """Yield each sink file of a wanted client, and whether the secret in it works."""
        for at, spec in self.wanted.items():
            for sink in spec["sink"]:
                if sink != STATE and (content := read(self.path(at, sink))) is not None:
                    yield self.path(at, sink), self.works(content["client_id"], content)

    def works(self, client_id: str, content: dict[str, Any]) -> bool:
        """Say whether Domo would take a secret."""
        found = self.served.world.client_with(client_id)
        return found is not None and found[1].client_secret == content["client_secret"]

    def secret_is_somewhere(self, known: WorkingState, at: Address, entry: Entry) -> bool:
        """Say whether anybody has the secret of a client: a sink, the state, or a journal."""
        contents = (read(self.path(at, sink)) for sink in FOLDERS)
        return known.secret_of(entry.client_id, entry) is not None or any(
            each is not None and each["client_id"] == entry.client_id for each in contents
        )

    def strangers_are_not_touched(self) -> None:
        """What others made, only others remove."""
        for key in KEYS:
            state = self.served.state(f"{key}.domo.com")
            for each in state["instances"][f"{key}.domo.com"]["revoked"]:
                assert each["made_by"].startswith("create") or each["revoked_by"] == "control", each

    def no_client_is_made_twice(self, known: WorkingState) -> None:
        """Each client that the tool made is known to it, or is an attempt that is still open."""
        for client in self.ours():
            mark = split_mark(client.description)[1]
            attempts = {n for n, i in known.open.items() if i.live_name == client.name}
            is_open = mark.nonce in known.open if mark else bool(attempts)
            told = client.client_id in accounted(known) | self.excuses.orphaned
            assert told or is_open, client.name

    def no_secret_is_lost(self, known: WorkingState) -> None:
        """A known client's secret is in a sink, the state or a journal; what is delivered works."""
        living = {each.client_id: each for each in self.ours()}
        for at, entry in known.clients.items():
            if entry.client_id in self.excuses.ended:
                continue
            assert entry.client_id in living, (str(at), "was revoked")
            if entry.client_id not in self.excuses.untold:
                assert self.secret_is_somewhere(known, at, entry), str(at)
            for sink in entry.delivered.keys() & set(self.wanted.get(at, {"sink": ()})["sink"]):
                if sink == STATE:
                    assert isinstance(entry.secret, Plain)
                    true = living[entry.client_id].client_secret
                    assert entry.secret.secret.same_as(Secret(true))
                else:
                    content = read(self.path(at, sink))
                    assert content is not None, (str(at), sink, "has nothing")
                    ended = content["client_id"] in self.excuses.ended
                    assert ended or self.works(content["client_id"], content), (str(at), sink)

    def excuse(self, before: WorkingState) -> None:
        """Take note of what the manifest asked the tool to end or to forget."""
        known = accounted(self.known())
        living = {each.client_id for each in self.ours()}
        for at, entry in before.clients.items():
            ids = {entry.client_id, *(each.client_id for each in entry.retiring)}
            spec = self.wanted.get(at)
            if spec is None and entry.on_remove == "forget":
                self.excuses.orphaned |= ids - known
            if spec is None or spec["replace"] == "revoke_first":
                self.excuses.ended |= ids - living

    def excuse_lost_journals(self) -> None:
        """Take note of what only the journals knew."""
        known = self.known()
        ids, living = accounted(known), {each.client_id for each in self.ours()}
        self.excuses.orphaned |= living - ids
        self.excuses.ended |= ids - living
        self.excuses.untold |= {
            entry.client_id
            for at, entry in known.clients.items()
            if not self.secret_is_somewhere(known, at, entry)
        }

    def check_rest(self, last: dict[str, Any]) -> None:
        """Nothing waits, nothing is left over, and everything wanted is there and delivered."""
        known = self.known()
        # A client that left the manifest before its sinks took its secret keeps it in a journal.
        waiting = {made.intent.address for made in known.made.values()}
        assert not known.open
        assert not known.orphans
        assert not waiting & self.wanted.keys()
        assert waiting or not list(self.folder.glob("*.journal"))
        assert {c.client_id for c in self.ours()} <= accounted(known) | self.excuses.orphaned
        living = {each.client_id for each in self.ours()}
        stuck = {name for code, name in last["notices"] if code == "sink"}
        for at, spec in self.wanted.items():
            entry = known.clients[at]
            assert entry.client_id in living
            assert not entry.retiring or str(at) in stuck  # it ends once all sinks have the next
            assert list(entry.scope) == sorted(spec["scope"])
            if str(at) in stuck:
                assert at in self.excuses.resinked or self.excuses.journals_lost
            else:
                assert set(spec["sink"]) <= set(entry.delivered)


def accounted(known: WorkingState) -> set[str]:
    """Return the client ids that the state or a journal knows."""
    current = {entry.client_id for entry in known.clients.values()}
    old = {each.client_id for entry in known.clients.values() for each in entry.retiring}
    return current | old | set(known.made) | set(known.orphans)


def read(path: Path) -> dict[str, Any] | None:
    """Return what a sink got, None where it got nothing yet."""
    try:
        found: dict[str, Any] = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    return found
