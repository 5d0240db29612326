"""What stops a plan: limits, domains that changed, instances that left too early, stuck moves."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from reconciler.model.address import Address
from reconciler.model.manifest import CountOrPercent, Manifest
from reconciler.model.strings import join_limited, plural
from reconciler.plan.action import Action, Kind, Problem

FEW: Final = 5
OVERRIDE: Final = "--override-limits"


def check_limits(
    desired: Manifest, actions: Sequence[Action], *, managed: int
) -> Iterator[Problem]:
    """Yield a problem for each limit that the plan is over; per cent are of the managed clients.

    A revoked client counts if no delivered successor takes over before it is revoked.
    """
    counts = Counter(each.kind for each in actions if not each.retires)
    counts[Kind.REVOKE] += sum(1 for each in actions if _revokes_first(desired, each))
    check_limits = desired.limits
    for name, limit, kind, verb in (
        ("max_create", check_limits.max_create, Kind.CREATE, "creates"),
        ("max_replace", check_limits.max_replace, Kind.REPLACE, "replaces"),
        ("max_revoke", check_limits.max_revoke, Kind.REVOKE, "revokes"),
    ):
        count = counts[kind]
        if limit is not None and count > limit.of(managed):
            yield Problem(
                code="limit",
                message=f"this plan {verb} {plural(count, 'client')}, more than {name}: "
                + _describe(limit, managed),
                hint=f"narrow it with --target, or allow it with {OVERRIDE}",
                override=OVERRIDE,
            )


def _revokes_first(desired: Manifest, action: Action) -> bool:
    """Say whether an action ends a client before its successor is made."""
    wanted = desired.clients.get(action.address)
    return (
        action.kind in (Kind.REPLACE, Kind.ROTATE)
        and wanted is not None
        and wanted.replace == "revoke_first"
        and not wanted.protect
    )


def _describe(limit: CountOrPercent, managed: int) -> str:
    if not limit.percent:
        return str(limit)
    return f"{limit} (which is {limit.of(managed):,} of {managed:,} managed)"


def check_domains(desired: Manifest, before: Mapping[str, str]) -> Iterator[Problem]:
    """Yield a problem for each instance whose domain changed; `before` has the managed domains."""
    for key, domain in sorted(before.items()):
        instance = desired.instances[key]
        yield Problem(
            code="domain",
            place=instance.place,
            message=f"the domain of {key} is now {instance.domain}, but its clients were created on"
            f" {domain}",
            hint=f"if Domo renamed the instance, say so: `moved: [{{from: {domain}, to:"
            f" {instance.domain}}}]`; another instance needs another key",
        )


def check_renamed_instances(desired: Manifest, keys: Mapping[str, str]) -> Iterator[Problem]:
    """Yield a problem for each instance that has another key now; `keys` has the new by the old."""
    for old, new in sorted(keys.items()):
        yield Problem(
            code="renamed",
            place=desired.instances[new].place,
            message=f"{new} is the instance that was called {old}, whose clients the state has",
            hint=f"write `moved: [{{from: {old}, to: {new}}}]`: they keep their secrets then; or"
            f" `reconciler forget --target {old}` leaves them to themselves",
        )


def split_unreachable_revokes(
    desired: Manifest, actions: Sequence[Action]
) -> tuple[list[Action], list[Problem]]:
    """Divide off what cannot be done: revokes on instances that are no longer in the manifest."""
    stuck = [
        each
        for each in actions
        if each.kind is Kind.REVOKE and each.address.instance not in desired.instances
    ]
    if not stuck:
        return list(actions), []
    # A client set would give the kept key its clients back.
    has_sets = any(each.client_set for each in desired.clients.values())
    excluded = ", and in `exclude` of each client set that selects it," if has_sets else ""
    counts = Counter(each.address.instance for each in stuck)
    problems = [
        Problem(
            code="departed",
            message=f"{key} left the manifest, but {plural(count, 'client')} there"
            f" {'is' if count == 1 else 'are'} to be revoked, which needs its sign-on",
            hint=f"keep the key `{key}` with `clients: []`{excluded} until an apply has revoked"
            " them",
        )
        for key, count in sorted(counts.items())
    ]
    gone = {id(each) for each in stuck}
    return [each for each in actions if id(each) not in gone], problems


def check_move_cycles(addresses: Sequence[Address]) -> Iterator[Problem]:
    """Yield a problem where `moved:` leads addresses in a circle: each would move for ever."""
    if addresses:
        named = join_limited([*map(str, addresses)], FEW)
        yield Problem(
            code="moved",
            message=f"`moved:` leads in a circle, so that nothing was moved: {named}",
            hint="two names are exchanged by way of a third one, in two applies",
        )


def check_move_targets(pairs: Sequence[tuple[Address, Address]]) -> Iterator[Problem]:
    """Yield a problem for each entry that `moved:` sends to an address that another one has."""
    for source, target in pairs:
        yield Problem(
            code="moved",
            address=source,
            message=f"{source} cannot move to {target}: the state has another client there",
            hint="take the move out of `moved:`, or end one of the two clients first",
        )
