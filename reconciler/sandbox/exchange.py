"""One request, from its first byte to what goes back: the core that the server drives."""

from reconciler.sandbox.app import respond
from reconciler.sandbox.faults import Fault
from reconciler.sandbox.message import Request
from reconciler.sandbox.records import Logged
from reconciler.sandbox.routes import Call, called
from reconciler.sandbox.sending import Sending, Whole, status_of, struck
from reconciler.sandbox.world import World


def exchange(world: World, request: Request, now: float) -> Sending:
    """Carry out a request, let a fault strike it, and log it; `now` is seconds since the epoch."""
    call = called(world, request)
    fault = world.faults.strike(route=call.route, instance=call.domain, client=call.client)
    sending = _sent(world, call, fault, now)
    world.note(
        Logged(
            number=world.requests + 1,
            at=now,
            method=request.method,
            path=request.path,
            route=call.route,
            instance=call.domain,
            client=call.client,
            status=status_of(sending),
            fault=fault.what if fault else None,
        )
    )
    return sending


def _sent(world: World, call: Call, fault: Fault | None, now: float) -> Sending:
    if fault is None:
        return Whole(response=respond(world, call, now))
    if fault.what == "expired_session":
        world.sessions.pop(call.request.headers.get("x-domo-authentication", ""), None)
    return struck(fault, lambda: respond(world, call, now), now)
