"""Requests the end of clients for an apply: at Domo and in the state, or in the state alone."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.model.address import Address
    from reconciler.model.manifest import Manifest
    from reconciler.plan.request import Ending, PlanRequest
    from reconciler.state.model import State


@dataclass(frozen=True, slots=True, kw_only=True)
class EndingRequest:
    """What an apply is asked for. The manifest still has `wanted` of the clients."""

    request: "PlanRequest"
    wanted: int


def request_ending(
    what: "Ending",
    addresses: "frozenset[Address]",
    desired: "Manifest",
    known: "State | None",
) -> EndingRequest:
    """Return the request to revoke or to forget these clients, whatever the manifest contains."""
    from reconciler.plan.request import create_request
    from reconciler.state.model import State

    state = known if known is not None else State(lineage="")
    wanted = len(addresses & desired.clients.keys())
    return EndingRequest(request=create_request(what, addresses, state), wanted=wanted)


def request_stray_revoke(address: "Address", client_id: str) -> "PlanRequest":
    """Return the request to revoke a client at an address that the state does not contain."""
    from reconciler.plan.request import PlanRequest

    return PlanRequest(what="revoke-stray", clients={address: client_id})
