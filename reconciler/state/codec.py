"""The state document as bytes: sorted, indented, one client a block, and checked when it is read.

Equal states are equal bytes, and what has its default is left out, so that a diff shows what
changed. Nothing in a file is trusted: see `fields`.
"""

import gc
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import orjson

from reconciler.documents.schema import InvalidDocument, step, validate
from reconciler.model.address import Address
from reconciler.model.errors import StateRefused, StateUnwritable
from reconciler.model.leftover import Leftover
from reconciler.model.secret import Secret
from reconciler.state.model import (
    VERSION,
    Entry,
    OpenAction,
    OpenPlan,
    Plain,
    Retiring,
    Sealed,
    SinkDelivery,
    State,
    StoredSecret,
)
from reconciler.state.upgrade import upgrade

RESTORE: Final = (
    "nothing was written: restore the file from its `.backup` or from version control, "
    "then plan with --refresh"
)
"""What to do about a state that is refused."""

_RECIPIENTS: Final = "client_secret_recipients"
_LAYOUT: Final = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE


def encode(state: State) -> bytes:
    """Write a state: the same bytes for the same state.

    Raises:
        StateUnwritable: a text in it is not Unicode, or a number has more than 64 bits.

    """
    with _collector_paused():
        document: dict[str, Any] = {
            "version": VERSION,
            "lineage": state.lineage,
            "serial": state.serial,
            "clients": {
                f"{at[0]}/{at[1]}": _encode_entry(entry) for at, entry in state.clients.items()
            },
        }
        if state.leftovers:
            document["leftovers"] = [_encode_leftover(each) for each in state.leftovers]
        if state.open_plan is not None:
            document["open_plan"] = _encode_plan(state.open_plan)
        try:
            return orjson.dumps(document, option=_LAYOUT)
        except orjson.JSONEncodeError as error:
            raise StateUnwritable(f"the state cannot be written as JSON: {error}") from None


def decode(data: bytes, *, name: str) -> State:
    """Read a state; `name` is the file, for messages.

    Raises:
        StateRefused: not JSON, truncated, newer, or in violation of the schema, with the path.

    """
    with _collector_paused():
        document = upgrade(_parse(data, name), name=name)
        try:
            _refuse_duplicates(data, document)
            validate(document, "state")
        except InvalidDocument as error:
            raise StateRefused(f"`{name}` is not a state: {error}", hint=RESTORE) from None
        return _state(document)


def _encode_leftover(leftover: Leftover) -> dict[str, Any]:
    found = {"target": leftover.target, "client_id": leftover.client_id}
    return found if leftover.digest is None else {**found, "digest": leftover.digest}


def _encode_plan(plan: OpenPlan) -> dict[str, Any]:
    return {
        "plan_id": plan.plan_id,
        "order": plan.order,
        "definitions": dict(plan.definitions),
        "actions": [_encode_action(each) for each in plan.actions],
    }


def _encode_action(action: OpenAction) -> dict[str, Any]:
    found = {"address": str(action.address), "kind": action.kind, "digest": action.digest}
    return found if action.asked is None else {**found, "asked": action.asked}


def encode_secret(kept: StoredSecret) -> dict[str, Any]:
    """Return the keys and the values under which a secret is kept."""
    if isinstance(kept, Plain):
        return {"client_secret": kept.secret.reveal()}
    sealed: dict[str, Any] = {"client_secret_sealed": kept.text}
    return {**sealed, _RECIPIENTS: kept.recipients} if kept.recipients else sealed


def _encode_entry(entry: Entry) -> dict[str, Any]:
    # Fifty thousand of these are written at each save, hence no loop over the fields.
    found: dict[str, Any] = {
        "domain": entry.domain,
        "live_name": entry.live_name,
        "client_id": entry.client_id,
        "scope": entry.scope,
        "created_at": entry.created_at,
        "sinks": entry.sinks,
    }
    if entry.delivered:
        found["delivered"] = {
            sink: {"target": reached.target, "at": reached.at}
            | ({"digest": reached.digest} if reached.digest else {})
            for sink, reached in entry.delivered.items()
        }
    if entry.secret is not None:
        found |= encode_secret(entry.secret)
    if entry.retiring:
        found["retiring"] = [encode_retiring(old) for old in entry.retiring]
    if entry.description:
        found["description"] = entry.description
    if entry.on_remove != "keep":
        found["on_remove"] = entry.on_remove
    if entry.live_scope:
        found["live_scope"] = entry.live_scope
    return _with_rest(found, entry) | {
        label: True for label in ("adopted", "protect", "unproved") if getattr(entry, label)
    }


def encode_retiring(old: Retiring) -> dict[str, Any]:
    """Return a predecessor as it is written; what is not known is left out."""
    return _with_rest(
        {"live_name": old.live_name, "client_id": old.client_id, "scope": old.scope}, old
    )


def _with_rest(found: dict[str, Any], of: Entry | Retiring) -> dict[str, Any]:
    if of.id is not None:
        found["id"] = of.id
    if of.owner is not None:
        found["owner"] = of.owner
    if of.nonce is not None:
        found["nonce"] = of.nonce
    if of.overlap:
        found["overlap"] = of.overlap
    return found


def _state(document: dict[str, Any]) -> State:
    plan = document.get("open_plan")
    return State(
        lineage=document["lineage"],
        serial=int(document["serial"]),
        clients={Address.parse(at): _entry(found) for at, found in document["clients"].items()},
        open_plan=None if plan is None else _open_plan(plan),
        leftovers=tuple(Leftover(**found) for found in document.get("leftovers", ())),
    )


def _open_plan(found: dict[str, Any]) -> OpenPlan:
    actions = found["actions"]
    return OpenPlan(
        plan_id=found["plan_id"],
        order=tuple(found["order"]),
        definitions=found["definitions"],
        actions=tuple(
            OpenAction(**each | {"address": Address.parse(each["address"])}) for each in actions
        ),
    )


def _entry(found: dict[str, Any]) -> Entry:
    if "delivered" in found:
        found["delivered"] = {
            sink: SinkDelivery(**each) for sink, each in found["delivered"].items()
        }
    if "retiring" in found:
        found["retiring"] = tuple(map(read_retiring, found["retiring"]))
    return Entry(**read_common(found))


def read_retiring(found: dict[str, Any]) -> Retiring:
    """Return the predecessor that a valid object describes."""
    return Retiring(**{"id": None, "owner": None} | read_common(found))


def read_common(found: dict[str, Any]) -> dict[str, Any]:
    """Convert the values of a valid object that clients and journal records have in common.

    The object is changed in place, because a state holds fifty thousand of them.
    """
    for key in ("scope", "sinks", "live_scope"):
        if key in found:
            found[key] = tuple(found[key])
    for key in ("id", "owner"):  # JSON Schema accepts 12.0 as a whole number
        if key in found:
            found[key] = int(found[key])
    if "overlap" in found:
        found["overlap"] = float(found["overlap"])
    recipients = found.pop(_RECIPIENTS, ())
    if "client_secret" in found:
        found["secret"] = Plain(secret=Secret(found.pop("client_secret")))
    elif "client_secret_sealed" in found:
        text = found.pop("client_secret_sealed")
        found["secret"] = Sealed(text=text, recipients=tuple(recipients))
    return found


def _parse(data: bytes, name: str) -> Any:
    if not data.strip():
        raise StateRefused(f"`{name}` is empty", hint=RESTORE)
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise StateRefused(
            f"`{name}` is truncated or corrupt: line {error.lineno}, column {error.colno}: "
            f"{error.msg.partition(':')[0]}",
            hint=RESTORE,
        ) from None


def _refuse_duplicates(data: bytes, document: dict[str, Any]) -> None:
    """Refuse a key that an object has twice: of the two, a parser drops one without a word.

    A file as `encode` lays it out has none, which is quickly seen; one that was edited by hand is
    read a second time, by a slower parser that tells.
    """
    if orjson.dumps(document, option=_LAYOUT) == data:
        return
    try:
        json.loads(data, object_pairs_hook=_without_duplicates)
    except RecursionError:
        raise InvalidDocument("it is nested too deeply") from None


def _without_duplicates(pairs: list[tuple[str, Any]]) -> None:
    seen: set[str] = set()
    for label, _ in pairs:
        if label in seen:
            raise InvalidDocument("this key occurs twice", step(label))
        seen.add(label)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Build many small values without the cyclic collector walking them again and again."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()
