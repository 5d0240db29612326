"""The pure core that the server calls: one request in, one `Sending` out."""

import base64
import hashlib

from reconciler.sandbox.app import respond
from reconciler.sandbox.edits import EDITS, edited
from reconciler.sandbox.entities import Logged
from reconciler.sandbox.fault_responses import Sending, Whole, apply_fault, status_of
from reconciler.sandbox.faults import Fault
from reconciler.sandbox.http_types import Request, Response, explained
from reconciler.sandbox.routes import Call, called
from reconciler.sandbox.server_state import SandboxState


def exchange(world: SandboxState, request: Request, now: float) -> Sending:
    """Carry out a request with its fault, and log it; `now` is in seconds since the epoch."""
    call = called(world, request)
    fault = world.faults.match(route=call.route, instance=call.domain, client=call.client)
    sending = _sent(world, call, fault, now)
    world.log_request(
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
    sending = apply_fault(fault, perform, now)
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
