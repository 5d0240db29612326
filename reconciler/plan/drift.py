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
"""The notices that are drift; the others report what is not visible or not managed."""


def find_drift(context: PlanContext, is_selected: Predicate) -> Iterator[Notice]:
    """Yield what differs at the selected addresses."""
    for address, entry in sorted(context.clients.items()):
        if is_selected(address):
            yield from _of_client(context, address, entry)
    for address, client in sorted(context.desired.clients.items()):
        if address not in context.clients and is_selected(address):
            found = diff.plan_new(context, client)
            if isinstance(found, Notice):
                yield found


def count_drift(notices: Iterable[Notice]) -> Mapping[str, int]:
    """Return how many clients there are of each code."""
    counts: Counter[str] = Counter()
    for each in notices:
        counts[each.code] += len(each.names) or 1
    return {code: counts[code] for code in CODES}


def _of_client(context: PlanContext, address: Address, entry: Entry) -> Iterator[Notice]:
    presence = context.locate(address, entry)
    if isinstance(presence, Gone):
        yield _notice("gone", address, "gone from the instance")
    elif scope := scope_drift(entry, presence):
        yield _notice("changed", address, scope)
    for old in entry.retiring:
        if isinstance(context.locate(address, old), Gone):
            yield _notice("gone", address, f"its predecessor `{old.live_name}` is gone")


def _notice(code: str, address: Address, message: str) -> Notice:
    return Notice(code=code, address=address, message=message)
