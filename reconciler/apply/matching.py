"""What a list of this run shows of a client; a client is revoked only on this evidence."""

from reconciler.apply.run_context import Run
from reconciler.model import client_id
from reconciler.model.client import ListedClient
from reconciler.model.errors import Unreachable
from reconciler.model.ownership_mark import owner_of
from reconciler.plan.observation import InstanceListed, Known, Presence, View
from reconciler.ports import Listing
from reconciler.state.journal_records import Intent


def view_of(
    run: Run, instance: str, listing: Listing, *, domain: str, proves: frozenset[int | None]
) -> View:
    """Index a list, with the known clients of its instance."""
    return View.of(
        InstanceListed(
            clients=listing.clients, proves=proves, missing=listing.missing, domain=domain
        ),
        ours=owner_of(lineage=run.working.lineage, domain=domain),
        known=run.identities(instance),
        elsewhere=run.elsewhere,
        accept_missing=instance in run.settings.accept_missing,
    )


def locate(
    run: Run,
    instance: str,
    known: Known,
    listing: Listing,
    *,
    domain: str,
    principal: str | None = None,
) -> Presence:
    """Look for a known client, by the rules of `plan.observation.View`.

    A list is indexed once for all clients of one owner: one index for each client would take
    quadratic time. The kept list makes its `id` unique for as long as the views are kept.
    """
    views = run.views.setdefault(instance, {})
    key = (id(listing), domain, known.owner, principal)
    if key not in views:
        proves = listing.proves_absence_of(owner=known.owner, principal=principal)
        owners = frozenset({known.owner} if proves else ())
        views[key] = listing, view_of(run, instance, listing, domain=domain, proves=owners)
    return views[key][1].locate(known)


def explain_unproved_absence(run: Run, instance: str, listing: Listing, *, domain: str) -> str:
    """Return why a list cannot prove an absence, "" if it can."""
    found = view_of(run, instance, listing, domain=domain, proves=frozenset()).doubt
    return found.replace("INSTANCE", instance)


def check_origin(run: Run, instance: str, listing: Listing, *, domain: str) -> None:
    """Check that a list does not show clients of another instance.

    Raises:
        Unreachable: it does, so the work on the instance stops.

    """
    view = view_of(run, instance, listing, domain=domain, proves=frozenset())
    if view.is_foreign:
        raise Unreachable(
            f"{instance}: {view.doubt}", hint="check the instance's `domain` and `endpoints`"
        )


def is_same_client(one: ListedClient, other: ListedClient) -> bool:
    """Return whether two lists show the same client under one numeric id."""
    if one.id != other.id:
        return False
    if one.client_id is not None and other.client_id is not None:
        return client_id.is_same(one.client_id, other.client_id)
    if one.mark is not None or other.mark is not None:
        return one.mark == other.mark and one.owner == other.owner
    return (one.name, one.owner, one.hidden) == (other.name, other.owner, other.hidden)


def find_by_nonce(intent: Intent, listing: Listing, *, lineage: str) -> ListedClient | None:
    """Return the client with this attempt's nonce, under any name.

    If its owner is another one, or several clients have the nonce, the description was copied and
    proves nothing.
    """
    ours = owner_of(lineage=lineage, domain=intent.domain)
    found = [
        each
        for each in listing.clients
        if (mark := each.mark) is not None
        and (mark.owner, mark.nonce) == (ours, intent.nonce)
        and (intent.owner is None or each.owner in (None, intent.owner))
    ]
    return found[0] if len(found) == 1 else None
