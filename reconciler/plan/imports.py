"""Which client of an instance an address adopts, and what is known of it from then on."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from reconciler.model.address import Address
from reconciler.model.client import DesiredClient, ListedClient
from reconciler.model.client_name import form
from reconciler.model.errors import UsageError
from reconciler.model.ownership_mark import split_mark
from reconciler.model.scope import SCOPES, canonical, normalize
from reconciler.model.strings import is_one_line, nearest, printable
from reconciler.plan.observation import Present, View
from reconciler.state.model import Entry, Retiring


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """How a client is found if its name is not enough: its numeric id, and its client id.

    `client_id` replaces the one that the list masks. `take_over` adopts a client of another state.
    """

    id: int | None = None
    client_id: str | None = None
    take_over: bool = False


def choose_client(
    view: View, address: Address, known: Mapping[Address, Entry], choice: ImportOptions
) -> ListedClient:
    """Return the client that an address is to adopt.

    Raises:
        UsageError: no client matches for certain, or it is managed already.

    """
    listed = _listed(view, address, choice)
    why = import_obstacle(view, listed, take_over=choice.take_over)
    if why is not None:
        raise UsageError(f"`{listed.name}` on {address.instance} is not adopted: {why}")
    other = _manager(view, listed, address.instance, known)
    if other is not None:
        raise UsageError(
            f"`{listed.name}` is managed already, as {other}",
            hint=f"`reconciler state mv '{other}' '{address}'` gives it this address",
        )
    if listed.id is None or (listed.client_id is None and choice.id is None):
        raise UsageError(
            f"{address.instance} masks the client id of `{listed.name}`, so that its name alone"
            " does not tell which client it is",
            hint=f"say that it is the one: --id {listed.id}" if listed.id is not None else None,
        )
    return listed


def import_obstacle(view: View, listed: ListedClient, *, take_over: bool = False) -> str | None:
    """Return why a listed client belongs to another address or state, None if it is free."""
    managed, mark = view.manager(listed), listed.mark
    if view.is_pasted(listed):
        return "its description has the mark of another client, as if it was copied"
    if managed is not None:
        return f"it is managed already, as {managed.address}"
    if mark is not None and not view.is_ours(listed) and not take_over:
        return (
            f"it is managed by another state, whose mark it has ({mark}); if that state no longer"
            " exists: `reconciler import ADDRESS --take-over`"
        )
    return None


def _listed(view: View, address: Address, choice: ImportOptions) -> ListedClient:
    same = view.namesakes(address.client) if choice.id is None else ()
    if len(same) > 1:
        ids = " and ".join(f"{each.id} (client {each.client_id or 'hidden'})" for each in same)
        raise UsageError(
            f"{address.instance} lists {len(same)} clients with the name `{address.client}`:"
            f" ids {ids}",
            hint=f"choose one: --id {same[0].id}",
        )
    if choice.id is None:
        found = view.names.get(form(address.client))
    else:
        found = next((each for each in view.listed if each.id == choice.id), None)
    if found is not None:
        return found
    what = f"client `{address.client}`" if choice.id is None else f"client with the id {choice.id}"
    near = nearest(address.client, [each.name for each in view.listed])
    hint = (
        f"did you mean `{near}`? Then --id {view.names[form(near)].id} adopts it" if near else None
    )
    raise UsageError(
        f"{address.instance} shows no {what} to this user",
        hint=hint or "sign on as its owner, or as an administrator who sees all clients",
    )


def _manager(
    view: View, listed: ListedClient, instance: str, known: Mapping[Address, Entry]
) -> Address | None:
    """Return the address whose client, or its predecessor, this is."""
    for address, entry in known.items():
        if address.instance == instance:
            clients: tuple[Entry | Retiring, ...] = (entry, *entry.retiring)
            presences = (view.locate(each) for each in clients)
            if any(isinstance(each, Present) and each.listed is listed for each in presences):
                return address
    return None


def import_entry(
    client: DesiredClient, listed: ListedClient, *, domain: str, at: str, choice: ImportOptions
) -> Entry:
    """Return the entry of an adopted client, whose secret is unknown.

    Its age counts from `at`, as Domo does not tell when it was made.
    """
    return Entry(
        domain=domain,
        live_name=listed.name,
        client_id=listed.client_id or choice.client_id or f"masked:{listed.id}",
        id=listed.id,
        owner=listed.owner,
        scope=canonical(listed.scope) or client.scope,
        description=split_mark(listed.description)[0],
        created_at=at,
        sinks=client.sinks,
        adopted=True,
        protect=client.protect,
        on_remove=client.on_remove,
        overlap=client.overlap,
    )


def importable_clients(
    view: View, known: Mapping[Address, Entry], instance: str, scopes: Collection[str] = ()
) -> list[ListedClient]:
    """Return the unmanaged clients that a manifest can name, by name.

    `scopes` are accepted beside the known ones.
    """
    found = view.unmanaged(_of(known, instance))
    return [e for e in found if (import_obstacle(view, e) or naming_obstacle(e, scopes)) is None]


def unimportable_clients(
    view: View, known: Mapping[Address, Entry], instance: str, scopes: Collection[str] = ()
) -> list[tuple[ListedClient, str]]:
    """Return the clients that no entry is generated for although they may be unmanaged, and why."""
    mine = _of(known, instance)
    found = view.unmanaged(mine)
    whys = ((each, import_obstacle(view, each) or naming_obstacle(each, scopes)) for each in found)
    doubt = "the list hides its client id, and it has the name of a managed client"
    return [
        *((each, why) for each, why in whys if why is not None),
        *((each, doubt) for each in view.doubtful(mine)),
    ]


def naming_obstacle(listed: ListedClient, scopes: Collection[str] = ()) -> str | None:
    """Return why a manifest cannot want a client as it is; None if it can."""
    if not is_one_line(listed.name):
        return "its name is not printable text on one line"
    if not listed.scope:
        return "the list shows no scope of it"
    known = normalize((*SCOPES, *scopes))
    unknown = [each for each in listed.scope if each.lower() not in known]
    if unknown:
        names = ", ".join(f"`{printable(each)[:64]}`" for each in unknown)
        return f"unknown scope {names}: list it under `allow_scopes`"
    return None


def _of(known: Mapping[Address, Entry], instance: str) -> list[Entry | Retiring]:
    mine = [entry for address, entry in known.items() if address.instance == instance]
    return [*mine, *(old for entry in mine for old in entry.retiring)]


def clients_to_import(
    wanted: Iterable[DesiredClient], known: Mapping[Address, Entry], view: View
) -> list[DesiredClient]:
    """Return the wanted clients that are there under their own name and that no state manages.

    One with this state's mark is not among them: its secret may be in use, and a plan with
    a refresh makes its successor.
    """
    return [
        each
        for each in wanted
        if each.address not in known
        and (listed := view.names.get(form(each.address.client))) is not None
        and not view.is_orphan(listed)
    ]
