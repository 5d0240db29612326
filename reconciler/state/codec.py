"""The state document as bytes: sorted, indented, one client a block, and checked when it is read.

Equal states are equal bytes, and what has its default is left out, so that a diff shows what
changed. Nothing in a file is trusted: see `fields`.
"""

import gc
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

import orjson

from reconciler.model.errors import StateRefused, StateUnwritable
from reconciler.model.leftover import Leftover
from reconciler.model.secret import Secret
from reconciler.state import json_checks
from reconciler.state.json_checks import InvalidField, ObjectCheck
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
from reconciler.state.upgrade import upgraded

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
            "clients": {f"{at[0]}/{at[1]}": _written(entry) for at, entry in state.clients.items()},
        }
        if state.leftovers:
            document["leftovers"] = [_written_leftover(each) for each in state.leftovers]
        if state.open_plan is not None:
            document["open_plan"] = _written_plan(state.open_plan)
        try:
            return orjson.dumps(document, option=_LAYOUT)
        except orjson.JSONEncodeError as error:
            raise StateUnwritable(f"the state cannot be written as JSON: {error}") from None


def decode(data: bytes, *, name: str) -> State:
    """Read a state; `name` is the file, for messages.

    Raises:
        StateRefused: not JSON, truncated, newer, or not what a state looks like, with the path.

    """
    with _collector_paused():
        document = upgraded(_parsed(data, name), name=name)
        try:
            _refuse_duplicates(data, document)
            found = _STATE.fields(document)
        except InvalidField as wrong:
            raise StateRefused(f"`{name}` is not a state: {wrong}", hint=RESTORE) from None
    found.pop("version")
    return State(**found)


def _written_leftover(leftover: Leftover) -> dict[str, Any]:
    found = {"target": leftover.target, "client_id": leftover.client_id}
    return found if leftover.digest is None else {**found, "digest": leftover.digest}


def _written_plan(plan: OpenPlan) -> dict[str, Any]:
    return {
        "plan_id": plan.plan_id,
        "order": plan.order,
        "definitions": dict(plan.definitions),
        "actions": [_written_action(each) for each in plan.actions],
    }


def _written_action(action: OpenAction) -> dict[str, Any]:
    found = {"address": str(action.address), "kind": action.kind, "digest": action.digest}
    return found if action.asked is None else {**found, "asked": action.asked}


def written_secret(kept: StoredSecret) -> dict[str, Any]:
    """Return the keys and the values under which a secret is kept."""
    if isinstance(kept, Plain):
        return {"client_secret": kept.secret.reveal()}
    sealed: dict[str, Any] = {"client_secret_sealed": kept.text}
    return {**sealed, _RECIPIENTS: kept.recipients} if kept.recipients else sealed


def read_plain(value: Any) -> Plain:
    """Check a secret that is kept as it is."""
    return Plain(secret=Secret(json_checks.word(value)))


def read_sealed(value: Any) -> Sealed:
    """Check a sealed secret; whether it opens is seen when it is opened."""
    return Sealed(text=json_checks.word(value))


read_recipients: Final = json_checks.each(json_checks.word)


def one_secret(found: dict[str, Any], *, required: bool = False) -> dict[str, Any]:
    """Put the one secret that `found` has, under whichever key, where the values expect it."""
    plain, sealed = found.pop("client_secret", None), found.pop("client_secret_sealed", None)
    recipients = found.pop(_RECIPIENTS, ())
    if recipients and sealed is None:
        raise InvalidField("only a sealed secret has recipients", f".{_RECIPIENTS}")
    if plain is not None and sealed is not None:
        raise InvalidField("a secret is either plain or sealed", ".client_secret_sealed")
    kept = plain or (replace(sealed, recipients=recipients) if recipients else sealed)
    if kept is None and required:
        raise InvalidField("this key is missing", ".client_secret")
    if kept is not None:
        found["secret"] = kept
    return found


def _written(entry: Entry) -> dict[str, Any]:
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
        found |= written_secret(entry.secret)
    if entry.retiring:
        found["retiring"] = [written_retiring(old) for old in entry.retiring]
    if entry.description:
        found["description"] = entry.description
    if entry.on_remove != "keep":
        found["on_remove"] = entry.on_remove
    if entry.live_scope:
        found["live_scope"] = entry.live_scope
    return _with_rest(found, entry) | {
        label: True for label in ("adopted", "protect", "unproved") if getattr(entry, label)
    }


def written_retiring(old: Retiring) -> dict[str, Any]:
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


def _retiring(*, id: int | None = None, owner: int | None = None, **rest: Any) -> Retiring:  # noqa: A002 (the key's name)
    return Retiring(id=id, owner=owner, **rest)


def _entry(value: Any) -> Entry:
    return Entry(**one_secret(_ENTRY.fields(value)))


_REACHED: Final = ObjectCheck(
    build=SinkDelivery,
    checks={"target": json_checks.text, "at": json_checks.moment, "digest": json_checks.word},
    required=frozenset({"target", "at"}),
)
RETIRING: Final = ObjectCheck(
    build=_retiring,
    checks={
        "live_name": json_checks.word,
        "client_id": json_checks.word,
        "scope": json_checks.each(json_checks.word),
        "id": json_checks.count,
        "owner": json_checks.count,
        "nonce": json_checks.word,
        "overlap": json_checks.length,
    },
    required=frozenset({"live_name", "client_id", "scope"}),
)
_ENTRY: Final = ObjectCheck(
    build=Entry,
    checks={
        **RETIRING.checks,
        "domain": json_checks.domain,
        "description": json_checks.text,
        "created_at": json_checks.moment,
        "sinks": json_checks.each(json_checks.sink),
        "delivered": json_checks.entries(json_checks.sink, _REACHED),
        "adopted": json_checks.flag,
        "protect": json_checks.flag,
        "unproved": json_checks.flag,
        "live_scope": json_checks.each(json_checks.word),
        "on_remove": json_checks.on_remove,
        "retiring": json_checks.each(RETIRING),
        "client_secret": read_plain,
        "client_secret_sealed": read_sealed,
        _RECIPIENTS: read_recipients,
    },
    required=frozenset({"domain", "live_name", "client_id", "scope", "created_at", "sinks"}),
)
_OPEN_ACTION: Final = ObjectCheck(
    build=OpenAction,
    checks={
        "address": json_checks.address,
        "kind": json_checks.word,
        "digest": json_checks.word,
        "asked": json_checks.word,
    },
    required=frozenset({"address", "kind", "digest"}),
)
_OPEN_PLAN: Final = ObjectCheck(
    build=OpenPlan,
    checks={
        "plan_id": json_checks.word,
        "order": json_checks.each(json_checks.word),
        "definitions": json_checks.entries(json_checks.word, json_checks.word),
        "actions": json_checks.each(_OPEN_ACTION),
    },
    required=frozenset({"plan_id", "order", "definitions", "actions"}),
)
_LEFTOVER: Final = ObjectCheck(
    build=Leftover,
    checks={"target": json_checks.word, "client_id": json_checks.word, "digest": json_checks.word},
    required=frozenset({"target", "client_id"}),
)
_STATE: Final = ObjectCheck(
    build=State,
    checks={
        "version": json_checks.count,
        "lineage": json_checks.lineage,
        "serial": json_checks.serial,
        "clients": json_checks.entries(json_checks.address, _entry),
        "open_plan": _OPEN_PLAN,
        "leftovers": json_checks.each(_LEFTOVER),
    },
    required=frozenset({"version", "lineage", "serial", "clients"}),
)


def _parsed(data: bytes, name: str) -> Any:
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
        raise InvalidField("it is nested too deeply") from None


def _without_duplicates(pairs: list[tuple[str, Any]]) -> None:
    seen: set[str] = set()
    for label, _ in pairs:
        if label in seen:
            raise InvalidField("this key stands here twice", json_checks.key(label))
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
