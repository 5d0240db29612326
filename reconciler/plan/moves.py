"""`moved:` gives what the state knows a new name; no client is touched by it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from reconciler.model.address import Address
from reconciler.model.manifest import Manifest, Moved
from reconciler.model.strings import plural
from reconciler.plan.action import Notice
from reconciler.state.model import Entry, State


def count_moves(state: State, desired: Manifest) -> int:
    """Return how many clients `apply_moves` gives another address or domain."""
    moved, _ = apply_moves(state, desired)
    before = {(at, each.domain) for at, each in state.clients.items()}
    return sum((at, each.domain) not in before for at, each in moved.clients.items())


def apply_moves(state: State, desired: Manifest) -> tuple[State, tuple[Notice, ...]]:
    """Return the state under its new names, and one notice for each move that did something.

    Doing it again changes nothing. An entry whose new address is taken stays where it is: see
    `find_collisions`. A chain of moves is followed to its end; a cycle moves nothing.
    """
    if not desired.moved:
        return state, ()
    moves = _Moves.of(desired.moved)
    taken = Counter(moves.address(each) for each in state.clients)
    done: Counter[Moved] = Counter()
    clients: dict[Address, Entry] = {}
    for address, entry in sorted(state.clients.items()):
        there = moves.address(address)
        there = there if taken[there] == 1 else address
        domain = _end(moves.domains, entry.domain.lower())
        moved = entry if domain == entry.domain.lower() else replace(entry, domain=domain)
        clients[there] = moved
        done.update(moves.causes(address, there, entry.domain, moved.domain))
    if not done:
        return state, ()
    notices = tuple(_notice(each, done[each]) for each in desired.moved if done[each])
    return replace(state, clients=clients), notices


def find_collisions(
    clients: Mapping[Address, Entry], desired: Manifest
) -> tuple[tuple[Address, Address], ...]:
    """Return the entries that cannot move, each with the address that another one has.

    `clients` are those of a state as `apply_moves` left it.
    """
    if not desired.moved:
        return ()
    moves = _Moves.of(desired.moved)
    wishes = ((each, moves.address(each)) for each in sorted(clients))
    return tuple((each, there) for each, there in wishes if each != there)


def find_cycle(clients: Mapping[Address, Entry], desired: Manifest) -> tuple[Address, ...]:
    """Return the entries whose moves lead back to themselves, so that none of them is done."""
    if not desired.moved:
        return ()
    moves = _Moves.of(desired.moved)
    return tuple(each for each in sorted(clients) if moves.is_circle(each))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moves:
    """The manifest's moves, each by what it moves."""

    written: tuple[Moved, ...]
    addresses: Mapping[str, str]
    domains: Mapping[str, str]
    instances: Mapping[str, str]

    @classmethod
    def of(cls, moves: tuple[Moved, ...]) -> "_Moves":
        addresses, domains, instances = {}, {}, {}
        for each in moves:
            if "/" in each.source:
                addresses[each.source] = each.target
            elif "." in each.source:
                domains[each.source.lower()] = each.target.lower()
            else:
                instances[each.source] = each.target
        return cls(written=moves, addresses=addresses, domains=domains, instances=instances)

    def address(self, address: Address) -> Address:
        """Follow the address moves, then the instance moves, then both again until nothing moves.

        They may depend on each other in either order: a client may be renamed before or after its
        instance is.
        """
        end = self._end(address)
        return address if end is None else end

    def is_circle(self, address: Address) -> bool:
        """Say whether an address moves on and on."""
        return self._end(address) is None

    def _end(self, address: Address) -> Address | None:
        met = {address}
        here = address
        while (there := self._step(here)) != here:
            if there in met:
                return None
            met.add(there)
            here = there
        return here

    def _step(self, address: Address) -> Address:
        target = self.addresses.get(str(address))
        if target is not None:
            return Address.parse(target)
        return Address(self.instances.get(address.instance, address.instance), address.client)

    def causes(self, before: Address, after: Address, old: str, new: str) -> list[Moved]:
        """Return the moves as written that changed an address or a domain."""
        found: list[Moved] = []
        for each in self.written:
            if "/" in each.source:
                hit = before != after and each.source == str(before)
            elif "." in each.source:
                hit = old != new and each.source.lower() == old.lower()
            else:
                hit = before.instance != after.instance and each.source == before.instance
            if hit:
                found.append(each)
        return found


def _end(moves: Mapping[str, str], name: str) -> str:
    met = {name}
    here = name
    while here in moves:
        here = moves[here]
        if here in met:
            return name
        met.add(here)
    return here


def _notice(move: Moved, count: int) -> Notice:
    verb = "is" if count == 1 else "are"
    return Notice(
        code="moved",
        address=None,
        message=f"{plural(count, 'client')} of {move.source} {verb} now of {move.target}",
        place=move.place,
    )
