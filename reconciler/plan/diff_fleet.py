"""What follows for a whole fleet: each address by itself, then what only an instance can say."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import assert_never

from reconciler.model.alike import Failure, grouped
from reconciler.model.client_name import form
from reconciler.plan import diff, strays
from reconciler.plan.action import Action, Notice, Problem
from reconciler.plan.context import Finding, PlanContext
from reconciler.plan.observation import InstanceUnreachable, NotVisible, Observation, View
from reconciler.plan.selection import Predicate
from reconciler.state.model import Entry, Retiring


@dataclass(slots=True, kw_only=True)
class Draft:
    """What is found while a plan is made; `unchanged` counts the clients with nothing to do."""

    actions: list[Action] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    unchanged: int = 0

    def add(self, found: Iterable[Finding]) -> bool:
        """Take findings in; return whether they leave the address as it is."""
        calm = True
        for each in found:
            match each:
                case Action():
                    self.actions.append(each)
                    calm = False
                case Problem():
                    self.problems.append(each)
                    calm = False
                case Notice():
                    self.notices.append(each)
                    calm = calm and each.code != "conflict"
                case _:
                    assert_never(each)
        return calm


def diff_fleet(context: PlanContext, is_selected: Predicate, skipped: Collection[str]) -> Draft:
    """Return what follows for every selected address; the `skipped` instances have none."""
    draft = Draft()
    clients, endings = context.clients, context.endings
    asked = {*endings, *context.strays}
    for address, client in sorted(context.desired.clients.items()):
        if address in asked or address.instance in skipped or not is_selected(address):
            continue
        entry = clients.get(address)
        if entry is None:
            draft.add((diff.plan_new(context, client),))
        elif diff.is_settled(context, client, entry) or draft.add(
            diff.plan_existing(context, client, entry)
        ):
            draft.unchanged += 1
    for address, entry in sorted(clients.items()):
        stays = address in context.desired.clients and address not in endings
        if (
            stays
            or address in context.strays
            or address.instance in skipped
            or not is_selected(address)
        ):
            continue
        draft.add(diff.plan_removed(context, address, entry))
    return draft


def instances_with_new_domain(context: PlanContext) -> Mapping[str, str]:
    """Return the instances whose domain in the manifest is not the managed one, with that one."""
    instances = context.desired.instances
    found: dict[str, str] = {}
    for address, entry in context.clients.items():
        instance = instances.get(address.instance)
        if instance is not None and entry.domain.lower() != instance.domain.lower():
            found[address.instance] = min(entry.domain, found.get(address.instance, entry.domain))
    return found


def renamed_instances(context: PlanContext) -> Mapping[str, str]:
    """Return the keys that left the manifest while another key there has their domain, with it.

    What a command is to end is left out: that asks for no move.
    """
    instances = context.desired.instances
    gone: dict[str, str] = {}
    for address, entry in context.clients.items():
        if address.instance not in instances and address not in context.endings:
            gone.setdefault(address.instance, entry.domain.lower())
    if not gone:
        return {}
    keys = {each.domain.lower(): key for key, each in instances.items()}
    return {key: keys[domain] for key, domain in gone.items() if domain in keys}


def selected_instances(context: PlanContext, is_selected: Predicate) -> frozenset[str]:
    """Return the instances that have a selected address, in the manifest or only in the state."""
    wanted = {each.instance for each in context.desired.clients if is_selected(each)}
    known = (*context.clients, *context.strays)
    return frozenset(wanted.union(each.instance for each in known if is_selected(each)))


def observation_notices(
    context: PlanContext, observation: Observation, instances: Collection[str]
) -> Iterator[Notice]:
    """Yield what a refresh showed beyond the addresses: unmanaged clients, and what it cannot see.

    `instances` are those that the plan is about.
    """
    known = _known(context)
    unseen: dict[str, InstanceUnreachable] = {}
    new: dict[str, set[str]] = {}
    for address in context.desired.clients.keys() - context.clients.keys():
        new.setdefault(address.instance, set()).add(form(address.client))
    for key in sorted(instances):
        seen = observation.instances.get(key)
        if isinstance(seen, InstanceUnreachable):
            unseen[key] = seen
        elif key in context.views:
            yield from _of_view(key, context.views[key], known.get(key, []), new.get(key, set()))
    yield from _of_unseen(context, unseen)


def _of_unseen(context: PlanContext, unseen: Mapping[str, InstanceUnreachable]) -> Iterator[Notice]:
    failures = (
        Failure(
            code=seen.code,
            message=seen.message,
            hint=seen.hint,
            name=key,
            instance=context.desired.instances.get(key),
        )
        for key, seen in unseen.items()
    )
    for group in grouped(failures):
        for key in group.names:
            yield Notice(
                code="unreachable",
                address=None,
                message=f"could not be looked at: {unseen[key].message}",
                instance=key,
                general=f"could not be looked at: {group.message}",
                hint=group.hint,
            )


def _known(context: PlanContext) -> dict[str, list[Entry | Retiring]]:
    found: dict[str, list[Entry | Retiring]] = {}
    for address, entry in context.clients.items():
        found.setdefault(address.instance, []).extend((entry, *entry.retiring))
    return found


def _of_view(
    key: str, view: View, known: list[Entry | Retiring], new: Collection[str]
) -> Iterator[Notice]:
    unmanaged = view.unmanaged(known)
    hidden = sorted(each.live_name for each in known if isinstance(view.locate(each), NotVisible))
    others = [each.name for each in unmanaged if not view.is_orphan(each)]
    if view.doubt and (known or "--accept" not in view.doubt):
        yield _notice("incomplete", key, view.doubt.replace("INSTANCE", key))
    found = (
        _notice("not-visible", key, "not visible to this user, and not taken for gone", hidden),
        _notice("unmanaged", key, "that this state does not manage", others),
    )
    yield from (each for each in found if each.names)
    yield from strays.stray_notices(key, (e for e in unmanaged if view.is_orphan(e)), new)


def _notice(code: str, instance: str, message: str, names: Iterable[str] = ()) -> Notice:
    return Notice(code=code, address=None, message=message, instance=instance, names=tuple(names))


def client_set_members(context: PlanContext) -> Mapping[str, tuple[str, ...]]:
    """Return the instances with clients under "", and those of each client set under its name.

    A plan that was narrowed has the same members: `all` in a headline means all of them.
    """
    found: dict[str, dict[str, None]] = {"": {}}
    for address, client in context.desired.clients.items():
        found[""][address.instance] = None
        for each in (client.client_set, client.overrides):
            if each is not None:
                found.setdefault(each, {})[address.instance] = None
    return {name: tuple(sorted(keys)) for name, keys in sorted(found.items())}
