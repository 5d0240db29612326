"""Write manifest text for existing clients."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from reconciler.model.client import ListedClient
from reconciler.model.instance import Instance
from reconciler.model.manifest import Manifest
from reconciler.model.ownership_mark import split_mark
from reconciler.model.placeholders import literal
from reconciler.model.scope import SCOPES, canonical

Found = Mapping[str, Iterable[ListedClient]]

_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.()/-]*(?: [A-Za-z0-9_.()/-]+)*")
_WORDS: Final = frozenset(("null", "true", "false", "yes", "no", "on", "off", "y", "n"))
"""Words that some YAML parser does not read as text, in any case: YAML 1.1 has more than 1.2."""

_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def document(desired: Manifest, found: Found) -> str:
    """Return a complete manifest that contains the listed clients and their instances."""
    lines = ["version: 1"]
    scopes = {scope for clients in found.values() for each in clients for scope in each.scope}
    if new := sorted(scopes - set(SCOPES)):
        lines.append(f"allow_scopes: [{', '.join(map(text, new))}]")
    foreign = [desired.instances[key] for key in found if desired.instances[key].foreign]
    if foreign:
        lines += _endpoints(foreign[0])
    lines.append("instances:")
    for key, clients in found.items():
        lines += [f"  {text(key)}:", *_settings(desired.instances[key])]
        lines += ["    clients:", *entries(clients, 6)]
    return "\n".join(lines) + "\n"


def entries(clients: Iterable[ListedClient], indent: int) -> Iterator[str]:
    """Yield the lines of list items, one item for each client."""
    for each in clients:
        fields = [
            f"name: {text(literal(each.name))}",
            f"scope: [{', '.join(canonical(each.scope))}]",
        ]
        description = _CONTROLS.sub(" ", split_mark(each.description)[0])
        if description:
            fields.append(f"description: {text(literal(description))}")
        yield " " * indent + "- {" + ", ".join(fields) + "}"


def text(value: str) -> str:
    """Return a text as a YAML scalar: plain if no parser could read it differently, else quoted."""
    if _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    return json.dumps(value, ensure_ascii=False)


def _endpoints(instance: Instance) -> Iterator[str]:
    base = instance.endpoints.instance.replace(instance.domain, "{domain}")
    yield f"endpoints: {{api: {text(instance.endpoints.api)}, instance: {text(base)}}}"


def _settings(instance: Instance) -> Iterator[str]:
    yield f"    domain: {text(instance.domain)}"
    if instance.labels:
        pairs = ", ".join(f"{text(name)}: {text(at)}" for name, at in instance.labels.items())
        yield f"    labels: {{{pairs}}}"
    if instance.auth is not None:
        yield f"    auth: {_flow(instance.auth.definition())}"


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {_flow(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_flow(each) for each in value) + "]"
    return text(value) if isinstance(value, str) else json.dumps(value)
