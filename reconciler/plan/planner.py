"""The way in: a manifest and a state become a plan."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from types import MappingProxyType
from typing import Final

from reconciler.model.address import Address
from reconciler.model.instance import DOMO_API, DOMO_INSTANCE, Instance
from reconciler.model.manifest import Manifest
from reconciler.model.ownership_mark import owner_of
from reconciler.model.timestamps import format_utc, parse
from reconciler.plan import checks, diff_fleet, ordering, plan_id, recipients
from reconciler.plan.action import Kind, Notice, Plan
from reconciler.plan.context import PlanContext
from reconciler.plan.field_diff import successor_phrase
from reconciler.plan.live_names import Names
from reconciler.plan.moves import apply_moves, count_moves, find_collisions, find_cycle
from reconciler.plan.observation import InstanceListed, Observation, Register, View
from reconciler.plan.request import Ending, pending_rotations
from reconciler.plan.selection import Predicate, Selection, predicate, unknown_target
from reconciler.plan.strays import plan_stray_revokes
from reconciler.state.client_index import Identity, of_clients
from reconciler.state.model import State

_NOTHING: Final[Mapping[Address, Ending]] = MappingProxyType({})
_NO_STRAYS: Final[Mapping[Address, str]] = MappingProxyType({})


def make_plan(  # noqa: PLR0913 (a plan has these inputs, most of them optional)
    desired: Manifest,
    state: State | None,
    *,
    as_of: str,
    available_secrets: frozenset[str] = frozenset(),
    selection: Selection | None = None,
    rotations: frozenset[Address] = frozenset(),
    endings: Mapping[Address, Ending] = _NOTHING,
    strays: Mapping[Address, str] = _NO_STRAYS,
    observation: Observation | None = None,
    drift_only: bool = False,
    attempts: Iterable[Identity] = (),
    accept_missing: frozenset[str] = frozenset(),
) -> Plan:
    """Return what an apply would do; the same input gives the same plan.

    Before the first apply `state` is None. `as_of` is a UTC stamp. `available_secrets` are
    client ids whose secret this run can deliver if the state lacks it in plain. `rotations`
    are the addresses to rotate at any age, besides those of an interrupted apply. `endings` are the
    clients that a command revokes or forgets. `strays` are the client ids of clients to revoke that
    have this state's mark and are not in the state. With `drift_only` the plan only reports
    differences. `attempts` are clients that only journals know; for `accept_missing` see `View`.

    Raises:
        UsageError: the selection or a rotation names what does not exist.

    """
    known, moves = apply_moves(state, desired) if state is not None else (None, ())
    for address in sorted(rotations - desired.clients.keys()):
        raise unknown_target("the address", str(address), desired, known)
    is_selected = predicate(selection, desired, known)
    clients = known.clients if known is not None else {}
    views = _views(desired, known, observation, attempts, accept_missing)
    context = PlanContext(
        desired=desired,
        clients=clients,
        as_of=parse(as_of),
        available_secrets=available_secrets,
        in_files=frozenset(each.client_id for each in (known.leftovers if known else ())),
        rotations=rotations | _carry_over(desired, known, endings),
        endings=endings,
        views=views,
        names=Names(desired=desired, clients=clients, views=views),
        phrase=cache(successor_phrase),
        strays=strays,
    )
    notices = [*moves]
    if observation is not None:
        notices += diff_fleet.observation_notices(
            context, observation, diff_fleet.selected_instances(context, is_selected)
        )
    if drift_only:
        made = _plan_drift(context, is_selected, notices)
    else:
        made = _plan_actions(context, is_selected, notices, refreshed=observation is not None)
    if moves and state is not None:
        made = replace(made, moves=count_moves(state, desired))
    return _with_options(made, selection, accept_missing)


def _with_options(made: Plan, selection: Selection | None, accept_missing: frozenset[str]) -> Plan:
    made = replace(made, accept_missing=tuple(sorted(accept_missing)))
    return made if selection is None else _narrowed(made, selection)


def _narrowed(made: Plan, selection: Selection) -> Plan:
    """Return a plan that names the selection that it was made with."""
    return replace(
        made, targets=selection.targets, excludes=selection.excludes, labels=selection.labels
    )


def _plan_actions(
    context: PlanContext, is_selected: Predicate, notices: list[Notice], *, refreshed: bool
) -> Plan:
    """Decide on every address, guard the whole, and give it its order and its id."""
    desired, clients = context.desired, context.clients
    touched = diff_fleet.selected_instances(context, is_selected)
    away, renamed = (
        diff_fleet.instances_with_new_domain(context),
        diff_fleet.renamed_instances(context),
    )
    draft = diff_fleet.diff_fleet(context, is_selected, {*away, *renamed, *renamed.values()})
    draft.add(plan_stray_revokes(context))
    possible, departed = checks.split_unreachable_revokes(desired, draft.actions)
    actions = ordering.sort_actions(possible)
    problems = [
        *draft.problems,
        *departed,
        *checks.check_domains(desired, {key: away[key] for key in away if key in touched}),
        *checks.check_renamed_instances(
            desired, {old: new for old, new in renamed.items() if touched & {old, new}}
        ),
        *checks.check_limits(desired, actions, managed=len(clients)),
        *checks.check_move_targets(find_collisions(clients, desired)),
        *checks.check_move_cycles(find_cycle(clients, desired)),
    ]
    final = (each for each in actions if each.kind is not Kind.DELIVER and not each.retires)
    leaving = {each.address for each in final}
    notices = [*notices, *recipients.outdated_recipients(desired, clients, is_selected, leaving)]
    parts = plan_id.instance_digests(desired, actions)
    as_of = format_utc(context.as_of)
    covered = as_of if any(each.timed for each in actions) else None
    return Plan(
        id=plan_id.plan_digest(parts, as_of=covered, refreshed=refreshed),
        as_of=as_of,
        refreshed=refreshed,
        actions=actions,
        notices=ordering.sort_notices((*notices, *draft.notices)),
        problems=ordering.sort_problems(problems),
        parts=parts,
        unchanged=draft.unchanged,
        instances=len(touched),
        managed=len(clients),
        endpoints=_endpoints(desired.instances[key] for key in sorted(desired.instances)),
        encrypted=bool(desired.recipients),
        fleet=diff_fleet.client_set_members(context),
    )


def _plan_drift(context: PlanContext, is_selected: Predicate, notices: list[Notice]) -> Plan:
    """Return the plan that does nothing and says what drifted."""
    from reconciler.plan import drift

    found = ordering.sort_notices((*notices, *drift.find_drift(context, is_selected)))
    drifted = {each.address for each in found if each.code in drift.CODES}
    as_of = format_utc(context.as_of)
    return Plan(
        id=plan_id.plan_digest({}, as_of=None, refreshed=True),
        as_of=as_of,
        refreshed=True,
        notices=found,
        unchanged=sum(is_selected(each) and each not in drifted for each in context.clients),
        instances=len(diff_fleet.selected_instances(context, is_selected)),
        managed=len(context.clients),
        endpoints=_endpoints(context.desired.instances[key] for key in sorted(context.views)),
        encrypted=bool(context.desired.recipients),
        drift=drift.count_drift(found),
    )


def _carry_over(
    desired: Manifest, known: State | None, endings: Mapping[Address, Ending]
) -> frozenset[Address]:
    """Return the rotations that were asked for of an apply that did not come to its end."""
    if known is None or known.open_plan is None:
        return frozenset()
    asked = pending_rotations(known.open_plan, known.clients)
    return asked.intersection(desired.clients).difference(endings)


def _views(
    desired: Manifest,
    state: State | None,
    observation: Observation | None,
    attempts: Iterable[Identity],
    accept_missing: frozenset[str],
) -> Mapping[str, View]:
    if observation is None:
        return {}
    clients = state.clients if state is not None else {}
    domains = {key: each.domain for key, each in desired.instances.items()}
    register = Register.of((*of_clients(clients), *attempts))
    return {
        key: View.of(
            seen,
            ours=_ours(desired.instances.get(key), state),
            known=register.on(key, domains.get(key, "")),
            elsewhere=register.client_ids,
            accept_missing=key in accept_missing,
        )
        for key, seen in observation.instances.items()
        if isinstance(seen, InstanceListed)
    }


def _ours(instance: Instance | None, state: State | None) -> str | None:
    if instance is None or state is None:
        return None
    return owner_of(lineage=state.lineage, domain=instance.domain)


def _endpoints(instances: Iterable[Instance]) -> Mapping[str, tuple[str, ...]]:
    """Return the base URLs that are not Domo's, each with the instances behind it.

    An instance's domain in a URL is written as `{domain}`, so that a fleet behind one proxy is one
    entry.
    """
    found: dict[str, dict[str, None]] = {}
    for each in instances:
        if each.foreign:
            for url, domos in (
                (each.endpoints.api, DOMO_API),
                (each.endpoints.instance, DOMO_INSTANCE.format(domain=each.domain)),
            ):
                if url != domos:
                    folded = url.replace(each.domain, "{domain}")
                    found.setdefault(folded, {})[each.key] = None  # once, if it serves both
    return {url: tuple(keys) for url, keys in sorted(found.items())}
