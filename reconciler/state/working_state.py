"""What is known in the middle of a run, and every rule by which a record changes it.

The engine appends a record, makes it durable, and applies it here; a run that comes after a crash
reads the records and applies them in the same way, so that both arrive at the same place.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, assert_never

from reconciler.model.address import Address
from reconciler.model.leftover import Leftover
from reconciler.model.secret import Secret
from reconciler.model.sink import STATE, recorded_file
from reconciler.state.journal_records import (
    Abandoned,
    Created,
    CreatedRecord,
    Delivered,
    Intent,
    NotCreated,
    Record,
    Revoked,
    RolledBack,
)
from reconciler.state.model import (
    Entry,
    OpenPlan,
    Plain,
    Retiring,
    Sealed,
    SinkDelivery,
    State,
    StoredSecret,
)


@dataclass(slots=True)
class WorkingState:
    """What is known in the middle of a run: the state, with the journals' records applied.

    `open` are attempts whose outcome is unknown, by nonce. `made` are clients whose secret the
    state must not or need not hold yet, by client id. `orphans` are clients that a journal says
    were made for an address that the state has since given to another client, by client id, and
    those that Domo answered with the client id of another client, by nonce.
    `leftovers` are secret files that no delivery of a client names any more, by path.
    """

    lineage: str
    serial: int
    clients: dict[Address, Entry]
    open: dict[str, Intent] = field(default_factory=dict)
    made: dict[str, CreatedRecord] = field(default_factory=dict)
    orphans: dict[str, CreatedRecord] = field(default_factory=dict)
    open_plan: OpenPlan | None = None
    leftovers: dict[str, Leftover] = field(default_factory=dict)
    changed: bool = False

    @classmethod
    def of(cls, state: State) -> "WorkingState":
        """Start from a state; the state itself is never changed."""
        return cls(
            lineage=state.lineage,
            serial=state.serial,
            clients=dict(state.clients),
            open_plan=state.open_plan,
            leftovers={_path(each.target): each for each in state.leftovers},
        )

    def state(self, *, serial: int) -> State:
        """Return the document to be written."""
        return State(
            lineage=self.lineage,
            serial=serial,
            clients=dict(self.clients),
            open_plan=self.open_plan,
            leftovers=tuple(self.leftovers[path] for path in sorted(self.leftovers)),
        )

    def apply(self, record: Record) -> None:
        """Change what is known as `record` says; a record that is known already changes nothing."""
        match record:
            case Intent():
                self.open[record.nonce] = record
            case Created():
                self._created(record)
            case Delivered():
                self._delivered(record)
            case NotCreated() | RolledBack():
                self.open.pop(record.nonce, None)
            case Revoked():
                self._revoked(record)
            case Abandoned():
                self._abandoned(record)
            case _:
                assert_never(record)

    def entry(self, address: Address, entry: Entry | None, *, forgotten: bool = False) -> None:
        """Set or remove the entry of an address.

        The files that the entry names no more become leftovers, unless the client is `forgotten`:
        it works on, and its files are its consumers'.
        """
        before = self.clients.get(address)
        if before is not None and not forgotten:
            self._leave(before, entry)
        if entry is None:
            self.clients.pop(address, None)
            self.made.pop(before.client_id if before is not None else "", None)
        else:
            self.clients[address] = entry
        self.changed = self.changed or before is not entry

    def drop_leftover(self, leftover: Leftover) -> None:
        """Forget a leftover: its file is gone, or is something else by now."""
        del self.leftovers[_path(leftover.target)]
        self.changed = True

    def _leave(self, before: Entry, entry: Entry | None) -> None:
        if entry is not None and before.delivered == entry.delivered:
            return
        kept = {_path(each.target) for each in entry.delivered.values()} if entry else set()
        for reached in before.delivered.values():
            path = _path(reached.target)
            if path not in kept and recorded_file(reached.target) is not None:
                self.leftovers[path] = Leftover(
                    target=reached.target, client_id=before.client_id, digest=reached.digest
                )
        for path in kept & self.leftovers.keys():
            del self.leftovers[path]

    def secret_of(self, client_id: str, entry: Entry | None) -> StoredSecret | None:
        """Return the secret, from the state or from a journal; None if it is in neither."""
        if entry is not None and entry.client_id == client_id and entry.secret is not None:
            return entry.secret
        made = self.made.get(client_id) or self.orphans.get(client_id)
        return made.created.secret if made else None

    def seal(self, keep: Callable[[str, Secret], StoredSecret]) -> dict[str, Secret]:
        """Seal every secret that is kept in plain; return those secrets by client id.

        `keep` seals a secret together with its client id. What waited in a journal for its sinks
        waits in the state from now on.
        """
        found: dict[str, Secret] = {}
        for address, entry in list(self.clients.items()):
            made = self.made.get(entry.client_id)
            kept = entry.secret if made is None else made.created.secret
            if isinstance(kept, Plain):
                found[entry.client_id] = kept.secret
                self.made.pop(entry.client_id, None)
                self.entry(address, replace(entry, secret=keep(entry.client_id, kept.secret)))
        for held in (self.made, self.orphans):
            for key, made in held.items():
                kept, client_id = made.created.secret, made.created.client_id
                if isinstance(kept, Plain):
                    if not made.created.taken:
                        found[client_id] = kept.secret
                    created = replace(made.created, secret=keep(client_id, kept.secret))
                    held[key] = replace(made, created=created)
        return found

    def unrecorded(self) -> Iterator[Record]:
        """Yield the records that a state file does not hold, so that a journal must."""
        yield from self.open.values()
        for made in (*self.made.values(), *self.orphans.values()):
            yield from made.records()

    def _created(self, record: Created) -> None:
        aside = self.orphans.get(record.nonce)
        intent = self.open.pop(record.nonce, aside.intent if aside is not None else None)
        if intent is None:
            return
        made = CreatedRecord(intent=intent, created=record)
        if record.taken:
            self.orphans[made.key] = made
            return
        self.orphans.pop(record.nonce, None)
        current = self.clients.get(intent.address)
        if current is not None and current.client_id == record.client_id:
            self._hold(made, current)
        elif current is None or current.client_id == intent.predecessor:
            entry = _entry_of(made, current)
            self.entry(intent.address, entry)
            self._hold(made, entry)
        elif record.client_id not in {old.client_id for old in current.retiring}:
            self.orphans[record.client_id] = made

    def _hold(self, made: CreatedRecord, entry: Entry) -> None:
        secret = made.created.secret
        if isinstance(secret, Sealed):
            if entry.secret is None and entry.waiting:
                self.entry(made.intent.address, replace(entry, secret=secret))
        elif STATE not in entry.sinks and entry.waiting:
            self.made[made.created.client_id] = made

    def _delivered(self, record: Delivered) -> None:
        made = self.made.get(record.client_id)
        if made is not None and record not in made.delivered:
            self.made[record.client_id] = replace(made, delivered=(*made.delivered, record))
        entry = self.clients.get(record.address)
        if entry is None or entry.client_id != record.client_id:
            return
        reached = SinkDelivery(target=record.target, at=record.at, digest=record.digest)
        unproved = entry.unproved and not record.proved
        if entry.delivered.get(record.sink) == reached and unproved == entry.unproved:
            return
        secret = entry.secret
        if record.sink == STATE and secret is None and made is not None:
            secret = made.created.secret
        delivered = {**entry.delivered, record.sink: reached}
        entry = drop_unneeded_secret(
            replace(entry, delivered=delivered, secret=secret, unproved=unproved)
        )
        self.entry(record.address, entry)
        if not entry.waiting:
            self.made.pop(record.client_id, None)

    def _revoked(self, record: Revoked) -> None:
        self.made.pop(record.client_id, None)
        self.orphans.pop(record.client_id, None)
        entry = self.clients.get(record.address)
        if entry is None:
            return
        if entry.client_id == record.client_id:
            self.entry(record.address, _restore_predecessor(entry))
            return
        left = tuple(old for old in entry.retiring if old.client_id != record.client_id)
        if len(left) != len(entry.retiring):
            self.entry(record.address, replace(entry, retiring=left))

    def _abandoned(self, record: Abandoned) -> None:
        self.open.pop(record.key, None)
        self.made.pop(record.key, None)
        self.orphans.pop(record.key, None)


def without_attempts(
    records: Iterable[Record],
    attempts: Sequence[Intent | CreatedRecord],
    *,
    how: Literal["revoked", "abandon", "output"],
) -> tuple[Record, ...]:
    """Return a journal's records without the attempts that an operator ended.

    A word on each of them stands in their place, unless nothing else is left to be said.
    """
    intents = [each.intent if isinstance(each, CreatedRecord) else each for each in attempts]
    nonces = {each.nonce for each in intents}
    client_ids = {
        each.key for each in attempts if isinstance(each, CreatedRecord) and not each.created.taken
    }
    before = tuple(records)
    left = tuple(each for each in before if not _is_about(each, nonces, client_ids))
    if len(left) == len(before):
        return before
    if all(isinstance(each, Abandoned) for each in left):
        return ()
    return (*left, *(Abandoned(key=key, how=how) for key in sorted(nonces | client_ids)))


def _is_about(record: Record, nonces: set[str], client_ids: set[str]) -> bool:
    match record:
        case Intent(nonce=nonce) | Created(nonce=nonce):
            return nonce in nonces
        case Delivered(client_id=client_id):
            return client_id in client_ids
        case _:
            return False


def _path(target: str) -> str:
    """Return the path of a file that was delivered to, or the target as it is."""
    found = recorded_file(target)
    return found[1] if found is not None else target


def drop_unneeded_secret(entry: Entry) -> Entry:
    """Drop what an entry need not hold once every sink has the secret.

    That is the deliveries to sinks that are not wanted any more, and the secret itself if the state
    is not one of the sinks: a state that becomes a sink again must not look as if it still had it.
    """
    if not entry.waiting and not entry.delivered.keys() <= {*entry.sinks, STATE}:
        wanted = (sink for sink in entry.delivered if sink in entry.sinks)
        entry = replace(entry, delivered={sink: entry.delivered[sink] for sink in wanted})
    if (
        entry.keeps_secret
        or entry.waiting
        or (entry.secret is None and STATE not in entry.delivered)
    ):
        return entry
    delivered = {sink: reached for sink, reached in entry.delivered.items() if sink != STATE}
    return replace(entry, secret=None, delivered=delivered)


def with_predecessor(entry: Entry, *, overlap: float) -> tuple[Retiring, ...]:
    """Return what is to be retired once `entry` has a successor: itself, and its predecessors.

    `overlap` (seconds) is what holds for it from now on: the wish of the manifest that made the
    successor, whatever was wished when `entry` itself was made.
    """
    old = Retiring(
        live_name=entry.live_name,
        client_id=entry.client_id,
        id=entry.id,
        owner=entry.owner,
        scope=entry.scope,
        nonce=entry.nonce,
        overlap=overlap,
    )
    return (*entry.retiring, old)


def _entry_of(made: CreatedRecord, current: Entry | None) -> Entry:
    intent, created = made.intent, made.created
    in_state = isinstance(created.secret, Sealed) or STATE in intent.sinks
    orphan = (intent.orphan,) if intent.orphan is not None else ()
    reached = {STATE: SinkDelivery(target=STATE, at=created.at)} if STATE in intent.sinks else {}
    return drop_unneeded_secret(
        Entry(
            domain=intent.domain,
            live_name=intent.live_name,
            client_id=created.client_id,
            id=created.id,
            owner=created.owner,
            scope=intent.scope,
            description=intent.description,
            created_at=created.at,
            nonce=intent.nonce,
            sinks=intent.sinks,
            delivered=reached,
            secret=created.secret if in_state else None,
            protect=intent.protect,
            on_remove=intent.on_remove,
            overlap=intent.overlap,
            retiring=with_predecessor(current, overlap=intent.overlap)
            if current is not None
            else orphan,
            unproved=current is not None or intent.orphan is not None,
        )
    )


def _restore_predecessor(entry: Entry) -> Entry | None:
    """Return what an address has after its client ended: nothing, or a predecessor yet to end."""
    if not entry.retiring:
        return None
    last = entry.retiring[-1]
    return replace(
        entry,
        live_name=last.live_name,
        client_id=last.client_id,
        id=last.id,
        owner=last.owner,
        scope=last.scope,
        nonce=last.nonce,
        delivered={},
        secret=None,
        unproved=False,
        live_scope=(),
        retiring=entry.retiring[:-1],
    )
