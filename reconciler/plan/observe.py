"""What instances turned out to have, as a value that a plan may be made with."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from reconciler.model.client import ListedClient
from reconciler.model.naming import form
from reconciler.state.document import Entry, Retiring


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The clients that an instance listed.

    `proves` holds the owners (Domo's user ids, None for an unknown one) whose clients this list
    would have shown: what of theirs is absent is gone. Of others it is only not visible.
    """

    clients: tuple[ListedClient, ...]
    proves: frozenset[int | None] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unseen:
    """The instance could not be listed; `message` says why."""

    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """The answers of a refresh, by instance; an instance that was not asked is not in it."""

    instances: Mapping[str, Seen | Unseen] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """The instance has the client."""

    listed: ListedClient


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """The client is not there, and this list would have shown it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotVisible:
    """The list proves nothing about the client, or the instance was not asked."""


Sight = Present | Gone | NotVisible


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One instance's list, indexed: a fleet has as many lookups as clients.

    A client is known by its client id; where the list masks that, by the nonce of its mark, or by
    its numeric id together with its name and owner. The keys of `names` are names in
    their form. `nonces` and `ids` hold masked clients only.
    """

    listed: tuple[ListedClient, ...]
    proves: frozenset[int | None]
    ours: str | None
    names: Mapping[str, ListedClient]
    client_ids: Mapping[str, ListedClient]
    nonces: Mapping[str, ListedClient]
    ids: Mapping[int, ListedClient]

    @classmethod
    def of(cls, seen: Seen, *, ours: str | None) -> "View":
        """Index a list; `ours` is the mark's owner part of this state on this instance."""
        masked = [each for each in seen.clients if each.client_id is None]
        return cls(
            listed=seen.clients,
            proves=seen.proves,
            ours=ours,
            names={form(each.name): each for each in seen.clients},
            client_ids={each.client_id: each for each in seen.clients if each.client_id},
            nonces={
                each.mark.nonce: each for each in masked if each.mark and each.mark.owner == ours
            },
            ids={each.id: each for each in masked if each.id is not None},
        )

    def sight(self, known: Entry | Retiring) -> Sight:
        """Look for a client that the state knows."""
        found = self.client_ids.get(known.client_id) or self._unmasked(known)
        if found is not None:
            return Present(listed=found)
        if self._may_be_masked(known) or known.owner not in self.proves:
            return NotVisible()
        return Gone()

    def is_ours(self, listed: ListedClient) -> bool:
        """Say whether a client carries this state's mark."""
        mark = listed.mark
        return mark is not None and mark.owner == self.ours

    def strangers(self, known: Iterable[Entry | Retiring]) -> list[ListedClient]:
        """Return the listed clients that are none of the `known`, by name."""
        clients = tuple(known)
        met = [each.listed for each in map(self.sight, clients) if isinstance(each, Present)]
        ours = {id(each) for each in met}
        doubtful = {form(each.live_name) for each in clients}
        left = (
            each
            for each in self.listed
            if id(each) not in ours and not (each.client_id is None and form(each.name) in doubtful)
        )
        return sorted(left, key=lambda each: (each.name, each.client_id or ""))

    def _unmasked(self, known: Entry | Retiring) -> ListedClient | None:
        marked = self.nonces.get(known.nonce) if known.nonce else None
        if marked is not None and known.id in (None, marked.id):
            return marked
        found = self.ids.get(known.id) if known.id is not None else None
        if found is None or known.owner is None:
            return None
        same = (form(found.name), found.owner) == (form(known.live_name), known.owner)
        return found if same else None

    def _may_be_masked(self, known: Entry | Retiring) -> bool:
        """Say whether a masked client may be this one, though nothing proves that it is."""
        named = self.names.get(form(known.live_name))
        masked = named if named is not None and named.client_id is None else None
        same_id = self.ids.get(known.id) if known.id is not None else None
        return any(each is not None and not _is_another(each, known) for each in (masked, same_id))


def _is_another(listed: ListedClient, known: Entry | Retiring) -> bool:
    """Say whether a mark proves that this is the client of another attempt, such as a successor."""
    mark = listed.mark
    return mark is not None and known.nonce is not None and mark.nonce != known.nonce
