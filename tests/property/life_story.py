"""One manifest, its folder and its instances, as a machine whose every step may go wrong."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from reconciler.model.address import Address

if TYPE_CHECKING:
    from tests.property.conftest import Town
    from tests.property.life_judge import KEYS, Judge, read
else:  # tests are no package, so that what they share is found by its folder
    sys.path.insert(0, str(Path(__file__).parent))
    from life_judge import KEYS, Judge, read

APPLIES: Final = 6
"""How many applies a life may need at its end: one settles, one makes, one ends predecessors."""

NAMES: Final = ("A", "B b", "C")
SCRIPT: Final = """\
#!/bin/sh
[ -e broken ] && { echo 'the vault is sealed' >&2; exit 1; }
cat >"vault/$1-$2.new" && mv "vault/$1-$2.new" "vault/$1-$2"
"""

addresses = st.builds(Address, st.sampled_from(KEYS), st.sampled_from(NAMES))
specs = st.fixed_dictionaries(
    {
        "scope": st.sampled_from([["data"], ["data", "user"]]),
        "sink": st.sampled_from(
            [["files"], ["files"], ["state"], ["vault"], ["files", "vault"], ["other", "state"]]
        ),
        "description": st.sampled_from(["", "Nightly"]),
        "on_remove": st.sampled_from(["keep", "forget", "revoke"]),
        "overlap": st.sampled_from(["0", "0", "1h"]),
        "replace": st.sampled_from(["create_first", "create_first", "revoke_first"]),
    },
    optional={"rotate_after": st.just("30d")},
)
edits = st.dictionaries(addresses, st.one_of(specs, specs, st.none()), min_size=1, max_size=4)
kills = st.one_of(st.none(), st.integers(1, 45))
faults = st.fixed_dictionaries(
    {
        "what": st.sampled_from(
            [
                "lost_answer", "lost_answer", "error_after", "error_before", "reset_before",
                "truncated", "garbage", "no_secret", "wrong_name", "redirect", "rate_limited",
                "expired_session",
            ]
        ),
        "route": st.sampled_from(["create*", "create*", "list", "revoke", "token", "sign_on", "*"]),
        "after": st.integers(0, 3),
        "times": st.sampled_from([1, 1, 2, 4]),
    }
)  # fmt: skip


class Life(RuleBasedStateMachine):
    """One manifest, its folder, and the instances that it is about."""

    def __init__(self, town: "Town") -> None:
        super().__init__()
        self.town = town
        self.days = 0.0
        self.cut = False
        self.log: list[dict[str, Any]] = []

    @initialize(
        masked=st.booleans(),
        entries=st.booleans(),
        cut=st.sampled_from([False, False, False, True]),
        trim=st.booleans(),
        lag=st.sampled_from([0.0, 0.02]),
        token=st.booleans(),
        first=edits,
    )
    def begin(
        self,
        *,
        masked: bool,
        entries: bool,
        cut: bool,
        trim: bool,
        lag: float,
        token: bool,
        first: dict[Address, Any],
    ) -> None:
        """Found the instances; how they behave where Domo's contract leaves it open is drawn."""
        rules = {
            "users": [{"email": "ops@i.example", "password": "right"}],
            "tokens": {"dp-1": "ops@i.example"},
            "mask_client_ids": masked,
            "list_shape": "entries" if entries else "array",
            "description_limit": 20 if cut else None,
            "trim": trim,
            "list_lag": lag,
        }
        self.cut = cut
        config = {"seed": 1, "instances": {f"{key}.domo.com": rules for key in KEYS}}
        self.folder = self.town.start(config)
        self.judge = Judge(served=self.town.served, folder=self.folder)
        self.method: dict[str, Any] = {"method": "password", "email": "ops@i.example"}
        self.method["password"] = {"env": "PW"}
        if token:
            self.method = {"method": "token", "token": {"env": "TOKEN"}}
        (self.folder / "vault").mkdir()
        script = self.folder / "put.sh"
        script.write_text(SCRIPT)
        script.chmod(0o700)
        self.change(first, None, None)

    @rule(changes=edits)
    def edit(self, changes: dict[Address, dict[str, Any] | None]) -> None:
        """Want clients, want them otherwise, or take them out of the manifest."""
        for at, spec in changes.items():
            before = self.judge.wanted.pop(at, None)
            if spec is not None:
                self.judge.wanted[at] = spec
                if (before or spec)["sink"] != spec["sink"] or at in self.judge.known().clients:
                    self.judge.excuses.resinked.add(at)

    @rule(changes=edits, kill=kills, fault=st.none() | faults)
    def change(
        self, changes: dict[Address, Any], kill: int | None, fault: dict[str, Any] | None
    ) -> None:
        """Edit and apply, with a fault on the way or without."""
        self.edit(changes)
        if fault is not None:
            self.trouble(fault)
        self.apply(kill, refresh=False, rotate=[])

    @rule(kill=kills, days=st.sampled_from([0, 0, 0.1, 40]))
    def again(self, kill: int | None, days: float) -> None:
        """Apply what is wanted already, perhaps days later."""
        self.days += days
        self.apply(kill, refresh=False, rotate=[])

    @rule(fault=faults)
    def trouble(self, fault: dict[str, Any]) -> None:
        """Let the server go wrong."""
        self.town.served.fault(**fault)

    @rule()
    def clear_faults(self) -> None:
        """Let the server go right."""
        self.town.served.clear_faults()

    @rule(broken=st.booleans())
    def vault(self, broken: bool) -> None:
        """Let one kind of sink fail, or work again."""
        (self.folder / "broken").touch() if broken else self._mend()

    def _mend(self) -> None:
        (self.folder / "broken").unlink(missing_ok=True)

    @rule(key=st.sampled_from(KEYS), name=st.sampled_from([*NAMES, "A (2)", "B b (2)", "Else"]))
    def stranger(self, key: str, name: str) -> None:
        """Somebody else makes a client, if the name is free."""
        domain = f"{key}.domo.com"
        if all(each.name != name for each in self.town.served.clients(domain)):
            self.town.served.add_client(domain, name)

    @rule(key=st.sampled_from(KEYS), which=st.integers(0, 5))
    def removal(self, key: str, which: int) -> None:
        """Somebody else removes a client, whosever it is."""
        clients = self.town.served.clients(f"{key}.domo.com")
        if clients:
            chosen = clients[which % len(clients)]
            self.town.served.remove_client(f"{key}.domo.com", chosen.name)
            self.judge.excuses.ended.add(chosen.client_id)

    @rule()
    def lose_journals(self) -> None:
        """The machine is lost with the journals on it; the state was pushed before."""
        for path in self.folder.glob("*.journal"):
            path.unlink()
            self.judge.excuses.journals_lost = True
        self.judge.excuse_lost_journals()

    @rule(kill=kills, refresh=st.booleans(), rotate=st.lists(addresses, max_size=2))
    def apply(self, kill: int | None, refresh: bool, rotate: list[Address]) -> None:
        """Apply the manifest, to the end or to a kill."""
        self.applied(kill, refresh=refresh, rotate=rotate)

    def applied(
        self, kill: int | None, *, refresh: bool, rotate: list[Address], accept: Sequence[str] = ()
    ) -> None:
        """Apply; of the instances to `accept`, a list without any known client is believed."""
        before = self.judge.known()
        delivered = {path: worked for path, worked in self.judge.deliveries() if worked}
        rotations = [list(each) for each in rotate if each in self.judge.wanted]
        self.run(kill=kill, refresh=refresh, rotate=rotations, accept_missing=list(accept))
        self.judge.excuse(before)
        living = {each.client_id for each in self.judge.ours()}
        for path, worked in self.judge.deliveries():
            if path in delivered and not worked:
                content = read(path)
                assert content is not None, f"{path} is gone"
                assert content["client_id"] in self.judge.excuses.ended, (
                    f"{path} was cut off: {living}"
                )

    def run(self, *, apply: bool = True, **order: Any) -> dict[str, Any]:
        """Write the manifest and let the tool go to work on it."""
        self.write_manifest()
        order = {"kill": None, "refresh": False, "rotate": [], **order}
        answer = self.town.order(folder=str(self.folder), days=self.days, apply=apply, **order)
        assert "crash" not in answer, answer["crash"]
        assert not [c for c in answer.get("causes", ()) if c[1] == "internal"], answer
        self.log.append(answer)
        return answer

    def write_manifest(self) -> None:
        """Write what is wanted now."""
        instances: dict[str, Any] = {key: {"auth": self.method, "clients": []} for key in KEYS}
        for at, spec in self.judge.wanted.items():
            instances[at.instance]["clients"].append({"name": at.client, **spec})
        served = self.town.served
        place = "{instance}-{client_slug}"
        manifest = {
            "version": 1,
            "endpoints": {"api": served.api, "instance": served.instance_template},
            "sinks": {
                "files": {"type": "file", "path": f"files/{place}", "format": "json"},
                "other": {"type": "file", "path": f"other/{place}", "format": "json"},
                "vault": {"type": "exec", "command": ["./put.sh", "{instance}", "{client_slug}"]},
            },
            "instances": instances,
        }
        (self.folder / "reconciler.yaml").write_text(json.dumps(manifest))

    @invariant()
    def every_promise_is_kept(self) -> None:
        """Let the judge look."""
        if hasattr(self, "judge"):
            self.judge.check()

    def teardown(self) -> None:
        """Lift every fault, and see that a few applies come to rest, with nothing left over."""
        if not hasattr(self, "judge"):
            return
        try:
            self.come_to_rest()
        finally:
            self.town.end()

    def come_to_rest(self) -> None:
        """Apply until there is nothing to do."""
        self.clear_faults()
        self._mend()
        for key in KEYS:
            for each in self.town.served.clients(f"{key}.domo.com"):
                if not each.made_by.startswith("create"):
                    self.town.served.remove_client(f"{key}.domo.com", each.name)
            # Now a list of an access token, too, proves that what it does not show is gone.
            self.town.served.add_client(f"{key}.domo.com", "Resident", owner="ops@i.example")
            self.town.served.add_client(f"{key}.domo.com", "Else")
        for _ in range(APPLIES):
            self.days += 1  # every overlap is over
            # Others may have removed every client: an operator confirms that the lists are right.
            self.applied(kill=None, refresh=True, rotate=[], accept=KEYS)
            self.judge.check()
            last = self.log[-1]
            if not last["planned"] and last.get("complete"):
                break
        if self.cut:
            return  # without its mark a client cannot be told from a stranger's
        assert not last["planned"], json.dumps(self.log[-APPLIES:])
        assert last["complete"], json.dumps(self.log[-APPLIES:])
        self.judge.check_rest(last)
