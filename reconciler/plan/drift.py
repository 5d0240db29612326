"""What a refresh shows that the state does not say, and nothing that would be done about it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from reconciler.model.address import Address
from reconciler.plan import diff
from reconciler.plan.action import Notice
from reconciler.plan.context import PlanContext, scope_drift
from reconciler.plan.observation import Gone
from reconciler.plan.selection import Predicate
from reconciler.state.model import Entry

CODES: Final = ("gone", "changed", "conflict", "orphan")
"""The notices that are drift; others only say what could not be seen, or is nobody's."""


def drifted(ground: PlanContext, meant: Predicate) -> Iterator[Notice]:
    """Yield what differs at the addresses that are meant."""
    for address, entry in sorted(ground.clients.items()):
        if meant(address):
            yield from _of_client(ground, address, entry)
    for address, client in sorted(ground.desired.clients.items()):
        if address not in ground.clients and meant(address):
            found = diff.plan_new(ground, client)
            if isinstance(found, Notice):
                yield found


def counted(notices: Iterable[Notice]) -> Mapping[str, int]:
    """Return how many clients there are of each code."""
    counts: Counter[str] = Counter()
    for each in notices:
        counts[each.code] += len(each.names) or 1
    return {code: counts[code] for code in CODES}


def _of_client(ground: PlanContext, address: Address, entry: Entry) -> Iterator[Notice]:
    sight = ground.sight(address, entry)
    if isinstance(sight, Gone):
        yield _notice("gone", address, "gone from the instance")
    elif scope := scope_drift(entry, sight):
        yield _notice("changed", address, scope)
    for old in entry.retiring:
        if isinstance(ground.sight(address, old), Gone):
            yield _notice("gone", address, f"its predecessor `{old.live_name}` is gone")


def _notice(code: str, address: Address, message: str) -> Notice:
    return Notice(code=code, address=address, message=message)
