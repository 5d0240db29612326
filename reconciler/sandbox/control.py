"""The control API: shows the state of the sandbox, and makes changes as another user would.

| request | what it does |
| --- | --- |
| `GET /control/state[?instance=DOMAIN]` | instances and clients, secrets included, oldest first |
| `GET /control/requests[?after=NUMBER&route=GLOB&instance=GLOB]` | the log; no secret is in it |
| `GET`, `POST`, `DELETE /control/faults` | shows the faults, adds one (or a list), clears them |
| `POST /control/clients` | `{instance, name, scope, …}`: another user creates a client |
| `DELETE /control/clients?instance=DOMAIN[&name=NAME]` | another user revokes one, or all |
| `PATCH /control/instances/DOMAIN` | rules, users, cookies, tokens, `end_sessions: true` |
| `PATCH /control/world` | `{latency, jitter}` |
| `POST /control/reset` | start again, from the config in the body or from the first one |

The answer to a mistake is 400 with `{"error": …}`. Control requests are not logged or delayed,
and no fault applies to them.
"""

from dataclasses import asdict
from fnmatch import fnmatchcase
from typing import Any

from reconciler.documents.schema import validate
from reconciler.sandbox.faults import Fault
from reconciler.sandbox.http_types import Request, Response, answered, document_in
from reconciler.sandbox.instance import Instance
from reconciler.sandbox.server_state import Placement, SandboxState


def control(world: SandboxState, request: Request, now: float) -> Response:
    """Answer one request under `/control`; `now` is seconds since the epoch."""
    try:
        return _routed(world, request, now)
    except ValueError as wrong:
        return answered(400, {"error": str(wrong)})


def state_of(world: SandboxState, domain: str | None = None) -> dict[str, Any]:
    """Return the present and past clients of every instance or of one.

    Raises:
        ValueError: there is no such instance.

    """
    chosen = world.instances.values() if domain is None else [world.known(domain)]
    return {
        "latency": world.latency,
        "jitter": world.jitter,
        "sessions": len(world.sessions),
        "requests": world.requests,
        "instances": {each.domain: _instance(world, each) for each in chosen},
    }


def requests_of(
    world: SandboxState, *, after: int = 0, route: str = "*", instance: str = "*"
) -> list[dict[str, Any]]:
    """Return the log's entries above a number whose route and instance match the globs."""
    return [
        asdict(each)
        for each in world.log
        if each.number > after
        and fnmatchcase(each.route, route)
        and fnmatchcase(each.instance or "", instance)
    ]


def _routed(  # noqa: C901 (one flat table, an arm for each request)
    world: SandboxState, request: Request, now: float
) -> Response:
    query = request.query
    match request.method, request.path.split("/")[2:]:
        case "GET", ["state"]:
            return answered(200, state_of(world, query.get("instance")))
        case "GET", ["requests"]:
            return answered(200, _requests(world, request))
        case "GET", ["faults"]:
            return answered(200, [asdict(each) for each in world.faults])
        case "POST", ["faults"]:
            return _add_faults(world, document_in(request.body))
        case "DELETE", ["faults"]:
            world.faults.clear()
            return Response(status=204)
        case "POST", ["clients"]:
            return _add_client(world, document_in(request.body), now)
        case "DELETE", ["clients"]:
            return _remove_clients(world, query.get("instance", ""), query.get("name"), now)
        case "PATCH", ["instances", domain]:
            changes = document_in(request.body)
            world.configure(world.known(domain), changes)
            return Response(status=204)
        case "PATCH", ["world"]:
            return _set_pace(world, document_in(request.body))
        case "POST", ["reset"]:
            world.reset(document_in(request.body) if request.body else None)
            return Response(status=204)
        case _:
            return answered(404, {"error": f"no {request.method} {request.path}"})


def _instance(world: SandboxState, instance: Instance) -> dict[str, Any]:
    return {
        "rules": asdict(instance.rules),
        "users": {email: asdict(user) for email, user in instance.users.items()},
        "clients": [
            {**asdict(each), "sign_ins": instance.sign_ins[each.client_id]}
            for each in instance.clients.values()
        ],
        "revoked": [
            {**asdict(each.client), "sign_ins": instance.sign_ins[each.client.client_id]}
            | {"revoked": each.order, "revoked_at": each.revoked_at, "revoked_by": each.revoked_by}
            for each in instance.revoked
        ],
        "counts": dict(world.counts.get(instance.domain, {})),
    }


def _requests(world: SandboxState, request: Request) -> list[dict[str, Any]]:
    query = request.query
    return requests_of(
        world,
        after=int(query.get("after", "0")),
        route=query.get("route", "*"),
        instance=query.get("instance", "*"),
    )


def _add_faults(world: SandboxState, document: Any) -> Response:
    given = document if isinstance(document, list) else [document]
    for each in given:
        validate(each, "sandbox", "fault")
    for fault in [Fault(**each) for each in given]:
        world.faults.add(fault)
    return Response(status=204)


def _add_client(world: SandboxState, document: Any, now: float) -> Response:
    given = dict(document) if isinstance(document, dict) else document
    domain = given.pop("instance", "") if isinstance(given, dict) else ""
    validate(given, "sandbox", "client")
    client = world.add_client(Placement(**given), str(domain), by="control", now=now)
    return answered(201, asdict(client))


def _remove_clients(world: SandboxState, domain: str, name: str | None, now: float) -> Response:
    instance = world.known(domain)
    chosen = [each for each in instance.clients.values() if name in (None, each.name)]
    if name is not None and not chosen:
        raise ValueError(f"{domain}: no client `{name}`")
    for each in chosen:
        world.remove(instance, each.id, by="control", now=now)
    return Response(status=204)


def _set_pace(world: SandboxState, document: Any) -> Response:
    validate(document, "sandbox", "pace")
    world.latency = document.get("latency", world.latency)
    world.jitter = document.get("jitter", world.jitter)
    return Response(status=204)
