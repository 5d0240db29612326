"""What a list of this run says about a client: the only ground on which one is revoked."""

from reconciler.apply.run import Run
from reconciler.model.client import ListedClient
from reconciler.model.mark import owner_of
from reconciler.plan.observe import Seen, Sight, View
from reconciler.ports import Listing
from reconciler.state.document import Entry, Retiring
from reconciler.state.records import Intent


def sight(run: Run, known: Entry | Retiring, listing: Listing, *, domain: str) -> Sight:
    """Look for a client that the state knows, by the rules of `plan.observe.View`."""
    proves = listing.would_show(owner=known.owner, principal=None)
    seen = Seen(clients=listing.clients, proves=frozenset({known.owner} if proves else ()))
    view = View.of(seen, ours=owner_of(lineage=run.working.lineage, domain=domain))
    return view.sight(known)


def made_by(intent: Intent, listing: Listing, *, lineage: str) -> ListedClient | None:
    """Return the client that carries this attempt's nonce, under whatever name."""
    ours = owner_of(lineage=lineage, domain=intent.domain)
    for listed in listing.clients:
        mark = listed.mark
        if mark is not None and mark.owner == ours and mark.nonce == intent.nonce:
            return listed
    return None
