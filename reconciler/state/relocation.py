"""The address at which the state has a client that a journal knows under another one.

`moved:` in the manifest renames an address. A journal and the state are written at different times,
so after a crash one of them can have the old address and the other the new one. The address itself
cannot decide which records belong to which client: client ids do, because they never change.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from reconciler.model.address import Address
from reconciler.state.journal_records import Created, Delivered, Intent, Record, Revoked
from reconciler.state.model import Entry


class Relocation:
    """Gives the records of journals, in the order of writing, the addresses that the state has."""

    def __init__(self, clients: Mapping[Address, Entry]) -> None:
        self._homes: dict[str, Address] = {}
        for address, entry in clients.items():
            self._homes.update(dict.fromkeys((e.client_id for e in entry.retiring), address))
        self._homes.update({entry.client_id: address for address, entry in clients.items()})

    def relocated(self, records: Sequence[Record]) -> Iterator[Record]:
        """Yield the records of one journal, each with the address at which its client is."""
        # A state that was written later has the created client, but not always its predecessor.
        created = dict(_created(records))
        for record in records:
            match record:
                case Intent():
                    yield self._intent(record, created.get(record.nonce))
                case Delivered() | Revoked():
                    home = self._homes.get(record.client_id, record.address)
                    yield record if home == record.address else replace(record, address=home)
                case _:
                    yield record

    def _intent(self, intent: Intent, client_id: str | None) -> Intent:
        home = self._homes.get(client_id or "") or self._homes.get(intent.predecessor or "")
        home = home or intent.address
        if client_id is not None:
            self._homes.setdefault(client_id, home)
        return intent if home == intent.address else replace(intent, address=home)


def _created(records: Iterable[Record]) -> Iterator[tuple[str, str]]:
    """Yield the nonce and the client id of each create whose client id is its own."""
    for record in records:
        if isinstance(record, Created) and not record.taken:
            yield record.nonce, record.client_id
