"""The part of a fleet that a command is about: `--target`, its opposite, and `--label`."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import translate

from reconciler.model.address import Address
from reconciler.model.desired import Desired
from reconciler.model.errors import UsageError
from reconciler.model.text import nearest
from reconciler.state.document import State

Predicate = Callable[[Address], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which addresses are meant.

    A target is an instance (`acme-prod`), an address (`acme-prod/Reporting`), or either with the
    wildcards `*`, `?` and `[…]`. An address is meant where a target (if there are any) and no
    exclude matches it, and its instance has all the labels.
    """

    targets: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)


def predicate(selection: Selection | None, desired: Desired, state: State | None) -> Predicate:
    """Return the test by which an address is meant.

    Raises:
        UsageError: a target, an exclude or the labels match nothing in the manifest or the state.

    """
    if selection is None:
        return _everything
    universe = _Universe.of(desired, state)
    targets = [_Pattern.of(each, universe) for each in selection.targets]
    excludes = [_Pattern.of(each, universe) for each in selection.excludes]
    labelled = _labelled(selection.labels, desired)

    def meant(address: Address) -> bool:
        if labelled is not None and address.instance not in labelled:
            return False
        if targets and not any(each.matches(address) for each in targets):
            return False
        return not any(each.matches(address) for each in excludes)

    return meant


def _everything(_address: Address) -> bool:
    return True


def unknown(what: str, text: str, desired: Desired, state: State | None) -> UsageError:
    """Return the error that says that `text` names nothing, with the nearest that exists."""
    return _Universe.of(desired, state).nothing(what, text)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Universe:
    """Everything that can be meant."""

    instances: frozenset[str]
    addresses: frozenset[Address]

    @classmethod
    def of(cls, desired: Desired, state: State | None) -> "_Universe":
        addresses = frozenset(desired.clients).union(state.clients if state else ())
        instances = frozenset(desired.instances).union(each.instance for each in addresses)
        return cls(instances=instances, addresses=addresses)

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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pattern:
    """One target: the instances that it covers, and the client names (None: all) on them."""

    instances: frozenset[str]
    client: str | None
    glob: re.Pattern[str] | None

    @classmethod
    def of(cls, text: str, universe: _Universe) -> "_Pattern":
        key, slash, name = text.partition("/")
        found = cls(
            instances=frozenset(_matching(key, universe.instances)),
            client=name if slash else None,
            glob=re.compile(translate(name)) if slash else None,
        )
        known = any(found.matches(each) for each in universe.addresses)
        if not (known or (not slash and found.instances)):
            raise universe.nothing("the target", text)
        return found

    def matches(self, address: Address) -> bool:
        if address.instance not in self.instances:
            return False
        # A name may hold wildcards of its own: then it is meant as it is written, too.
        return (
            self.glob is None
            or address.client == self.client
            or self.glob.match(address.client) is not None
        )


def _matching(glob: str, names: Iterable[str]) -> Iterable[str]:
    matches = re.compile(translate(glob)).match
    return (each for each in names if each == glob or matches(each))


def _labelled(labels: Mapping[str, str], desired: Desired) -> frozenset[str] | None:
    if not labels:
        return None
    found = frozenset(
        key
        for key, instance in desired.instances.items()
        if all(instance.labels.get(name) == value for name, value in labels.items())
    )
    if not found:
        wanted = " and ".join(f"{name}={value}" for name, value in sorted(labels.items()))
        raise UsageError(
            f"no instance has the label {wanted}", hint=_nearest_label(labels, desired)
        )
    return found


def _nearest_label(labels: Mapping[str, str], desired: Desired) -> str | None:
    known = {f"{k}={v}" for each in desired.instances.values() for k, v in each.labels.items()}
    for name, value in sorted(labels.items()):
        near = nearest(f"{name}={value}", sorted(known - {f"{name}={value}"}))
        if near and f"{name}={value}" not in known:
            return f"did you mean `{near}`?"
    return None
