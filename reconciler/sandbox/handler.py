"""One request, from its first byte to what goes back: the core that the server drives."""

import base64
import hashlib

from reconciler.sandbox.app import respond
from reconciler.sandbox.edits import EDITS, edited
from reconciler.sandbox.entities import Logged
from reconciler.sandbox.fault_responses import Sending, Whole, status_of, struck
from reconciler.sandbox.faults import Fault
from reconciler.sandbox.http_types import Request, Response, explained
from reconciler.sandbox.routes import Call, called
from reconciler.sandbox.server_state import SandboxState


def exchange(world: SandboxState, request: Request, now: float) -> Sending:
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


def _sent(world: SandboxState, call: Call, fault: Fault | None, now: float) -> Sending:
    def perform() -> Response:
        response = respond(world, call, now)
        if fault is not None and fault.what in EDITS:
            response = edited(world, call, fault, response, now)
        return _explained(world, call, fault, response)

    if fault is None:
        return Whole(response=perform())
    if fault.what == "expired_session":
        world.sessions.pop(call.request.headers.get("x-domo-authentication", ""), None)
    sending = struck(fault, perform, now)
    if isinstance(sending, Whole):
        return Whole(response=_explained(world, call, fault, sending.response))
    return sending


def _explained(
    world: SandboxState, call: Call, fault: Fault | None, response: Response
) -> Response:
    """Complete an error body; a fault's own text goes before the instance's."""
    instance = world.instances.get(call.domain or "")
    message = instance.rules.error_message if instance else None
    toe = instance.rules.error_toe if instance else None
    if fault is not None:
        message, toe = fault.message or message, fault.toe or toe
    return explained(
        response, path=call.request.path, toe=toe or _toe(world.requests), message=message
    )


def _toe(number: int) -> str:
    """Return the code of a request in the form of Domo's: three groups of four."""
    code = base64.b32encode(hashlib.sha256(str(number).encode()).digest()).decode()
    return "-".join((code[:4], code[4:8], code[8:12]))
