"""Plan one address: gone → create; new scope → replace; due → rotate; undelivered → deliver."""

from collections.abc import Iterator
from dataclasses import replace

from reconciler.model.address import Address
from reconciler.model.client import DesiredClient
from reconciler.model.client_name import form
from reconciler.model.ownership_mark import split_mark
from reconciler.model.scope import canonical, is_same, normalize
from reconciler.model.sink import STATE
from reconciler.model.strings import format_duration
from reconciler.model.timestamps import later
from reconciler.plan.action import Action, Kind, Notice, Origin, Problem
from reconciler.plan.context import Finding, PlanContext, listed_scope, origin, scope_drift
from reconciler.plan.observation import Gone, Presence, View
from reconciler.state.model import Entry, Plain, Retiring, Sealed


def is_settled(context: PlanContext, client: DesiredClient, entry: Entry) -> bool:
    """Say at once whether nothing follows; most addresses of most plans end here."""
    return (
        is_same(entry.scope, client.scope)
        and entry.description == client.description
        and not entry.retiring
        and not context.views
        and client.address not in context.rotations
        and (client.rotate_after is None or not context.is_due(client, entry))
        and not context.missing(client, entry)
        and not context.is_ahead(entry)
    )


def plan_new(context: PlanContext, client: DesiredClient) -> Finding:
    """Return what follows for a client that the state does not know."""
    name = context.names.first(client.address)
    view = context.views.get(client.address.instance)
    if view is None or form(name) not in view.names:
        return _making(Kind.CREATE, client, live_name=name)
    message = _conflict(view, client.address, name)
    if message is not None:
        return Notice(code="conflict", address=client.address, message=message, place=client.place)
    orphan = view.names[form(name)]
    if not view.is_orphan(orphan):  # an open create of this address, which the apply settles first
        return _making(Kind.CREATE, client, live_name=name)
    return _making(
        Kind.ROTATE,
        client,
        live_name=context.names.next(client.address, name),
        client_id=orphan.client_id,
        reason="suspected orphan: it carries this state's mark, and the state does not know it",
    )


def _conflict(view: View, address: Address, name: str) -> str | None:
    """Return why a wanted name cannot be used, None if its client is this address's own."""
    found = view.namesakes(name)
    if len(found) > 1:
        ids = " and ".join(str(each.id) for each in found)
        return (
            f"the instance lists {len(found)} clients of this name (ids {ids}): revoke one of"
            " them in Domo"
        )
    managed = view.manager(found[0])
    if managed is not None and managed.address != address:
        return (
            f"the client of this name is managed as {managed.address}: choose another name, or"
            " move it with `moved:`"
        )
    if managed is None and not view.is_orphan(found[0]):
        return (
            "a client of this name is there that was not made from this state: adopt it"
            " with `reconciler import ADDRESS`, or choose another name"
        )
    return None


def plan_existing(context: PlanContext, client: DesiredClient, entry: Entry) -> Iterator[Finding]:
    """Yield what follows for a client that is wanted and known."""
    presence = context.locate(client.address, entry)
    found = _change(context, client, entry, presence)
    if found is not None:
        yield found
    if context.is_ahead(entry):
        message = (
            "the state records a later time for it than the plan's as-of, and `rotate_after` and"
            " `overlap` count from there: check the clocks; `reconciler rotate` records a new time"
        )
        yield Notice(code="clock", address=client.address, message=message, place=client.place)
    drift = scope_drift(entry, presence)
    if drift and not (isinstance(found, Action) and found.kind.makes):
        message = f"{drift}; a new client would not change that"
        yield Notice(code="changed", address=client.address, message=message, place=client.place)
    if not isinstance(found, Action) and _text(entry) != client.description:
        yield Notice(
            code="description",
            address=client.address,
            message="the changed description takes effect with the next rotation",
            place=client.place,
        )
    yield from _predecessors(context, client, entry, found)


def plan_removed(context: PlanContext, address: Address, entry: Entry) -> Iterator[Finding]:
    """Yield what follows for a client that left the manifest, or that a command is to end.

    For one that left, the terms last applied hold.
    """
    asked = context.endings.get(address)
    if _is_protected(context, address, entry):
        yield _protected(address, asked=asked is not None)
        return
    why = "asked for" if asked else "left the manifest"
    clients: tuple[Entry | Retiring, ...] = (entry, *entry.retiring)
    where = _where(context, address)
    if all(isinstance(context.locate(address, each), Gone) for each in clients):
        yield _ending(Kind.FORGET, address, entry, "gone from the instance, and not wanted", where)
        return
    match asked or entry.on_remove:
        case "keep":
            yield Notice(
                code="kept",
                address=address,
                message="left the manifest and is kept (`on_remove: keep`)",
            )
        case "forget":
            yield _ending(Kind.FORGET, address, entry, why, where)
        case "revoke":
            for each in clients:
                yield _ending(Kind.REVOKE, address, each, why, where)


def _is_protected(context: PlanContext, address: Address, entry: Entry) -> bool:
    """Say whether a client must not end: by the terms last applied, or by those it is to have."""
    wanted = context.desired.clients.get(address)
    return entry.protect or (wanted is not None and wanted.protect)


def _protected(address: Address, *, asked: bool) -> Problem:
    if asked:
        return Problem(
            code="protect",
            address=address,
            message=f"{address} is protected",
            hint="leave it out; or apply it with `protect: false` first",
        )
    return Problem(
        code="protect",
        address=address,
        message=f"{address} is protected and left the manifest",
        hint="put it back; or apply it with `protect: false` first, then take it out",
    )


def _change(
    context: PlanContext, client: DesiredClient, entry: Entry, presence: Presence
) -> Action | Notice | Problem | None:
    if isinstance(presence, Gone):
        name = context.names.first(client.address, gone=entry)
        return _making(Kind.CREATE, client, live_name=name, reason="gone from the instance")
    reason = _scope_differs(context, client, entry, presence)
    if reason:
        return _replacement(context, client, entry, reason)
    reason = _rotation(context, client, entry)
    if reason:
        found = _successor(Kind.ROTATE, context, client, entry, reason)
        due = client.address not in context.rotations and context.is_due(client, entry)
        if due:
            return replace(found, origin=origin(client, "rotate_after"), timed=True)
        return found
    return _delivery(context, client, entry)


def _scope_differs(
    context: PlanContext, client: DesiredClient, entry: Entry, presence: Presence
) -> str:
    """Say how the scope differs from the wanted one, "" if it does not.

    A list that shows no scope proves nothing: every client has one. A replacement cannot remove
    scopes that the instance adds, and cannot add those that it has left out since the create.
    """
    scope = canonical(entry.scope)
    if not is_same(scope, client.scope):
        return context.phrase((scope, _text(entry)), (client.scope, client.description))
    seen = listed_scope(presence)
    if seen and not normalize(seen) >= normalize(entry.live_scope or client.scope):
        wanted = (client.scope, client.description)
        return "changed at Domo: " + context.phrase((seen, client.description), wanted)
    return ""


def _replacement(
    context: PlanContext, client: DesiredClient, entry: Entry, reason: str
) -> Action | Problem:
    if not client.protect:
        if entry.adopted:
            reason += "; a consumer may still use the secret of the adopted client"
        return _successor(Kind.REPLACE, context, client, entry, reason)
    return Problem(
        code="protect",
        address=client.address,
        place=client.place,
        message=f"{client.address} is protected, and this would replace it: {reason}",
        hint="take the scope back; or apply it with `protect: false` first",
    )


def _rotation(context: PlanContext, client: DesiredClient, entry: Entry) -> str:
    """Say why a client needs a successor although its scope is right, "" if it does not.

    An adopted client has no secret that could be lost; its age counts from its adoption.
    """
    if client.address in context.rotations:
        return "asked for by `rotate`"
    if client.rotate_after is not None and context.is_due(client, entry):
        return f"older than {format_duration(client.rotate_after)}"
    if entry.adopted or entry.delivered or entry.client_id in context.available_secrets:
        return ""
    if not context.missing(client, entry) or isinstance(entry.secret, Plain):
        return ""
    if isinstance(entry.secret, Sealed):
        return "its secret is sealed, no identity is available, and no sink ever had it"
    return "its secret is lost: no sink ever had it"


def _delivery(context: PlanContext, client: DesiredClient, entry: Entry) -> Action | Notice | None:
    missing = context.missing(client, entry)
    if not missing:
        return None
    available = entry.client_id in context.available_secrets or isinstance(entry.secret, Plain)
    if available or context.may_read_back(entry):
        again = all(sink in entry.delivered for sink in missing)
        source = "" if available else ": its secret is read back from the old file"
        return Action(
            kind=Kind.DELIVER,
            address=client.address,
            live_name=entry.live_name,
            scope=entry.scope,
            description=_text(entry),
            client_id=entry.client_id,
            sinks=missing,
            reason=("the sink changed" if again else "not delivered yet") + source,
            origin=origin(client, "sink"),
        )
    if entry.adopted and not entry.delivered and entry.secret is None:
        return Notice(
            code="adopted",
            address=client.address,
            message="adopted: its secret is not known here; `reconciler rotate` makes one that is",
            place=client.place,
        )
    why = "is sealed" if isinstance(entry.secret, Sealed) else "is not known"
    return Notice(
        code="sink",
        address=client.address,
        message=f"{_named(missing)} does not have the secret, which {why} here:"
        " `reconciler rotate ADDRESS` creates a client with a new one",
        place=client.inherited.get("sink", client.place),
    )


def _predecessors(
    context: PlanContext, client: DesiredClient, entry: Entry, found: Finding | None
) -> Iterator[Finding]:
    """Yield what follows for the clients that this one succeeded."""
    change = found.kind if isinstance(found, Action) else None
    for old in entry.retiring:
        if isinstance(context.locate(client.address, old), Gone):
            yield _retiring(client, old, "gone from the instance")
        elif _is_over(context, client, entry, old, change):
            over = f"the overlap of {format_duration(old.overlap)} is over"
            ended = _retiring(client, old, over if old.overlap else "its successor takes over")
            yield replace(ended, timed=old.overlap > 0)
        else:
            until = "until its successor is delivered"
            if old.overlap and (delivered := _delivered_at(client, entry)):
                until = f"until {later(delivered, old.overlap)}"
                if change is not None:
                    until = (
                        f"for {format_duration(old.overlap)} after the delivery that is planned now"
                    )
            yield Notice(
                code="retiring",
                address=client.address,
                message=f"the old client `{old.live_name}` keeps working {until}",
                place=client.place,
            )


def _retiring(client: DesiredClient, old: Retiring, reason: str) -> Action:
    return Action(
        kind=Kind.REVOKE,
        address=client.address,
        live_name=old.live_name,
        scope=old.scope,
        client_id=old.client_id,
        reason=reason,
        origin=origin(client),
        retires=True,
    )


def _is_over(
    context: PlanContext, client: DesiredClient, entry: Entry, old: Retiring, change: Kind | None
) -> bool:
    """Say whether a predecessor may end, with `change` being what this plan does here before it.

    Its overlap starts again if another successor is created or another sink is filled, because
    until then no record shows that the new secret has arrived.
    """
    delivered = _delivered_at(client, entry)
    if change is Kind.CREATE:
        return False
    if old.overlap == 0:
        return delivered is not None or change is Kind.DELIVER
    return change is None and delivered is not None and context.is_past(delivered, old.overlap)


def _delivered_at(client: DesiredClient, entry: Entry) -> str | None:
    """Return when the last of the sinks that are wanted now got the secret, None if one waits."""
    moments: list[str] = []
    for sink in client.sinks:
        if sink in entry.delivered:
            moments.append(entry.delivered[sink].at)
        elif sink == STATE and entry.secret is not None:
            moments.append(entry.created_at)
        else:
            return None
    return max(moments)


def _successor(
    kind: Kind, context: PlanContext, client: DesiredClient, entry: Entry, reason: str
) -> Action:
    """Return the action that makes a successor, under the next name or in the same one's place.

    A protected client is never revoked first: that would leave it, for a while, without a client.
    """
    if client.replace == "revoke_first" and not client.protect:
        name, gap = entry.live_name, "; the old client is revoked first"
    else:
        name, gap = context.names.next(client.address, entry.live_name), ""
        if client.overlap:
            gap = f"; the old client keeps working for {format_duration(client.overlap)}"
    return _making(kind, client, live_name=name, client_id=entry.client_id, reason=reason + gap)


def _making(
    kind: Kind,
    client: DesiredClient,
    *,
    live_name: str,
    client_id: str | None = None,
    reason: str = "",
) -> Action:
    return Action(
        kind=kind,
        address=client.address,
        live_name=live_name,
        scope=client.scope,
        description=client.description,
        client_id=client_id,
        sinks=client.sinks,
        reason=reason,
        origin=origin(client),
    )


def _where(context: PlanContext, address: Address) -> Origin | None:
    """Return where the manifest speaks of a client that is to end: it, or else its instance."""
    client = context.desired.clients.get(address)
    if client is not None:
        return origin(client)
    instance = context.desired.instances.get(address.instance)
    return Origin(place=instance.place) if instance is not None else None


def _ending(
    kind: Kind, address: Address, plan_existing: Entry | Retiring, reason: str, where: Origin | None
) -> Action:
    return Action(
        kind=kind,
        address=address,
        live_name=plan_existing.live_name,
        scope=plan_existing.scope,
        description=_text(plan_existing) if isinstance(plan_existing, Entry) else "",
        client_id=plan_existing.client_id,
        reason=reason,
        origin=where,
    )


def _text(entry: Entry) -> str:
    return split_mark(entry.description)[0]


def _named(sinks: tuple[str, ...]) -> str:
    return " and ".join(f"sink `{sink}`" for sink in sinks)
