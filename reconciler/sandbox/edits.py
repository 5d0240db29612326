"""Faults that change the content of a correct answer, after the request was carried out."""

from fnmatch import fnmatchcase
from typing import Any, Final

from reconciler.sandbox.entities import User
from reconciler.sandbox.faults import Fault
from reconciler.sandbox.http_types import Response, answered, document_in
from reconciler.sandbox.listing import clients_shown, page
from reconciler.sandbox.routes import Call
from reconciler.sandbox.server_state import SandboxState
from reconciler.sandbox.spelling import echoed

EDITS: Final = frozenset(
    (
        "no_secret",
        "wrong_name",
        "echoed",
        "same_client_id",
        "list_cut",
        "list_hides",
        "other_instance",
    )
)
EVERYTHING: Final = User(id=0, email="", password="")


def edited(
    world: SandboxState, call: Call, fault: Fault, response: Response, now: float
) -> Response:
    """Return an answer as a fault of `EDITS` changes it; other answers stay unchanged."""
    document = document_in(response.body)
    if response.status >= 300:
        return response
    if fault.what == "other_instance":
        return _of_another(world, call, fault, now) if call.route == "list" else response
    if fault.what in {"list_cut", "list_hides"}:
        return _shortened(fault, document, response) if call.route == "list" else response
    if not isinstance(document, dict) or not call.route.startswith("create"):
        return response
    return answered(response.status, _made(world, call, fault, document))


def _made(
    world: SandboxState, call: Call, fault: Fault, document: dict[str, Any]
) -> dict[str, Any]:
    match fault.what:
        case "no_secret":
            return {key: each for key, each in document.items() if "secret" not in key.lower()}
        case "wrong_name":
            return {**document, "name": f"{document.get('name')} of another"}
        case "echoed":
            return echoed(document, call.document or {}, fault.echo)
        case _:
            return _with_a_known_id(world, call, document)


def _with_a_known_id(world: SandboxState, call: Call, document: dict[str, Any]) -> dict[str, Any]:
    """Return the response with the client id of the newest other create, if there is one."""
    key = "client_id" if "client_id" in document else "clientId"
    kept = world.known(call.domain or "").clients.values()
    made = [each.client_id for each in kept if each.made_by.startswith("create")]
    others = [each for each in made if each != document.get(key)]
    return {**document, key: others[-1]} if others else document


def _shortened(fault: Fault, document: Any, response: Response) -> Response:
    paged = isinstance(document, dict)
    entries = document.get("entries", []) if paged else document
    if not isinstance(entries, list):
        return response
    if fault.what == "list_cut":
        total = document.get("totalCount", len(entries)) if paged else len(entries)
        offset = document.get("offset", 0) if paged else 0
        kept = page(entries, offset=0, limit=fault.keep, total=total)
        return answered(200, {**kept, "offset": offset})
    left = [each for each in entries if not fnmatchcase(str(each.get("name")), fault.named)]
    if not paged:
        return answered(200, left)
    # The total is reduced as well: a list that hides clients is not marked as incomplete.
    hidden = len(entries) - len(left)
    counted = {"totalCount": document["totalCount"] - hidden} if "totalCount" in document else {}
    return answered(200, {**document, **counted, "entries": left})


def _of_another(world: SandboxState, call: Call, fault: Fault, now: float) -> Response:
    for domain, other in world.instances.items():
        if domain != call.domain and fnmatchcase(domain, fault.other):
            return clients_shown(other, EVERYTHING, call.request, now)
    return answered(200, [])
