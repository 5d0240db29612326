"""A plan as a JSON document and back: `plan --format json`, `plan --out`, `apply plan.json`.

`schemas/plan.v1.schema.json` is the reference of its shape. No secret and no credential is in a
plan, so none is in its document.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

import orjson

from reconciler.documents.envelope import envelope
from reconciler.documents.schema import InvalidDocument, validate
from reconciler.model.address import Address
from reconciler.model.errors import PlanRefused
from reconciler.model.source_location import SourceLocation
from reconciler.plan.action import Action, Cause, Kind, Notice, Origin, Plan, Problem
from reconciler.plan.plan_id import plan_digest
from reconciler.plan.request import PlanRequest

VERSION: Final = 1
FORMAT: Final = envelope("plan", VERSION)["format"]


def document(plan: Plan) -> Mapping[str, object]:
    """Return the document as plain JSON values, with a checksum that finds what was changed."""
    said = _describe(plan)
    return {**said, "checksum": _checksum(said)}


def _checksum(said: Mapping[str, object]) -> str:
    return sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _describe(plan: Plan) -> Mapping[str, object]:
    return {
        **envelope("plan", VERSION),
        "plan_id": plan.id,
        "as_of": plan.as_of,
        "refreshed": plan.refreshed,
        "accept_missing": plan.accept_missing,
        "encrypted": plan.encrypted,
        "selection": {
            "targets": plan.targets,
            "excludes": plan.excludes,
            "labels": dict(plan.labels),
            "wish": _wish(plan.wish),
        },
        "summary": {
            **{kind.value: plan.count(kind) for kind in Kind},
            "move": plan.moves,
            "unchanged": plan.unchanged,
            "instances": plan.instances,
            "managed": plan.managed,
        },
        "actions": [_action(each) for each in plan.actions],
        "notices": [_notice(each) for each in plan.notices],
        "problems": [_problem(each) for each in plan.problems],
        "parts": dict(plan.parts),
        "drift": None if plan.drift is None else dict(plan.drift),
        "endpoints": {url: list(instances) for url, instances in plan.endpoints.items()},
    }


def begins_like_a_plan(data: bytes) -> bool:
    """Say whether the beginning of a file is that of a saved plan, or of an empty file."""
    return not data.strip() or f'"format": "{FORMAT}"'.encode() in data


def _wish(wish: PlanRequest | None) -> Mapping[str, object] | None:
    if wish is None:
        return None
    clients = {str(address): wish.clients[address] for address in sorted(wish.clients)}
    return {"action": wish.what, "clients": clients}


def read_document(data: bytes) -> Plan:
    """Return the plan that a document holds; what only a reader's text needs (`fleet`) is empty.

    Raises:
        PlanRefused: it is not a plan, of a newer version, or was changed by hand.

    """
    try:
        found = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise _refused("it is not JSON, or cut off") from None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise _refused("it is not a plan of this program")
    version = found.get("version")
    if version != VERSION:
        raise _refused(f"it is of version {version!r}, and this program reads version {VERSION}")
    try:
        validate(found, "plan")
    except InvalidDocument as error:
        raise _refused(str(error)) from None
    if found.pop("checksum") != _checksum(found):
        raise _refused("it was changed since it was saved")
    plan = _plan(found)
    as_of = plan.as_of if plan.timed else None
    if plan_digest(plan.parts, as_of=as_of, refreshed=plan.refreshed) != plan.id:
        raise _refused("its plan id does not belong to its parts")
    return plan


def _refused(why: str) -> PlanRefused:
    return PlanRefused(
        f"the plan cannot be read: {why}", hint="make it again: reconciler plan --out plan.json"
    )


def _action(action: Action) -> Mapping[str, object]:
    return {
        "action": action.kind._value_,
        "symbol": action.kind.symbol,
        "address": f"{action.address.instance}/{action.address.client}",
        "instance": action.address.instance,
        "client": action.address.client,
        "live_name": action.live_name,
        "scope": action.scope,
        "description": action.description,
        "client_id": action.client_id,
        "sinks": action.sinks,
        "reason": action.reason,
        "retires": action.retires,
        "timed": action.timed,
        "origin": _origin(action.origin),
    }


def _origin(origin: Origin | None) -> Mapping[str, object] | None:
    if origin is None:
        return None
    file, line, column = origin.place
    cause = origin.cause
    return {
        "file": file,
        "line": line,
        "column": column,
        "client_set": origin.client_set,
        "cause": None if cause is None else {"setting": cause.setting, **cause.place._asdict()},
    }


def _notice(notice: Notice) -> Mapping[str, object]:
    return {
        "code": notice.code,
        "address": str(notice.address) if notice.address else None,
        "instance": notice.address.instance if notice.address else notice.instance,
        "message": notice.message,
        "names": notice.names,
        "general": notice.general,
        "hint": notice.hint,
        "place": _place(notice.place),
    }


def _problem(problem: Problem) -> Mapping[str, object]:
    return {
        "code": problem.code,
        "address": str(problem.address) if problem.address else None,
        "message": problem.message,
        "hint": problem.hint,
        "override": problem.override,
        "place": _place(problem.place),
    }


def _place(place: SourceLocation | None) -> Mapping[str, object] | None:
    return {"file": place.file, "line": place.line, "column": place.column} if place else None


def _plan(found: Mapping[str, Any]) -> Plan:
    selection, summary = found["selection"], found["summary"]
    return Plan(
        id=found["plan_id"],
        as_of=found["as_of"],
        refreshed=found["refreshed"],
        accept_missing=tuple(found.get("accept_missing", ())),  # absent in older documents
        encrypted=found["encrypted"],
        targets=tuple(selection["targets"]),
        excludes=tuple(selection["excludes"]),
        labels=selection["labels"],
        wish=_read_wish(selection["wish"]),
        actions=tuple(map(_read_action, found["actions"])),
        notices=tuple(map(_read_notice, found["notices"])),
        problems=tuple(map(_read_problem, found["problems"])),
        parts=found["parts"],
        moves=summary["move"],
        unchanged=summary["unchanged"],
        instances=summary["instances"],
        managed=summary["managed"],
        endpoints={url: tuple(keys) for url, keys in found["endpoints"].items()},
        drift=found["drift"],
    )


def _read_wish(found: Mapping[str, Any] | None) -> PlanRequest | None:
    if found is None:
        return None
    clients = {Address.parse(each): client for each, client in found["clients"].items()}
    return PlanRequest(what=found["action"], clients=clients)


def _read_action(found: Mapping[str, Any]) -> Action:
    origin = found["origin"]
    return Action(
        kind=Kind[found["action"].upper()],
        address=Address(found["instance"], found["client"]),
        live_name=found["live_name"],
        scope=tuple(found["scope"]),
        description=found["description"],
        client_id=found["client_id"],
        sinks=tuple(found["sinks"]),
        reason=found["reason"],
        retires=found["retires"],
        # The id of a plan that was saved without this key covers the as-of.
        timed=found.get("timed", True),
        origin=None if origin is None else _read_origin(origin),
    )


def _read_origin(found: Mapping[str, Any]) -> Origin:
    cause = found["cause"]
    return Origin(
        place=_read_place(found),
        client_set=found["client_set"],
        cause=None if cause is None else Cause(cause["setting"], _read_place(cause)),
    )


def _read_notice(found: Mapping[str, Any]) -> Notice:
    address = found["address"]
    return Notice(
        code=found["code"],
        address=_optional_address(address),
        message=found["message"],
        place=_optional_place(found["place"]),
        instance=None if address is not None else found["instance"],
        names=tuple(found["names"]),
        general=found.get("general", ""),
        hint=found.get("hint"),
    )


def _read_problem(found: Mapping[str, Any]) -> Problem:
    return Problem(
        code=found["code"],
        address=_optional_address(found["address"]),
        message=found["message"],
        hint=found["hint"],
        override=found["override"],
        place=_optional_place(found["place"]),
    )


def _optional_address(found: str | None) -> Address | None:
    return None if found is None else Address.parse(found)


def _optional_place(found: Mapping[str, Any] | None) -> SourceLocation | None:
    return None if found is None else _read_place(found)


def _read_place(found: Mapping[str, Any]) -> SourceLocation:
    return SourceLocation(found["file"], found["line"], found["column"])
