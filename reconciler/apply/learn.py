"""Record what lists show of new clients: numeric id, live name and scope."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING
from unicodedata import normalize

from reconciler.apply.matching import view_of
from reconciler.apply.run_context import Run
from reconciler.model.address import Address
from reconciler.model.client import ListedClient
from reconciler.model.client_name import form
from reconciler.model.ownership_mark import split_mark
from reconciler.model.scope import canonical, is_same
from reconciler.model.strings import is_one_line
from reconciler.ports import ClientCreated, Listing
from reconciler.state.model import Entry

if TYPE_CHECKING:
    from reconciler.plan.observation import View


def learn(
    run: Run, instance: str, listing: Listing, entries: Iterable[tuple[Address, Entry]]
) -> list[tuple[Address, Entry]]:
    """Record what a list shows of the clients that the state file does not know yet.

    Return the clients that it shows with another client id and that have not signed in.

    All entries share one index, because an index for each entry would take quadratic time.
    """
    views: dict[str, View] = {}
    taken: list[tuple[Address, Entry]] = []
    for address, entry in list(entries):
        is_new = run.is_new(address, entry)
        if entry.id is not None and not is_new and not entry.waiting and not entry.unproved:
            continue
        if entry.domain not in views:
            views[entry.domain] = view_of(
                run, instance, listing, domain=entry.domain, proves=frozenset()
            )
        if entry.client_id not in run.proven and views[entry.domain].contradicts(entry):
            taken.append((address, entry))
            continue
        listed = views[entry.domain].find(entry)
        if listed is not None and (entry.id is None or is_new):
            _take(run, address, entry, listed, is_new=is_new)
    return taken


def learn_unmarked(
    run: Run, listing: Listing, made: Collection[Address], before: Collection[int | None]
) -> None:
    """Record what a list shows of new clients if it hides client ids and shows no mark.

    A client that was not in the list before the creates is attributed to the create with its name
    and owner.
    """
    new = [
        each
        for each in listing.clients
        if each.client_id is None and each.mark is None and each.id not in before
    ]
    for address in made:
        entry = run.entry(address)
        if entry is None or entry.id is not None or entry.owner is None:
            continue
        wanted = (form(entry.live_name), entry.owner)
        found = [each for each in new if (form(each.name), each.owner) == wanted]
        if len(found) == 1:
            _take(run, address, entry, found[0], is_new=True)


def _take(run: Run, address: Address, entry: Entry, listed: ListedClient, *, is_new: bool) -> None:
    updated = replace(entry, id=listed.id if entry.id is None else entry.id)
    if is_new:
        for what, message in _differences(run, entry, listed):
            run.notes[address, what] = message
        if is_one_line(listed.name):
            updated = replace(updated, live_name=listed.name)
        scope = canonical(listed.scope)
        if scope and all(map(is_one_line, scope)) and not is_same(scope, entry.scope):
            updated = replace(updated, live_scope=scope)
    if updated != entry:
        run.working.entry(address, updated)


def _differences(run: Run, entry: Entry, listed: ListedClient) -> Iterator[tuple[str, str]]:
    if listed.name != entry.live_name:
        looks_equal = normalize("NFC", listed.name) == normalize("NFC", entry.live_name)
        how = "in another Unicode form" if looks_equal else f"as `{listed.name}`"
        yield "name", f"Domo lists the name `{entry.live_name}` {how}"
    text, mark = split_mark(listed.description)
    if run.desired.mark and mark is None:
        yield "description", "Domo stored the description without its ownership mark"
    elif text != entry.description:
        yield "description", "Domo stored the description in another spelling"
    scope = canonical(listed.scope)
    if scope and not is_same(scope, entry.scope):
        yield "scope", f"Domo lists the scope {' '.join(entry.scope)} as {' '.join(scope)}"


def note_repeated(run: Run, address: Address, made: ClientCreated) -> None:
    """Note values that a create response spells differently, unless a list has shown them."""
    entry = run.entry(address)
    if entry is None:
        return
    said = "the response to the create repeats"
    if made.name is not None and made.name != entry.live_name:
        message = f"{said} the name `{entry.live_name}` as `{made.name}`"
        run.notes.setdefault((address, "name"), message)
    text = None if made.description is None else split_mark(made.description)[0]
    if text is not None and text != entry.description:
        run.notes.setdefault((address, "description"), f"{said} the description differently")
    if made.scope and not is_same(made.scope, entry.scope):
        message = f"{said} the scope {' '.join(entry.scope)} as {' '.join(made.scope)}"
        run.notes.setdefault((address, "scope"), message)
