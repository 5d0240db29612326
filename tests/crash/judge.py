"""Says what is wrong with a case after a kill, and after the run that came to its end."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from reconciler.model.address import Address
from reconciler.operations.workspace import load_state
from reconciler.sandbox.entities import Client
from reconciler.sandbox.instance import Instance
from reconciler.state.model import Entry, Plain, StoredSecret
from reconciler.stores.encryption import Identity, open_sealed
from reconciler.stores.local import LocalStore

if TYPE_CHECKING:
    from tests.crash.harness import Case
    from tests.crash.story import Wanted

STATE: Final = "reconciler.state.json"
FOLDERS: Final = {"files": "secrets", "vault": "vault"}
KINDS: Final = ("lost", "twice", "left over", "stranger", "stuck", "cut off")


class Judge:
    """Watches one case from its beginning to its end; `wrong` is what it found, one line each.

    A line begins with the invariant that did not hold: nothing durable is lost, no client is there
    twice or left over, no stranger's is touched, no run is stuck, and at no moment does a sink hold
    a secret that does not work.
    """

    def __init__(
        self,
        case: "Case",
        wanted: "Wanted",
        *,
        key: Identity | None = None,
        lists_fail: bool = False,
    ) -> None:
        """Begin; `key` opens the state's secrets where they are sealed.

        Then a durable secret that was not delivered may be replaced: nobody can read it. With
        `lists_fail` the state may lack a client's number.
        """
        self.wrong: list[str] = []
        self.wanted = wanted
        self._case = case
        self._key = key
        self._lists_fail = lists_fail
        self._durable: dict[str, Client] = {}
        self._scopes: Mapping[tuple[str, str], tuple[str, ...]] = {}
        self._before = {each.client_id for each in self._living()}
        known = self.known_ids()
        self._strangers = [each for each in self._living() if each.client_id not in known]
        case.world.ending = self._ending

    def known_ids(self) -> set[str]:
        """Return the client ids that the state has, as the journals beside it complete it."""
        entries = self._entries().values()
        retiring = {old.client_id for each in entries for old in each.retiring}
        return retiring | {each.client_id for each in entries}

    @property
    def made(self) -> int:
        """Return how many clients were made since the beginning."""
        return sum(self._is_new(each) for each in (*self._living(), *self._revoked()))

    @property
    def withdrawn(self) -> int:
        """Return how many of them have ended again."""
        return sum(self._is_new(each) for each in self._revoked())

    def killed(self) -> None:
        """Judge at the moment of a kill: what is delivered works, and what is durable is noted."""
        for address, client_id, secret in self._delivered():
            if not self._works(client_id, secret):
                self.wrong.append(f"cut off: {address} has a secret that does not work")
        if self._key is None:
            self._note_durable()

    def edited(self, wanted: "Wanted", scopes: Mapping[tuple[str, str], tuple[str, ...]]) -> None:
        """Go by a new manifest from now on: what it does not ask for any more may end."""
        self.wanted, self._scopes = wanted, scopes
        self._durable.clear()
        self.killed()

    def _note_durable(self) -> None:
        text = self._text(but=re.compile(r".*\.tmp"))
        current = {
            entry.client_id
            for address, entry in self._entries().items()
            if self._scopes.get((address.instance, address.client), entry.scope) == entry.scope
            and (address.instance, address.client) in self.wanted
        }
        for each in self._living():
            if self._is_new(each) and each.client_id in current and each.client_secret in text:
                self._durable[each.client_id] = each

    def ended(self) -> None:
        """Judge after a run that came to its end."""
        self.killed()
        self.wrong += (*self._lost(), *self._surplus(), *self._undone(), *self._litter())

    def _ending(self, instance: Instance, client: Client) -> None:
        """Look whether anybody could still be using a client that ends right now."""
        if client in self._strangers:
            self.wrong.append(f"stranger: {instance.domain} lost {client.name}")
        for address, client_id, _ in self._delivered():
            if client_id == client.client_id:
                self.wrong.append(f"cut off: {client.name} ended while a sink of {address} has it")

    def _lost(self) -> Iterator[str]:
        living = self._living()
        for each in self._durable.values():
            if each not in living:
                yield f"lost: the secret of {each.name} was durable, and its client is gone"
        for each in self._strangers:
            if each not in living:
                yield f"stranger: {each.name} is not what it was"

    def _surplus(self) -> Iterator[str]:
        known = {each.client_id for each in self._entries().values()}
        known |= {each.client_id for each in self._strangers}
        wanted = {f"{instance}.domo.com/{client}" for instance, client in self.wanted}
        for domain in self._case.world.instances:
            for each in self._case.served.clients(domain):
                if each.client_id not in known:
                    name = re.sub(r" \(\d+\)\Z", "", each.name)
                    kind = "twice" if f"{domain}/{name}" in wanted else "left over"
                    yield f"{kind}: {each.name} {each.description} on {domain}"

    def _undone(self) -> Iterator[str]:
        """Yield what is wanted and is not in the world, the state and each of its sinks."""
        entries, delivered = self._entries(), tuple(self._delivered())
        for each in entries:
            if (each.instance, each.client) not in self.wanted:
                yield f"left over: the state knows {each}"
        for (instance, client), sinks in self.wanted.items():
            address = Address(instance, client)
            entry = entries.get(address)
            found = self._case.world.client_with(entry.client_id) if entry else None
            if entry is None or found is None:
                yield f"lost: {address} has no client"
                continue
            # Where lists lag or fail, the number is filled in by the next apply that gets one.
            numbers = (found[1].id, None) if self._lists_fail else (found[1].id,)
            if entry.id not in numbers or found[1].name != entry.live_name:
                what = f"{entry.live_name} with the id {entry.id}"
                yield f"lost: {address} is {what}, not {found[1].name} with {found[1].id}"
            held = [secret for each, _, secret in delivered if each == address]
            if held != [found[1].client_secret] * len(sinks):
                yield f"lost: {len(held)} of {sinks} hold {address}, or another secret"

    def _litter(self) -> Iterator[str]:
        text = self._text(but=self._unwanted_files())
        for each in self._revoked():
            if each.client_secret in text:
                yield f"left over: the secret of {each.name}, which has ended, is in a file"
        for path in self._case.folder.rglob("*"):
            if path.name.endswith((".journal", ".tmp")):
                yield f"left over: {path.name}"

    def _unwanted_files(self) -> re.Pattern[str]:
        """Match the files of sinks that nothing is delivered to any more: they are the user's."""
        names = {self._file(*each) for each in self.wanted}
        folders = [self._case.folder / each for each in FOLDERS.values()]
        found = [file.name for folder in folders for file in folder.glob("*")]
        return re.compile("|".join(re.escape(each) for each in found if each not in names) or "-")

    def _is_new(self, client: Client) -> bool:
        return client.client_id not in self._before

    def _delivered(self) -> Iterator[tuple[Address, str, str]]:
        """Yield what each sink holds: for which address, the client id and the secret."""
        entries = self._entries()
        for (instance, client), sinks in self.wanted.items():
            address = Address(instance, client)
            for folder in (FOLDERS[each] for each in sinks if each in FOLDERS):
                path = self._case.folder / folder / self._file(instance, client)
                if path.exists():
                    held = json.loads(path.read_bytes())
                    yield address, held["client_id"], held["client_secret"]
            entry = entries.get(address)
            if "state" in sinks and entry is not None and entry.secret is not None:
                yield address, entry.client_id, self._opened(entry.client_id, entry.secret)

    def _opened(self, client_id: str, kept: StoredSecret) -> str:
        if isinstance(kept, Plain):
            return kept.secret.reveal()
        keys = [self._key] if self._key else []
        secret = open_sealed(kept, client_id=client_id, identities=keys)
        return secret.reveal() if secret else "sealed to somebody else"

    def _file(self, instance: str, client: str) -> str:
        return f"{instance}.{client.lower().replace(' ', '-')}.json"

    def _entries(self) -> dict[Address, Entry]:
        """Return what the state says, as the journals beside it complete it."""
        known = load_state(LocalStore(self._case.folder / STATE)).known
        return dict(known.clients) if known is not None else {}

    def _works(self, client_id: str, secret: str) -> bool:
        found = self._case.world.client_with(client_id)
        return found is not None and found[1].client_secret == secret

    def _living(self) -> list[Client]:
        return _flat(self._case.served.clients(each) for each in self._case.world.instances)

    def _revoked(self) -> list[Client]:
        return _flat(self._case.served.revoked(each) for each in self._case.world.instances)

    def _text(self, but: re.Pattern[str]) -> str:
        """Return the text of every file in the folder whose name does not match."""
        files = [each for each in self._case.folder.rglob("*") if not but.fullmatch(each.name)]
        return "\n".join(map(_read, files))


def _flat(groups: Iterable[tuple[Client, ...]]) -> list[Client]:
    return [each for group in groups for each in group]


def _read(path: Path) -> str:
    try:
        return path.read_text() if path.is_file() else ""
    except FileNotFoundError:  # a command that outlived its run has renamed its own file
        return ""
