"""The part of a fleet that a command is about: `--target`, its opposite, and `--label`."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from reconciler.model.address import Address
from reconciler.model.errors import UsageError
from reconciler.model.manifest import Manifest
from reconciler.model.strings import nearest
from reconciler.state.model import State

Predicate = Callable[[Address], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which addresses are meant.

    A target is an instance (`acme-prod`), an address (`acme-prod/Reporting`), or either with the
    wildcards `*`, `?` and `[…]`. An address is selected if a target (if there are any) and no
    exclude matches it, and its instance has all the labels. `only` are addresses and no patterns:
    if it is given, no other is selected.
    """

    targets: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    only: frozenset[Address] | None = None

    def matches(self, address: Address, labels: Mapping[str, str]) -> bool:
        """Say whether an address is meant; `labels` are those of its instance."""
        if self.only is not None and address not in self.only:
            return False
        if self.targets and not any(_hits(each, address) for each in self.targets):
            return False
        if any(_hits(each, address) for each in self.excludes):
            return False
        return all(labels.get(name) == value for name, value in self.labels.items())

    def has(self, key: str, labels: Mapping[str, str]) -> bool:
        """Say whether an instance without clients is meant."""
        targets, excludes = (
            [each for each in patterns if "/" not in each]
            for patterns in (self.targets, self.excludes)
        )
        if self.targets and not any(fnmatchcase(key, each) for each in targets):
            return False
        if any(fnmatchcase(key, each) for each in excludes):
            return False
        return all(labels.get(name) == value for name, value in self.labels.items())


def excluding(selection: Selection | None, instances: Collection[str]) -> Selection | None:
    """Return the selection without these instances; None if everything is meant."""
    if not instances:
        return selection
    part = selection or Selection()
    return replace(part, excludes=(*part.excludes, *sorted(instances)))


def predicate(selection: Selection | None, desired: Manifest, state: State | None) -> Predicate:
    """Return the test by which an address is meant.

    Raises:
        UsageError: a target, an exclude or the labels match nothing in the manifest or the state.

    """
    if selection is None:
        return lambda _address: True
    universe = _Universe.of(desired, state)
    for what, patterns in (("target", selection.targets), ("exclude", selection.excludes)):
        for each in patterns:
            if not universe.has(each):
                raise universe.nothing(f"the {what}", each)
    _check_labels(selection.labels, desired)
    labels = {key: instance.labels for key, instance in desired.instances.items()}
    nothing: Mapping[str, str] = {}

    def is_selected(address: Address) -> bool:
        return selection.matches(address, labels.get(address.instance, nothing))

    several = sum(map(bool, (selection.targets, selection.excludes, selection.labels))) > 1
    if several and selection.only is None and not any(map(is_selected, universe.addresses)):
        # An instance without clients is selected, too: its plan is empty.
        bare = universe.instances - {each.instance for each in universe.addresses}
        if not any(selection.has(key, labels.get(key, nothing)) for key in bare):
            raise _nothing_in_common(selection)
    return is_selected


def _nothing_in_common(selection: Selection) -> UsageError:
    """Return the error for options that each match something, and no client together."""
    labels = [f"{name}={value}" for name, value in selection.labels.items()]
    named = {"--target": selection.targets, "--exclude": selection.excludes, "--label": labels}
    options = " ".join(f"{name} {each}" for name, given in named.items() for each in given)
    return UsageError(
        f"no client is selected by {options}",
        hint="leave one of the options out: together they match nothing",
    )


def _hits(target: str, address: Address) -> bool:
    """Say whether a target means an address; a name may hold wildcards of its own, as written."""
    key, slash, name = target.partition("/")
    if key != address.instance and not fnmatchcase(address.instance, key):
        return False
    return not slash or name == address.client or fnmatchcase(address.client, name)


def unknown_target(what: str, text: str, desired: Manifest, state: State | None) -> UsageError:
    """Return the error that says that `text` names nothing, with the nearest that exists."""
    return _Universe.of(desired, state).nothing(what, text)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Universe:
    """Everything that can be meant."""

    instances: frozenset[str]
    addresses: frozenset[Address]

    @classmethod
    def of(cls, desired: Manifest, state: State | None) -> "_Universe":
        addresses = frozenset(desired.clients).union(state.clients if state else ())
        instances = frozenset(desired.instances).union(each.instance for each in addresses)
        return cls(instances=instances, addresses=addresses)

    def has(self, target: str) -> bool:
        if "/" not in target and any(fnmatchcase(each, target) for each in self.instances):
            return True
        return any(_hits(target, each) for each in self.addresses)

    def nothing(self, what: str, text: str) -> UsageError:
        near = self._near(text)
        return UsageError(
            f"{what} `{text}` matches nothing in the manifest or the state",
            hint=f"did you mean `{near}`?" if near else "`reconciler state list` shows addresses",
        )

    def _near(self, text: str) -> str | None:
        """Look among the instances first and then among the clients: never among all addresses."""
        key, slash, name = text.partition("/")
        instance = key if key in self.instances else nearest(key, sorted(self.instances))
        if not slash:
            return instance
        known = {each.client for each in self.addresses if instance in (None, each.instance)}
        client = name if name in known else nearest(name, sorted(known))
        return f"{instance or key}/{client}" if client else instance


def _check_labels(labels: Mapping[str, str], desired: Manifest) -> None:
    known = [each.labels.items() for each in desired.instances.values()]
    if not labels or any(labels.items() <= each for each in known):
        return
    pairs = sorted({f"{name}={value}" for each in known for name, value in each})
    wanted = [f"{name}={value}" for name, value in sorted(labels.items())]
    near = next(
        (found for each in wanted if each not in pairs for found in [nearest(each, pairs)]), None
    )
    raise UsageError(
        f"no instance has the label {' and '.join(wanted)}",
        hint=f"did you mean `{near}`?" if near else None,
    )
