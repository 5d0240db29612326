"""The lists of an instance: its clients, in each shape that Domo has used, and its tokens."""

from typing import Any, Final

from reconciler.sandbox.entities import Client, User
from reconciler.sandbox.http_types import Request, Response, answered, refused
from reconciler.sandbox.instance import Instance
from reconciler.sandbox.spelling import identified

EMPTY: Final[dict[str, Response]] = {
    "no_content": Response(status=204),
    "not_found": refused(404),
    "null": answered(200, None),
}


def clients_shown(instance: Instance, user: User, request: Request, now: float) -> Response:
    """List the clients that `user` sees: an array, `entries` around it, or one page of them."""
    rules = instance.rules
    shown = [_shown(instance, each) for each in instance.seen_by(user, now)]
    if not shown and rules.empty_list != "array":
        return EMPTY[rules.empty_list]
    match rules.list_shape:
        case "array":
            return answered(200, shown)
        case "entries":
            return answered(200, {"entries": shown})
        case "pages":
            offset = 0 if rules.list_ignores_offset else _number(request, "offset", 0)
            limit = min(_number(request, "limit", rules.list_page), rules.list_page)
            return answered(200, page(shown, offset=offset, limit=limit, total=len(shown)))


def page(entries: list[Any], *, offset: int, limit: int, total: int) -> dict[str, Any]:
    """Return Domo's paginated form of one page."""
    return {
        "entries": entries[offset : offset + limit],
        "totalCount": total,
        "limit": limit,
        "offset": offset,
    }


def tokens_shown(instance: Instance, user: User) -> Response:
    """List the access tokens, without their values; a plain user sees only their own."""
    match instance.rules.access_tokens:
        case "forbidden":
            return refused(403)
        case "not_found":
            return refused(404)
        case "shown":
            return answered(200, list(_tokens(instance, user)))


def _tokens(instance: Instance, user: User) -> Any:
    for number, (value, email) in enumerate(instance.tokens.items(), 1):
        owner = instance.users.get(email)
        if owner is not None and (user.admin or owner.id == user.id):
            yield {
                "id": number,
                "name": f"token {number}",
                "ownerId": owner.id,
                "expires": instance.token_expiries.get(value),
            }


def _shown(instance: Instance, client: Client) -> dict[str, object]:
    return {
        "id": client.id,
        "name": client.name,
        "description": client.description,
        **identified(client.client_id, instance.rules.mask_client_ids),
        "userId": client.owner,
        "scopes": client.scope,
    }


def _number(request: Request, key: str, fallback: int) -> int:
    text = request.query.get(key, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else fallback
