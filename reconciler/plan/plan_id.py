"""The plan's id: what was reviewed is what is done, with or without a file that says so.

A digest covers the actions and the definition of everything that they talk to: where the
credential is to be found and never what it is, and where secrets go. What is only said to the
reader (reasons, places, notices) is not in it.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

import orjson

from reconciler.model.manifest import Manifest
from reconciler.plan.action import Action, Kind


def instance_digests(desired: Manifest, actions: Iterable[Action]) -> dict[str, str]:
    """Return the digest of each instance's part; `actions` are ordered."""
    grouped = groupby(actions, key=lambda each: each.address.instance)
    return {key: _digest(_part(desired, key, tuple(group))) for key, group in grouped}


def plan_digest(instance_digests: Mapping[str, str], *, as_of: str | None, refreshed: bool) -> str:
    """Return the plan's id; `as_of` is None if no action depends on time."""
    covered = {"refreshed": refreshed, "parts": dict(instance_digests)}
    return _digest(covered if as_of is None else {"as_of": as_of, **covered})


def action_digest(desired: Manifest, action: Action) -> str:
    """Return the digest of one action."""
    return _digest(_row(desired, action))


def definition_digest(desired: Manifest, key: str) -> str:
    """Return the digest of everything that the actions of an instance may talk to."""
    return _digest(
        {
            "instance": _instance(desired, key),
            "sinks": {name: sink.definition() for name, sink in desired.sinks.items()},
            "recipients": sorted(desired.recipients),
            "mark": desired.mark,
        }
    )


def _row(desired: Manifest, action: Action) -> tuple[object, ...]:
    return (
        action.kind,
        action.address.client,
        action.live_name,
        action.scope,
        action.description,
        action.client_id,
        action.sinks,
        action.retires,
        _overlap(desired, action),
    )


def _part(desired: Manifest, key: str, actions: Sequence[Action]) -> Mapping[str, object]:
    """Return what one instance's digest consists of.

    Labels are in it because they fill placeholders of sinks, recipients because they say who may
    read the state's secrets, and the overlap because it says when a predecessor ends.
    """
    rows = [_row(desired, each) for each in actions]
    used = {name for sinks in {each.sinks for each in actions} for name in sinks}
    return {
        "actions": rows,
        "instance": _instance(desired, key),
        "sinks": {name: desired.sinks[name].definition() for name in used if name in desired.sinks},
        "recipients": sorted(desired.recipients),
        "mark": desired.mark,
    }


def _overlap(desired: Manifest, action: Action) -> float | None:
    if action.kind in (Kind.REPLACE, Kind.ROTATE):
        return desired.clients[action.address].overlap
    return None


def _instance(desired: Manifest, key: str) -> Mapping[str, object]:
    instance = desired.instances.get(key)
    if instance is None:
        return {"key": key}
    return {
        "key": key,
        "domain": instance.domain,
        "endpoints": instance.endpoints.definition(),
        "auth": instance.auth.definition() if instance.auth else None,
        "labels": dict(instance.labels),
    }


def _digest(value: object) -> str:
    return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).hexdigest()
