"""Resolve a valid document into instances and clients, with defaults, sets and placeholders."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from reconciler.manifest.error_collector import ErrorCollector, ManifestError, quoted
from reconciler.manifest.merge import ParsedManifest
from reconciler.manifest.resolve.client_sets import ClientEntry, ClientResolver, client_sets
from reconciler.manifest.resolve.connection import ConnectionResolver, Values
from reconciler.manifest.resolve.lifecycle import LifecycleSettings
from reconciler.manifest.resolve.placeholders import CLIENT, INSTANCE, PlaceholderFiller
from reconciler.manifest.resolve.sink_targets import SinkTargetChecker
from reconciler.manifest.resolve.sinks import check_names
from reconciler.manifest.yaml.source_map import Entry, SourceMap
from reconciler.model.address import Address
from reconciler.model.client import DesiredClient
from reconciler.model.instance import DOMO_API, Instance
from reconciler.model.ownership_mark import split_mark
from reconciler.model.placeholders import client_values, has_braces, instance_values
from reconciler.model.scope import SCOPES, canonical

_LABEL: Final = 63


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedClients:
    """The instances and their clients, sorted by key and by address."""

    instances: Mapping[str, Instance]
    clients: Mapping[Address, DesiredClient]


def labels_of(manifest: ParsedManifest) -> set[str]:
    """Return every label name of every instance."""
    return {name for each in manifest.instances for name in each.value.get("labels", ())}


class Resolver:
    """Resolves instances and clients, and reports errors that no schema can express."""

    def __init__(
        self,
        manifest: ParsedManifest,
        placeholders: PlaceholderFiller,
        target_checker: SinkTargetChecker,
        source_map: SourceMap,
        report: ErrorCollector,
    ) -> None:
        self._manifest = manifest
        self._source_map = source_map
        self._report = report
        self._placeholders = placeholders
        self._access = ConnectionResolver(placeholders, source_map, report)
        self._target_checker = target_checker
        self._client_resolver = ClientResolver(source_map, report, manifest.dropped, placeholders)
        self._defaults = manifest.section("defaults")
        self._endpoints: list[Entry] = []
        self._scopes: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._known_scopes = set(SCOPES)
        self.warnings = ErrorCollector()

    @property
    def credential_files(self) -> Mapping[str, int]:
        """Return the files of credential references, each with the position of its first use."""
        return self._access.files

    def resolve_all(self) -> ResolvedClients:
        """Resolve the instances in the order of their keys."""
        self._check_once()
        sets = client_sets(self._manifest, self._source_map, self._report)
        policy = LifecycleSettings().override_with(self._defaults, self._source_map)
        instances: dict[str, Instance] = {}
        clients: dict[Address, DesiredClient] = {}
        for entry in self._manifest.instances:
            values = instance_values(
                key=entry.key, domain=_domain(entry), labels=entry.value.get("labels", {})
            )
            clients_by_form = self._client_resolver.of(entry, sets.get(entry.key, ()), values)
            wanted = bool(clients_by_form) or self._manifest.dropped.a_client_of(entry.key)
            instances[entry.key] = self._instance(entry, values, wanted=wanted)
            self._target_checker.enter(values, entry.key_at)
            for client in self._clients(entry, clients_by_form, policy, values):
                clients[client.address] = client
        self._client_resolver.report_clashes()
        return ResolvedClients(instances=instances, clients=clients)

    def _check_once(self) -> None:
        """Check shared parts before the instances, so that each error in them is reported once."""
        manifest, access = self._manifest, self._access
        if "endpoints" in manifest.once:
            self._endpoints = access.check_endpoints(manifest.section("endpoints"))
        if "auth" in self._defaults:
            access.check_auth(self._defaults["auth"])
        for entry in manifest.instances:
            if "auth" in entry.value:
                access.check_auth(entry.value["auth"])
        self._check_domains()
        for client in manifest.nameless:
            check_names(client, manifest, self._source_map, self._report)
        for level in self._levels():
            if "sink" in level:
                check_names(level, manifest, self._source_map, self._report)
            if "name" in level:
                self._check_texts(level)

    def _levels(self) -> Iterator[Mapping[str, Any]]:
        yield self._defaults
        for entry in (*self._manifest.client_sets, *self._manifest.instances):
            yield entry.value
            yield from entry.value.get("clients", ())

    def _check_texts(self, client: Mapping[str, Any]) -> None:
        """Check the placeholders of a client's name and description, once."""
        for key, known in (("name", INSTANCE), ("description", CLIENT)):
            text = client.get(key, "")
            if has_braces(text):
                self._placeholders.known(text, self._source_map.value(client, key), known)
        self._check_description(client, client.get("description", ""))

    def _check_description(self, client: Mapping[str, Any], text: str) -> None:
        if "[reconciler:" in text and split_mark(text)[1] is not None:
            self._report.add(
                ManifestError(
                    code="reserved-description",
                    message="a description cannot end in an ownership mark: the tool adds its own",
                    at=self._source_map.value(client, "description"),
                    hint="remove `[reconciler:…]`",
                )
            )

    def _instance(self, entry: Entry, values: Values, *, wanted: bool) -> Instance:
        value = entry.value
        domain = values["domain"]
        auth = value.get("auth") or self._defaults.get("auth")
        if auth is None and wanted and not self._manifest.dropped.auth_of(entry.key):
            self._report.add(_no_auth(entry))
        endpoints = self._access.endpoints(self._endpoints, values)
        return Instance(
            key=entry.key,
            domain=domain,
            endpoints=endpoints,
            place=self._source_map.place(entry.key_at),
            auth=self._access.auth(auth, values, entry.key_at) if auth else None,
            labels=value.get("labels", {}),
            foreign=(endpoints.api, endpoints.instance) != (DOMO_API, f"https://{domain}"),
        )

    def _check_domains(self) -> None:
        """Check the domains in the order of the text, to report the later of two duplicates."""
        first: dict[str, Entry] = {}
        for entry in sorted(self._manifest.instances, key=lambda each: each.key_at):
            if "domain" not in entry.value:
                if self._manifest.dropped.of_instance(entry.key, "domain"):
                    continue
                if len(entry.key) > _LABEL or entry.key.endswith("-"):
                    self._report.add(_no_host(entry))
            domain = _domain(entry)
            if (other := first.setdefault(domain, entry)) is not entry:
                self._report.add(self._same_domain(entry, other, domain))

    def _same_domain(self, entry: Entry, first: Entry, domain: str) -> ManifestError:
        at, first_at = (
            self._source_map.value(each.value, "domain") if "domain" in each.value else each.key_at
            for each in (entry, first)
        )
        return ManifestError(
            code="same-domain",
            message=f"{quoted(first.key)} and {quoted(entry.key)} have the same domain "
            f"{quoted(domain)}",
            at=at,
            hint="keep one of them: both would manage the same clients",
            also=((first_at, "first used here"),),
        )

    def _clients(
        self,
        entry: Entry,
        clients_by_form: Mapping[str, ClientEntry],
        policy: LifecycleSettings,
        values: Values,
    ) -> Iterator[DesiredClient]:
        levels: dict[str | None, LifecycleSettings] = {
            None: policy.override_with(entry.value, self._source_map)
        }
        for claim in sorted(clients_by_form.values(), key=lambda each: each.name):
            source = claim.source
            set_name = None
            if source is not None:
                set_name = source.name
                if set_name not in levels:
                    levels[set_name] = levels[None].override_with(source.settings, self._source_map)
            address = Address(entry.key, claim.name)
            client = self._client(address, claim, levels[set_name], set_name)
            self._target_checker.add(address, client.sinks, claim.at)
            if has_braces(client.description):
                client = replace(client, description=self._description(client, claim, values))
            yield client

    def _description(self, client: DesiredClient, claim: ClientEntry, values: Values) -> str:
        at = self._source_map.value(claim.client, "description")
        filled = client_values(values, client.address)
        text = self._placeholders.fill(client.description, at, filled, claim.at) or ""
        self._check_description(claim.client, text)
        return text.strip()

    def _client(
        self, address: Address, claim: ClientEntry, level: LifecycleSettings, client_set: str | None
    ) -> DesiredClient:
        written = claim.client
        policy = level.override_with(written)
        return DesiredClient(
            address=address,
            scope=self._scope(written["scope"]),
            sinks=policy.sinks,
            place=self._source_map.place(claim.at),
            description=written.get("description", "").strip(),
            on_remove=policy.on_remove,
            protect=policy.protect,
            rotate_after=policy.rotate_after,
            overlap=policy.overlap,
            replace=policy.replace,
            client_set=client_set,
            overrides=claim.overrides,
            inherited=policy.given,
        )

    def _scope(self, written: list[str]) -> tuple[str, ...]:
        key = tuple(written)
        found = self._scopes.get(key)
        if found is None:
            found = self._scopes[key] = canonical(key)
            self._warn_of_scopes(written)
        return found

    def _warn_of_scopes(self, written: list[str]) -> None:
        """Warn once about each scope that only `allow_scopes` contains."""
        for item in self._source_map.items(written):
            if item.value in self._known_scopes:
                continue
            self._known_scopes.add(item.value)
            self.warnings.add(
                ManifestError(
                    code="unknown-scope",
                    message=lambda word: f"this version does not know the scope {word}",
                    at=item.at,
                    word=item.value,
                    hint="`allow_scopes` lists it, so it is sent to Domo unchanged",
                )
            )


def _domain(entry: Entry) -> str:
    return str(entry.value.get("domain", f"{entry.key}.domo.com")).lower()


def _no_auth(entry: Entry) -> ManifestError:
    return ManifestError(
        code="missing-auth",
        message=f"the instance {quoted(entry.key)} has clients and no `auth`",
        at=entry.key_at,
        hint="give it an `auth`, or write one under `defaults`",
    )


def _no_host(entry: Entry) -> ManifestError:
    return ManifestError(
        code="missing-domain",
        message=f"the key {quoted(entry.key)} cannot be used as a host name",
        at=entry.key_at,
        hint="write the instance's `domain`",
    )
