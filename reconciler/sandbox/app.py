"""Domo's answers without faults: one function for each endpoint, no I/O.

Numbers in the docstrings are the sections of the wire contract: 1 sign-on, 2 access token,
3 create, 4 list, 5 revoke, 6 use.
"""

import hmac
from typing import Any, Final, assert_never

from reconciler.sandbox.entities import Client, User
from reconciler.sandbox.faults import InstanceRoute
from reconciler.sandbox.http_types import (
    Request,
    Response,
    answered,
    blocked,
    forbidden,
    refused,
)
from reconciler.sandbox.instance import Instance
from reconciler.sandbox.listing import clients_shown, tokens_shown
from reconciler.sandbox.routes import Call
from reconciler.sandbox.server_state import SCOPES, Placement, SandboxState, scopes_of
from reconciler.sandbox.spelling import echoed

DOCUMENTED: Final = SCOPES - {"workflow"}


def respond(world: SandboxState, call: Call, now: float) -> Response:
    """Carry out one call; `now` is in seconds since the epoch."""
    match call.route:
        case "unknown":
            return refused(404)
        case "wrong_method":
            return refused(405)
        case "token":
            return _token(world, call, now)
        case "sign_on" | "create" | "create_on_instance" | "list" | "revoke" | "access_tokens":
            return _on_instance(world, call.route, call, now)
        case _:
            assert_never(call.route)


def _on_instance(world: SandboxState, route: InstanceRoute, call: Call, now: float) -> Response:
    instance = world.instances.get(call.domain or "")
    if instance is None:
        return forbidden()
    if not instance.has_room(now):
        return Response(status=429, headers={"retry-after": "1"})
    if instance.rules.allow_list != "open" and route != "create":
        return blocked(instance.rules.allow_list)
    match route:
        case "sign_on":
            return _sign_on(world, instance, call, now)
        case "create":
            return _create(world, instance, call, now)
        case "create_on_instance":
            return _create_on_instance(world, instance, call, now)
        case "list":
            return _list(world, instance, call, now)
        case "revoke":
            return _revoke(world, instance, call, now)
        case "access_tokens":
            user = _user(world, instance, call.request, now)
            return user if isinstance(user, Response) else tokens_shown(instance, user)
        case _:
            assert_never(route)


def _sign_on(world: SandboxState, instance: Instance, call: Call, now: float) -> Response:
    """1: a refusal is HTTP 200 as well."""
    if call.request.headers.get("origin") != f"https://{instance.domain}":
        return forbidden()
    if not _is_json(call.request):
        return refused(415)
    match call.document:
        case {"method": "password", "emailAddress": str(email), "password": str(password), **rest}:
            outcome = instance.password_opens(email, password) if not rest else None
        case {"method": "exptoken", **rest}:
            cookie = _cookie(call.request, "_dsidv1")
            outcome = instance.cookie_opens(cookie) if not rest else None
        case _:
            outcome = None
    if outcome is None:
        return refused(400)
    if isinstance(outcome, str):
        return answered(200, {"success": False, "reason": outcome})
    return _signed_on(world, instance, call, outcome, now)


def _signed_on(
    world: SandboxState, instance: Instance, call: Call, user: User, now: float
) -> Response:
    """Answer with a session; a second factor applies to passwords only."""
    direct = call.document["method"] == "password"
    status = (instance.rules.second_factor if direct else None) or "VALID"
    held_back = status != "VALID" and not instance.rules.second_factor_token
    asks = status != "VALID"
    return answered(
        200,
        {
            "userId": user.id,
            "success": True,
            "sessionToken": None if held_back else world.open_session(instance, user, now),
            "twoFactorInfo": {
                "status": status,
                "token": "2fa-token" if asks else None,
                "key": None,
                "phoneMask": "***-***-**42" if asks else None,
            },
            "userRole": "Admin" if user.admin else "Privileged",
        },
    )


def _create(world: SandboxState, instance: Instance, call: Call, now: float) -> Response:
    """3a: on the API host, only with a session; the rules can retire it."""
    if instance.rules.create_retired is not None:
        return refused(instance.rules.create_retired)
    user = _session_user(world, instance, call.request, now)
    if isinstance(user, Response):
        return user
    made = _made(world, instance, call, user, scope_key="scope", now=now)
    if isinstance(made, Response):
        return made
    return _told(
        instance,
        call,
        {
            "name": made.name,
            "description": made.description,
            "scope": made.scope,
            "user": made.owner,
            "role": "Admin" if user.admin else "Privileged",
            "client_id": made.client_id,
            "client_secret": made.client_secret,
            "authorized_grant_types": ["client_credentials"],
        },
    )


def _create_on_instance(
    world: SandboxState, instance: Instance, call: Call, now: float
) -> Response:
    """3b: on the instance, with an access token or a session."""
    user = _user(world, instance, call.request, now)
    if isinstance(user, Response):
        return user
    made = _made(world, instance, call, user, scope_key="scopes", now=now)
    if isinstance(made, Response):
        return made
    return _told(
        instance,
        call,
        {
            "id": made.id,
            "name": made.name,
            "description": made.description,
            "scopes": made.scope,
            "userId": made.owner,
            "clientId": made.client_id,
            "clientSecret": made.client_secret,
        },
    )


def _told(instance: Instance, call: Call, document: dict[str, Any]) -> Response:
    """Answer a create; `echo` is the spelling of the values that the answer repeats."""
    return answered(201, echoed(document, call.document, instance.rules.echo))


def _list(world: SandboxState, instance: Instance, call: Call, now: float) -> Response:
    """4: the list, without secrets."""
    user = _user(world, instance, call.request, now)
    return user if isinstance(user, Response) else clients_shown(instance, user, call.request, now)


def _revoke(world: SandboxState, instance: Instance, call: Call, now: float) -> Response:
    """5: 204; 400 for an id that does not exist, 403 for another user's without the grant."""
    user = _user(world, instance, call.request, now)
    if isinstance(user, Response):
        return user
    client = instance.clients.get(call.number or -1)
    if client is None:
        return refused(400)
    if not (user.admin or client.owner == user.id):
        return refused(403)
    world.remove(instance, client.id, by=call.route, now=now)
    return Response(status=204)


def _token(world: SandboxState, call: Call, now: float) -> Response:
    """6: proves that a client's id and secret belong together."""
    form = call.form or {}
    found = world.client_with(call.basic[0]) if call.basic else None
    if found is not None and found[0].rules.sign_in_method not in {
        "both",
        call.request.method.lower(),
    }:
        return refused(405)
    if form.get("grant_type") != "client_credentials":
        return answered(400, {"error": "unsupported_grant_type"})
    if found is None or call.basic is None or not _equal(call.basic[1], found[1].client_secret):
        return refused(401)
    instance, client = found
    if not instance.has_room(now):
        return Response(status=429, headers={"retry-after": "1"})
    scope = form["scope"].split() if "scope" in form else list(client.scope)
    undocumented = instance.rules.only_documented_scopes and not set(scope) <= DOCUMENTED
    if not set(scope) <= set(client.scope) or ("scope" in form and undocumented):
        return answered(400, {"error": "invalid_scope"})
    instance.sign_ins[client.client_id] += 1
    return answered(
        200,
        {
            "access_token": f"eyJ{world.draw.getrandbits(256):064x}",
            "token_type": "bearer",
            "expires_in": 3599,
            "scope": " ".join(scope),
            "customer": instance.domain.partition(".")[0],
            "userId": client.owner,
        },
    )


def _made(
    world: SandboxState, instance: Instance, call: Call, user: User, *, scope_key: str, now: float
) -> Client | Response:
    if not _is_json(call.request):
        return refused(415)
    if not user.may_create:
        return refused(403)
    wanted = _wanted(call.document, scope_key, user, scopes_of(instance))
    if wanted is None:
        return refused(400)
    name = instance.stored_name(wanted.name)
    if not name.strip() or instance.taken(name):
        return refused(400)
    return world.add_client(wanted, instance.domain, by=call.route, now=now)


def _wanted(document: Any, scope_key: str, user: User, known: frozenset[str]) -> Placement | None:
    match document:
        case {"name": str(name), **rest} if rest.keys() <= {"description", scope_key}:
            description = rest.get("description", "")
            scope = rest.get(scope_key)
        case _:
            return None
    if not isinstance(description, str) or not isinstance(scope, list) or not scope:
        return None
    if not all(isinstance(each, str) and each in known for each in scope):
        return None
    return Placement(name=name, description=description, scope=scope, owner=user.email)


def _session_user(
    world: SandboxState, instance: Instance, request: Request, now: float
) -> User | Response:
    session = world.use_session(request.headers.get("x-domo-authentication", ""), now)
    user = instance.users.get(session.email) if session else None
    if session is None or (session.domain == instance.domain and user is None):
        return refused(401)
    if session.domain != instance.domain or user is None:
        return forbidden()
    return user


def _user(world: SandboxState, instance: Instance, request: Request, now: float) -> User | Response:
    if "x-domo-authentication" in request.headers:
        return _session_user(world, instance, request, now)
    token = request.headers.get("x-domo-developer-token", "")
    return instance.token_opens(token, now) or refused(401)


def _is_json(request: Request) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0]
    return kind.strip().lower() == "application/json"


def _cookie(request: Request, name: str) -> str | None:
    for part in request.headers.get("cookie", "").split(";"):
        key, _, value = part.strip().partition("=")
        if key == name:
            return value
    return None


def _equal(given: str, true: str) -> bool:
    return hmac.compare_digest(given.encode(), true.encode())
