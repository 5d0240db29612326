"""What a manifest wants, whole: the answer of `reconciler.manifest`, the question of a plan."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from reconciler.model.address import Address
from reconciler.model.client import DesiredClient
from reconciler.model.diagnostic import Diagnostic
from reconciler.model.instance import Instance
from reconciler.model.placeholders import client_values, instance_values
from reconciler.model.sink import STATE, STATE_TARGET, SinkDefinition, SinkTarget
from reconciler.model.source_location import SourceLocation


@dataclass(frozen=True, slots=True, kw_only=True)
class CountOrPercent:
    """`5` or `10%`: a count, or per cent of a whole, rounded up."""

    number: int
    percent: bool = False

    def of(self, whole: int) -> int:
        """Return the count that this share of `whole` is."""
        return -(-whole * self.number // 100) if self.percent else self.number

    def __str__(self) -> str:
        return f"{self.number}%" if self.percent else str(self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one plan may do before it needs `--override-limits`; None: as much as it says."""

    max_create: CountOrPercent | None = None
    max_replace: CountOrPercent | None = None
    max_revoke: CountOrPercent | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """Waves: the canary (a count, or instance keys), then shares of the fleet."""

    canary: int | tuple[str, ...] = 1
    then: CountOrPercent = field(default_factory=lambda: CountOrPercent(number=100, percent=True))
    max_failures: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """`moved:` says that what the state knows as `source` is now `target`.

    Both are instance keys, both addresses (with a `/`), or both domains (with a `.`).
    """

    source: str
    target: str
    place: SourceLocation


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A manifest that was found right, with every default, set and placeholder resolved.

    `root` is the manifest's folder: relative paths and commands of sinks and credential references
    are relative to it. `state_path` is relative to it, too. `recipients` are age recipients, empty
    if secrets are kept in plain. `instances` and `clients` are sorted by key and by address.
    `files` are the manifest's own, relative to `root`; `is_folder` says that all *.yaml and *.yml
    of the folder are read. `recipients_file` is a file with further recipients.
    """

    root: str
    files: tuple[str, ...] = ()
    is_folder: bool = False
    recipients_file: str | None = None
    state_path: str = "reconciler.state.json"
    recipients: tuple[str, ...] = ()
    mark: bool = True
    sinks: Mapping[str, SinkDefinition] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    rollout: Rollout | None = None
    moved: tuple[Moved, ...] = ()
    instances: Mapping[str, Instance] = field(default_factory=dict)
    clients: Mapping[Address, DesiredClient] = field(default_factory=dict)
    warnings: tuple[Diagnostic, ...] = ()
    allow_scopes: frozenset[str] = frozenset()

    def targets(self, client: DesiredClient) -> tuple[SinkTarget, ...]:
        """Return the sinks of one client with their placeholders filled in, in their order."""
        return self.targets_of(client.address, client.sinks)

    def targets_of(self, address: Address, sinks: tuple[str, ...]) -> tuple[SinkTarget, ...]:
        """Return what the named sinks are for `address`; its instance must be in the manifest."""
        if sinks == (STATE,):
            return (STATE_TARGET,)
        instance = self.instances[address.instance]
        values = client_values(
            instance_values(key=instance.key, domain=instance.domain, labels=instance.labels),
            address,
        )
        return tuple(
            self.sinks[name].target(values) if name in self.sinks else STATE_TARGET
            for name in sinks
        )

    def environment_names(self) -> frozenset[str]:
        """Return the variables that credential references name: no child process gets them."""
        return frozenset(self._environment_names())

    def _environment_names(self) -> Iterator[str]:
        for instance in self.instances.values():
            if instance.auth is not None:
                for reference in instance.auth.references():
                    yield from reference.variables
