"""The result of a refresh, as a value that the planner takes."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from reconciler.model import client_id
from reconciler.model.client import ListedClient
from reconciler.model.client_name import form
from reconciler.state.client_index import Identity
from reconciler.state.model import Entry, Retiring

Known = Entry | Retiring | Identity
"""A client that the state or a journal knows."""

_NOTHING: Final[Mapping[str, Identity]] = MappingProxyType({})
_SEVERAL: Final = 2
"""From so many known clients on, a list that shows none of them is not believed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceListed:
    """The clients that an instance listed.

    `proves` holds the owners (Domo's user ids, None for an unknown one) whose clients this list
    would have shown: what of theirs is absent is gone. Of others it is only not visible.
    `missing` says why the list is incomplete; then it proves nothing. `domain` is the instance's.
    """

    clients: tuple[ListedClient, ...]
    proves: frozenset[int | None] = frozenset()
    missing: str = ""
    domain: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceUnreachable:
    """The instance could not be listed: `message` says why, and `hint` what to do."""

    message: str
    code: str = "unreachable"
    hint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """The answers of a refresh, by instance; an instance that was not asked is not in it."""

    instances: Mapping[str, InstanceListed | InstanceUnreachable] = field(default_factory=dict)


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


Presence = Present | Gone | NotVisible


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One instance's list, indexed: a fleet has as many lookups as clients.

    A client is known by its client id; if the list masks that, by the nonce of its mark, or by
    its numeric id together with its name and owner. The keys of `names` are names in
    their form. `ids` holds masked clients only. `doubt` says
    why the list proves no absence, "" if nothing speaks against it. The managed clients have the
    addresses that the state or a journal knows them under.
    """

    listed: tuple[ListedClient, ...]
    proves: frozenset[int | None]
    ours: str | None
    names: Mapping[str, ListedClient]
    client_ids: Mapping[str, ListedClient]
    nonces: Mapping[str, tuple[ListedClient, ...]]
    ids: Mapping[int, ListedClient]
    doubt: str = ""
    is_foreign: bool = False
    by_client_id: Mapping[str, Identity] = field(default_factory=dict)
    by_id: Mapping[int, Identity] = field(default_factory=dict)
    by_nonce: Mapping[str, Identity] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        seen: InstanceListed,
        *,
        ours: str | None,
        known: Iterable[Identity] = (),
        elsewhere: Mapping[str, Identity] = _NOTHING,
        accept_missing: bool = False,
    ) -> "View":
        """Index a list; `ours` is the mark's owner part of this state on this instance.

        `known` are the clients of this instance in the state and the journals. A list that lacks
        all of them, two or more, may be a cached or another instance's answer: it proves nothing
        unless that is accepted. `elsewhere` are all clients of the state by client id: a list
        that shows a client of another instance is that instance's answer.
        """
        identities = tuple(sorted(known, key=_order))
        nonces: dict[str, tuple[ListedClient, ...]] = {}
        for each in seen.clients:
            if each.mark is not None and each.mark.owner == ours:
                nonces[each.mark.nonce] = (*nonces.get(each.mark.nonce, ()), each)
        view = cls(
            listed=seen.clients,
            proves=seen.proves,
            ours=ours,
            names={form(each.name): each for each in reversed(seen.clients)},
            client_ids={
                client_id.key(text): each
                for each in seen.clients
                if (text := each.client_id or (each.hidden * client_id.is_uuid(each.hidden)))
            },
            nonces=nonces,
            ids={e.id: e for e in seen.clients if e.client_id is None and e.id is not None},
            doubt=seen.missing,
            by_client_id={client_id.key(e.client_id): e for e in identities if e.client_id},
            by_id={each.id: each for each in identities if each.id is not None},
            by_nonce={each.nonce: each for each in identities if each.nonce},
        )
        mine = {each.domain.lower() for each in identities}
        for text, listed in view.client_ids.items():
            other = elsewhere.get(text)
            if other is not None and other.domain.lower() not in mine | {seen.domain.lower()}:
                doubt = (
                    f"the list shows `{listed.name}`, which is a client of"
                    f" {other.address.instance}: it is that instance's answer"
                )
                return replace(view, proves=frozenset(), doubt=doubt, is_foreign=True)
        if view.doubt:
            return replace(view, proves=frozenset())
        state = [each for each in identities if not each.attempt]
        if len(state) < _SEVERAL or accept_missing or view._shows_any(identities):
            return view
        doubt = (
            f"the list shows none of the {len(state)} clients that the state knows here, so it may"
            " be a cached or another instance's answer; if they are really gone,"
            " `--accept-missing INSTANCE` accepts it"
        )
        return replace(view, proves=frozenset(), doubt=doubt)

    def _shows_any(self, identities: Iterable[Identity]) -> bool:
        return any(self.manager(each) is not None for each in self.listed) or any(
            self._may_be_masked(each) for each in identities
        )

    def manager(self, listed: ListedClient) -> Identity | None:
        """Return how the state or a journal knows a listed client, None if it does not.

        One match of client id, numeric id or nonce is enough to leave the client alone, even if
        the others differ.
        """
        text = listed.client_id or listed.hidden
        found = self.by_client_id.get(client_id.key(text)) if text else None
        if found is None and listed.id is not None:
            found = self.by_id.get(listed.id)
        if found is None and self.is_ours(listed) and listed.mark is not None:
            found = self.by_nonce.get(listed.mark.nonce)
        return found

    def is_pasted(self, listed: ListedClient) -> bool:
        """Return whether a client carries the mark of another one: its description was copied."""
        mark = listed.mark
        if mark is None or mark.owner != self.ours:
            return False
        known = self.by_nonce.get(mark.nonce)
        if known is None:
            return len(self.nonces.get(mark.nonce, ())) > 1
        return not _may_be(listed, known)

    def is_orphan(self, listed: ListedClient) -> bool:
        """Return whether a client has our mark, and neither state nor journal knows it."""
        return self.is_ours(listed) and self.manager(listed) is None and not self.is_pasted(listed)

    def stray(self, named: str | None) -> ListedClient | None:
        """Return the orphan with a client id (`masked:` and the nonce, if the list hides it)."""
        found = (e for e in self.listed if is_named(e, named) and self.is_orphan(e))
        return next(found, None)

    def namesakes(self, name: str) -> tuple[ListedClient, ...]:
        """Return every listed client of that name; Domo should list one at most."""
        return tuple(each for each in self.listed if form(each.name) == form(name))

    def locate(self, known: Known) -> Presence:
        """Look for a client that the state knows."""
        found = self.find(known)
        if found is not None:
            return Present(listed=found)
        if (
            self._may_be_masked(known)
            or (known.nonce is not None and known.nonce in self.nonces)
            or known.owner not in self.proves
        ):
            return NotVisible()
        return Gone()

    def is_ours(self, listed: ListedClient) -> bool:
        """Say whether a client carries this state's mark."""
        mark = listed.mark
        return mark is not None and mark.owner == self.ours

    def unmanaged(self, known: Collection[Entry | Retiring]) -> list[ListedClient]:
        """Return the listed clients that are none of the `known`, by name."""
        doubtful = {id(each) for each in self.doubtful(known)}
        return [each for each in self._unlocated(known) if id(each) not in doubtful]

    def doubtful(self, known: Collection[Entry | Retiring]) -> list[ListedClient]:
        """Return the listed clients without a client id that may be one of the `known`, by name."""
        names = {form(each.live_name) for each in known}
        return [
            each
            for each in self._unlocated(known)
            if each.client_id is None and form(each.name) in names and not self.is_orphan(each)
        ]

    def _unlocated(self, known: Collection[Entry | Retiring]) -> list[ListedClient]:
        found = (self.locate(each) for each in known)
        ours = {id(each.listed) for each in found if isinstance(each, Present)}
        left = (e for e in self.listed if id(e) not in ours and self.manager(e) is None)
        return sorted(left, key=lambda each: (each.name, each.client_id or ""))

    def find(self, known: Known) -> ListedClient | None:
        """Return the listed client that a known one is, None if no list entry proves to be it."""
        by_id = self.client_ids.get(client_id.key(known.client_id)) if known.client_id else None
        return by_id or self._unmasked(known)

    def contradicts(self, known: Entry | Retiring) -> bool:
        """Return whether the list shows a new client with another client id than it is known by.

        Either its nonce is there, and only with other ids, or its id is there with another nonce.
        """
        found = self.client_ids.get(client_id.key(known.client_id))
        if known.nonce is None:
            return False
        if found is not None and found.mark is not None and self.is_ours(found):
            return found.mark.nonce != known.nonce and not self.is_pasted(found)
        marked = [
            each
            for each in self.nonces.get(known.nonce, ())
            if known.owner is None or each.owner in (None, known.owner)
        ]
        return bool(marked) and not any(_may_be(each, known) for each in marked)

    def _unmasked(self, known: Known) -> ListedClient | None:
        marked = [
            each
            for each in self.nonces.get(known.nonce or "", ())
            if each.client_id is None and known.id in (None, each.id) and _may_be(each, known)
        ]
        if len(marked) == 1:
            return marked[0]
        found = self.ids.get(known.id) if known.id is not None else None
        if found is None or known.owner is None or not _may_be(found, known):
            return None
        same = (form(found.name), found.owner) == (form(known.live_name), known.owner)
        return found if same else None

    def _may_be_masked(self, known: Known) -> bool:
        """Say whether a masked client may be this one, though nothing proves that it is."""
        return any(
            each.client_id is None
            and not _is_another(each, known)
            and client_id.agrees(each.hidden, known.client_id or "")
            and (
                form(each.name) == form(known.live_name)
                or (known.id is not None and each.id == known.id)
                or client_id.points_at(each.hidden, known.client_id or "")
            )
            for each in self.listed
        )


def is_named(listed: ListedClient, named: str | None) -> bool:
    """Return whether a listed client is the one of a client id, or of `masked:` and a nonce."""
    return client_id.is_same(listed.stray_id, named)


def _order(known: Identity) -> tuple[object, ...]:
    """Return a key with which the order of the input does not matter."""
    return (known.address, known.client_id or "", known.id or 0, known.nonce or "")


def _may_be(listed: ListedClient, known: Known) -> bool:
    """Return whether neither the ids nor the owner show that a listed client is another one."""
    if listed.owner is not None and known.owner is not None and listed.owner != known.owner:
        return False
    if known.client_id is None:
        return True
    if listed.client_id is not None:
        return client_id.is_same(listed.client_id, known.client_id)
    return client_id.agrees(listed.hidden, known.client_id)


def _is_another(listed: ListedClient, known: Known) -> bool:
    """Say whether a mark proves that this is the client of another attempt, such as a successor."""
    mark = listed.mark
    return mark is not None and known.nonce is not None and mark.nonce != known.nonce


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """The clients that the state and the journals know, by instance key and by domain.

    A client whose instance has another key now is found by its domain.
    """

    keys: Mapping[str, Sequence[Identity]]
    domains: Mapping[str, Sequence[Identity]]
    client_ids: Mapping[str, Identity]

    @classmethod
    def of(cls, identities: Iterable[Identity]) -> "Register":
        """Index identities."""
        keys: dict[str, list[Identity]] = {}
        domains: dict[str, list[Identity]] = {}
        client_ids: dict[str, Identity] = {}
        for each in sorted(identities, key=_order):
            if each.client_id is not None:
                client_ids[client_id.key(each.client_id)] = each
            keys.setdefault(each.address.instance, []).append(each)
            domains.setdefault(each.domain.lower(), []).append(each)
        return cls(keys=keys, domains=domains, client_ids=client_ids)

    def on(self, key: str, domain: str) -> list[Identity]:
        """Return the clients of one instance."""
        mine = self.keys.get(key, ())
        others = self.domains.get(domain.lower(), ())
        return [*mine, *(each for each in others if each.address.instance != key)]
