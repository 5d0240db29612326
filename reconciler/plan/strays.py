"""Clients with this state's mark that the state does not know: a restored state lost them."""

import shlex
from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING

from reconciler.model.address import Address
from reconciler.model.client_name import base, form
from reconciler.plan.action import Action, Kind, Notice, Origin, Problem
from reconciler.plan.observation import Present

if TYPE_CHECKING:
    from reconciler.model.client import ListedClient
    from reconciler.plan.context import Finding, PlanContext


def stray_notices(
    key: str, strays: "Iterable[ListedClient]", healed: Collection[str]
) -> Iterator[Notice]:
    """Yield what there is to know of the strays of one instance.

    A plan succeeds those whose names are `healed` (in their form). A command ends each other one.
    """
    found = tuple(strays)
    mine = [each for each in found if form(each.name) in healed]
    others = [each for each in found if form(each.name) not in healed]
    message = "with this state's mark that the state does not know"
    if mine:
        names = tuple(each.name for each in mine)
        yield Notice(code="orphan", address=None, message=message, instance=key, names=names)
    if others:
        yield Notice(
            code="orphan",
            address=None,
            message=f"{message}; if no consumer uses it, end it with",
            instance=key,
            names=tuple(
                f"reconciler destroy {shlex.quote(str(Address(key, each.name)))}"
                f" --client-id {each.stray_id}"
                for each in others
            ),
        )


def plan_stray_revokes(context: "PlanContext") -> "Iterator[Finding]":
    """Yield the revokes of the strays that a command names."""
    for address, client_id in sorted(context.strays.items()):
        view = context.views.get(address.instance)
        if view is None:
            continue
        listed = view.stray(client_id)
        if listed is None:
            yield Problem(
                code="orphan",
                address=address,
                message=f"{address.instance} lists no client {client_id} with this state's mark"
                " that the state does not know",
                hint="`reconciler plan --refresh` shows such clients, each with its command",
            )
            continue
        holder = _holder(context, address.instance, listed)
        if holder is not None and _is_needed(context, holder):
            yield Problem(
                code="protect",
                address=address,
                message=f"{holder} is protected, and without `{listed.name}` it has no client",
                hint="apply first: it creates a client and delivers its secret",
            )
            continue
        instance = context.desired.instances.get(address.instance)
        yield Action(
            kind=Kind.REVOKE,
            address=address,
            live_name=listed.name,
            scope=listed.scope,
            client_id=client_id,
            reason="asked for: it has this state's mark, and the state does not know it",
            origin=Origin(place=instance.place) if instance is not None else None,
        )


def _holder(context: "PlanContext", instance: str, listed: "ListedClient") -> Address | None:
    """Return the address that a stray was a client of; its name shows it."""
    names = {form(listed.name), form(base(listed.name))}
    known = (*context.desired.clients, *context.clients)
    found = (each for each in known if each.instance == instance and form(each.client) in names)
    return next(found, None)


def _is_needed(context: "PlanContext", holder: Address) -> bool:
    """Return whether a protected address has no other client that works for its consumers."""
    wanted, entry = context.desired.clients.get(holder), context.clients.get(holder)
    is_protected = (wanted is not None and wanted.protect) or (entry is not None and entry.protect)
    if not is_protected:
        return False
    is_there = entry is not None and isinstance(context.locate(holder, entry), Present)
    return not is_there or entry is None or entry.delivered_at is None
