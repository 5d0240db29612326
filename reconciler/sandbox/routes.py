"""The endpoint of a request. Source: Domo's OpenAPI descriptions, and observed clients."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import parse_qsl

from reconciler.sandbox.faults import Route
from reconciler.sandbox.http_types import Request, document_in
from reconciler.sandbox.server_state import SandboxState


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request with its endpoint, as faults match it and the log shows it.

    `create` is `POST /clients` on the API host, `create_on_instance` its twin on the instance,
    `token` the sign-in of a client. `client` is the name that is created, or of the client that is
    revoked or signs in. `number` is the id in the path, `basic` the user and password of a token
    request, `document` the JSON body, `form` the fields of a token request, in its query or its
    body; each is None elsewhere.
    """

    request: Request
    route: Route
    domain: str | None = None
    client: str | None = None
    number: int | None = None
    basic: tuple[str, str] | None = None
    document: Any = None
    form: Mapping[str, str] | None = None


def called(world: SandboxState, request: Request) -> Call:
    """Return the call that a request is; this only reads, and carries nothing out."""
    match request.path.split("/")[1:]:
        case ["instances", domain, *rest]:
            return _on_instance(world, request, domain, rest)
        case ["api", *rest]:
            return _on_api(world, request, rest)
        case _:
            return Call(request=request, route="unknown")


def _on_instance(world: SandboxState, request: Request, domain: str, rest: list[str]) -> Call:
    match request.method, rest:
        case "POST", ["api", "content", "v2", "authentication"]:
            return Call(
                request=request,
                route="sign_on",
                domain=domain,
                document=document_in(request.body),
            )
        case "POST", ["api", "identity", "v1", "developer-tokens"]:
            return _create(request, "create_on_instance", domain)
        case "GET", ["api", "identity", "v1", "developer-tokens"]:
            return Call(request=request, route="list", domain=domain)
        case "GET", ["api", "data", "v1", "accesstokens"]:
            return Call(request=request, route="access_tokens", domain=domain)
        case "DELETE", ["api", "identity", "v1", "developer-tokens", number]:
            return _revoke(world, request, domain, number)
        case _, ["api", "content", "v2", "authentication"] | [
            "api",
            "identity",
            "v1",
            "developer-tokens",
            *_,
        ]:
            return Call(request=request, route="wrong_method", domain=domain)
        case _:
            return Call(request=request, route="unknown", domain=domain)


def _on_api(world: SandboxState, request: Request, rest: list[str]) -> Call:
    match request.method, rest:
        case "POST", ["clients"]:
            return _create(request, "create", request.headers.get("x-domo-customerdomain"))
        case "GET" | "POST", ["oauth", "token"]:
            return _token(world, request)
        case _, ["clients"] | ["oauth", "token"]:
            return Call(request=request, route="wrong_method")
        case _:
            return Call(request=request, route="unknown")


def _create(
    request: Request, route: Literal["create", "create_on_instance"], domain: str | None
) -> Call:
    document = document_in(request.body)
    name = document.get("name") if isinstance(document, dict) else None
    return Call(
        request=request,
        route=route,
        domain=domain,
        client=name if isinstance(name, str) else None,
        document=document,
    )


def _revoke(world: SandboxState, request: Request, domain: str, text: str) -> Call:
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else -1
    instance = world.instances.get(domain)
    client = instance.clients.get(number) if instance else None
    return Call(
        request=request,
        route="revoke",
        domain=domain,
        client=client.name if client else None,
        number=number,
    )


def _token(world: SandboxState, request: Request) -> Call:
    basic = _basic(request.headers.get("authorization", ""))
    found = world.client_with(basic[0]) if basic else None
    return Call(
        request=request,
        route="token",
        domain=found[0].domain if found else None,
        client=found[1].name if found else None,
        basic=basic,
        form=_form(request),
    )


def _form(request: Request) -> Mapping[str, str]:
    """Return the fields of a token request: of the query for GET, of the body for POST."""
    if request.method == "GET":
        return request.query
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        return {}
    return dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))


def _basic(header: str) -> tuple[str, str] | None:
    kind, _, encoded = header.partition(" ")
    try:
        user, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return (user, password) if kind.lower() == "basic" and colon else None
