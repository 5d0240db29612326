"""Completes addresses, instances, labels, sinks and codes in a shell.

The values come from the manifest and the state. If either cannot be read, there are fewer values,
and never an error message in the middle of a command line.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from click.shell_completion import CompletionItem

from reconciler.cli.values import MANIFEST
from reconciler.operations.workspace import ProjectPaths

if TYPE_CHECKING:
    import click

    from reconciler.model.address import Address
    from reconciler.model.manifest import Manifest

MANY: Final = 100
"""With more addresses than this, their instances are offered first."""


def addresses(ctx: "click.Context", begun: str) -> list[CompletionItem[str]]:
    """Return the addresses that begin so; of very many, only their instances, with a slash."""
    known = _Known.of(ctx)
    return _items(_addresses(known, begun))


def targets(ctx: "click.Context", begun: str) -> list[CompletionItem[str]]:
    """Return the instances and addresses that begin so."""
    known = _Known.of(ctx)
    instances = [each for each in known.instances if each.startswith(begun)]
    return _items([*instances, *_addresses(known, begun)])


def instances(ctx: "click.Context", begun: str) -> list[CompletionItem[str]]:
    """Return the instances that begin so."""
    return _items(each for each in _Known.of(ctx).instances if each.startswith(begun))


def labels(ctx: "click.Context", begun: str) -> list[CompletionItem[str]]:
    """Return the labels of instances that begin so."""
    desired = _Known.of(ctx).desired
    if desired is None:
        return []
    pairs = {
        f"{name}={value}"
        for instance in desired.instances.values()
        for name, value in instance.labels.items()
    }
    return _items(each for each in pairs if each.startswith(begun))


def readable_sinks(ctx: "click.Context", begun: str) -> list[CompletionItem[str]]:
    """Return the sinks that can be read back by a command and begin so."""
    from reconciler.model.sink import Reading

    desired = _Known.of(ctx).desired
    sinks = desired.sinks.items() if desired is not None else ()
    readable = (name for name, sink in sinks if sink.reading is Reading.ON_REQUEST)
    return _items(each for each in readable if each.startswith(begun))


def codes(_ctx: "click.Context", begun: str) -> list[CompletionItem[str]]:
    """Return the codes that begin so."""
    from reconciler.cli.error_codes import explanations

    return _items(each for each in explanations() if each.startswith(begun) and "*" not in each)


def files(_ctx: "click.Context", begun: str) -> list[CompletionItem[str]]:
    """Return a marker that lets the shell complete file names."""
    return [CompletionItem(begun, type="file")]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What can be completed. `desired` is None if the manifest cannot be read."""

    desired: "Manifest | None"
    addresses: "frozenset[Address]"

    @classmethod
    def of(cls, ctx: "click.Context") -> Self:
        """Read the manifest and the state that the command line names so far."""
        from reconciler.bootstrap import find_store, open_store
        from reconciler.operations.workspace import load_manifest

        where = ProjectPaths(file=ctx.params.get("file") or MANIFEST, state=ctx.params.get("state"))
        desired, found = None, set["Address"]()
        with suppress(Exception):
            desired = load_manifest(where)
            found.update(desired.clients)
        with suppress(Exception):
            store = open_store(where, desired) if desired is not None else find_store(where)
            state = store.read()
            found.update(state.clients if state is not None else ())
        return cls(desired=desired, addresses=frozenset(found))

    @property
    def instances(self) -> frozenset[str]:
        """Return the keys of all instances."""
        keys = frozenset(each.instance for each in self.addresses)
        return keys.union(self.desired.instances if self.desired is not None else ())


def _addresses(known: _Known, begun: str) -> list[str]:
    key, slash, _ = begun.partition("/")
    if slash:
        near = (each for each in known.addresses if each.instance == key)
    else:
        near = (each for each in known.addresses if each.instance.startswith(key))
    found = [text for each in near if (text := str(each)).startswith(begun)]
    if slash or len(found) <= MANY:
        return found
    return sorted({text.partition("/")[0] + "/" for text in found})


def _items(values: Iterable[str]) -> list[CompletionItem[str]]:
    """Return the completions in order, without those that do not fit on a line."""
    return [CompletionItem(each) for each in sorted(set(values)) if each.isprintable()]
