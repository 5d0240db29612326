"""Find sinks and credential sources by name: built in, or in the entry points of plugins.

A plugin is an installed distribution with an entry point in one of the groups. The entry point
names the definition class of a type, and the definition names its adapter as `module:Class`. They
are imported separately, so that a plan loads the definition alone.

The installed distributions are searched only for a name that is not built in, because the search
takes longer than a small plan.
"""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, TypeVar

from reconciler.model.errors import BrokenPlugin
from reconciler.model.reference import CredentialRef
from reconciler.model.sink import SinkDefinition
from reconciler.model.strings import printable

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

_Type = TypeVar("_Type")
Definition = type[SinkDefinition] | type[CredentialRef]
_REINSTALL: Final = "update or reinstall the plugin, or remove its type from the manifest"

SINKS: Final = "reconciler.sinks"
CREDENTIALS: Final = "reconciler.credentials"

BUILT_IN: Final[Mapping[str, Mapping[str, str]]] = {
    SINKS: {
        "file": "reconciler.sinks.definitions:FileSink",
        "exec": "reconciler.sinks.definitions:ExecSink",
    },
    CREDENTIALS: {
        "env": "reconciler.credentials.references:EnvRef",
        "file": "reconciler.credentials.references:FileRef",
        "command": "reconciler.credentials.references:CommandRef",
    },
}


@cache
def sink_type(name: str) -> type[SinkDefinition] | None:
    """Return the definition class of a type of sinks, None if no plugin provides the type.

    Raises:
        BrokenPlugin: the class cannot be loaded.

    """
    # mypy rejects an abstract class as an argument; its subclass is what is returned.
    return _definition(SINKS, name, SinkDefinition, "type")  # type: ignore[type-abstract]


@cache
def credential_source(name: str) -> type[CredentialRef] | None:
    """Return the class of a source's references, None if no plugin provides the source.

    Raises:
        BrokenPlugin: the class cannot be loaded.

    """
    # As above.
    return _definition(CREDENTIALS, name, CredentialRef, "source")  # type: ignore[type-abstract]


def load_adapter(definition: Definition) -> Any:
    """Import the adapter class of a definition.

    Raises:
        BrokenPlugin: it cannot be imported.

    """
    return _loaded(definition.adapter, f"the adapter {definition.adapter}")


def failed(
    definition: type[SinkDefinition] | type[CredentialRef], error: Exception
) -> BrokenPlugin:
    """Return the error for an unexpected exception of a definition; its text may show a value."""
    return BrokenPlugin(
        f"{definition.__module__}:{definition.__qualname__} raised {type(error).__name__}",
        hint=_REINSTALL,
    )


def _definition(group: str, name: str, base: type[_Type], key: str) -> type[_Type] | None:
    path = BUILT_IN[group].get(name)
    what = f"`{name}` of the group {group}"
    if path is None:
        from importlib.metadata import entry_points

        # Two distributions may provide the same name: the choice must not depend on their order.
        found = sorted(entry_points(group=group, name=name), key=lambda each: each.value)
        if not found:
            return None
        path = found[0].value
        what += f" in {_distribution(found[0])}"
        if len({each.value for each in found}) > 1:
            raise BrokenPlugin(
                f"two plugins provide {what.partition(' in ')[0]}: "
                + ", ".join(_distribution(each) for each in found),
                hint="uninstall one of them",
            )
    loaded = _loaded(path, what)
    if not (isinstance(loaded, type) and issubclass(loaded, base)):
        raise BrokenPlugin(f"{what}: {path} is not a subclass of {base.__name__}", hint=_REINSTALL)
    missing = sorted(
        {each for each in (key, "schema", "adapter") if not hasattr(loaded, each)}
        | getattr(loaded, "__abstractmethods__", frozenset())
    )
    if missing or getattr(loaded, key) != name:
        why = f"lacks {', '.join(missing)}" if missing else f"has another `{key}`"
        raise BrokenPlugin(f"{what}: {path} {why}", hint=_REINSTALL)
    return loaded


def _loaded(path: str, what: str) -> Any:
    module, _, name = path.partition(":")
    try:
        return getattr(import_module(module), name)
    except Exception as error:
        raise BrokenPlugin(
            f"{what} cannot be loaded: {type(error).__name__}: {printable(str(error))}",
            hint=_REINSTALL,
        ) from error


def _distribution(found: "EntryPoint") -> str:
    return f"{found.dist.name} {found.dist.version}" if found.dist else found.value
