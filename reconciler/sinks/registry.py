"""The ports `Sinks` and `SinkReader`: passes each target to the adapter of its type."""

import asyncio
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeVar

from reconciler import plugins
from reconciler.model.client import Delivery
from reconciler.model.errors import ReconcilerError, SinkFailed, SinkUnreadable
from reconciler.model.leftover import Fate, Leftover
from reconciler.model.sink import SinkTarget
from reconciler.model.strings import join_limited, plural
from reconciler.ports.plugin import SinkAdapter, UnusableTarget
from reconciler.ports.sinks import ReadBack
from reconciler.sinks import leftovers
from reconciler.sinks.definitions import recorded_target
from reconciler.system.child_process import KeepErrors
from reconciler.system.host import LocalHost
from reconciler.system.process_reaper import ProcessReaper

_REASONS: Final = 10
"""How many reasons a failed probe shows: more would push the first ones off a screen."""

_NAMED: Final = 3
"""How many targets one reason names."""

_Result = TypeVar("_Result")


class LocalSinks:
    """Delivers secrets to every type of sink from this machine.

    `root` is the manifest's folder. `hidden` are the variables that no child process gets.
    `keeper` ends commands with this process; `concurrency` is how many of them run at once. `keep`
    stores the error output of failed commands.
    """

    def __init__(
        self,
        root: Path,
        environ: Mapping[str, str],
        hidden: frozenset[str],
        *,
        keeper: ProcessReaper,
        keep: KeepErrors,
        concurrency: int = 8,
    ) -> None:
        self._host = LocalHost(
            root=root,
            environ=environ,
            hidden=hidden,
            reaper=keeper,
            keep=keep,
            free=asyncio.Semaphore(concurrency),
        )
        self._adapters: dict[str, SinkAdapter] = {}

    async def probe(self, targets: Iterable[SinkTarget]) -> None:
        """Check that each target can take a secret; leave nothing behind and run no command.

        Raises:
            SinkFailed: with the first ten reasons why targets cannot.
            BrokenPlugin: the adapter of a type cannot be loaded.

        """
        grouped: dict[str, list[SinkTarget]] = {}
        for each in targets:
            grouped.setdefault(each.kind, []).append(each)
        found: list[UnusableTarget] = []
        for kind, group in sorted(grouped.items(), key=lambda each: _order(each[0])):
            probing = self._adapter(kind).probe(group)
            found += await _guarded(probing, group[0], SinkFailed)
        if found:
            raise SinkFailed(
                "\n".join(_report(found)),
                hint="no client is created before every sink can take its secret: fix these first",
            )

    async def deliver(self, target: SinkTarget, delivery: Delivery) -> None:
        """Deliver the secret; a repeated delivery has no further effect.

        Raises:
            SinkFailed: the target may not have it.
            BrokenPlugin: the adapter cannot be loaded.

        """
        delivering = self._adapter(target.kind).deliver(target, delivery)
        await _guarded(delivering, target, SinkFailed)

    async def read(self, target: SinkTarget) -> ReadBack:
        """Return what a consumer would find at the target.

        Raises:
            SinkUnreadable: it contains nothing, or nothing that can be used.
            BrokenPlugin: the adapter cannot be loaded.

        """
        return await _guarded(self._adapter(target.kind).read(target), target, SinkUnreadable)

    async def read_recorded(self, text: str) -> ReadBack:
        """Return the secret in a file that a delivery recorded as `text`.

        Raises:
            SinkUnreadable: the text names no file, or the file cannot be used.

        """
        target = recorded_target(text)
        if target is None:
            raise SinkUnreadable("the recorded target is not a file in the manifest's folder")
        return await self.read(target)

    async def sweep(self, files: Sequence[tuple[Leftover, bool]]) -> Sequence[Fate]:
        """Look at each leftover file, and remove the marked ones that are provably unchanged."""
        return await asyncio.to_thread(leftovers.sweep, files, self._host.root) if files else ()

    def _adapter(self, kind: str) -> SinkAdapter:
        if kind not in self._adapters:
            definition = plugins.sink_type(kind)
            if definition is None:
                raise SinkFailed(f"no plugin provides sinks of type `{kind}`")
            adapter: SinkAdapter = plugins.load_adapter(definition)(self._host)
            self._adapters[kind] = adapter
        return self._adapters[kind]


async def _guarded(
    doing: Awaitable[_Result], target: SinkTarget, failure: type[ReconcilerError]
) -> _Result:
    """Turn an unexpected exception of a plugin into `failure`; its text may contain a secret."""
    try:
        return await doing
    except ReconcilerError:
        raise
    except Exception as error:  # noqa: BLE001 (a plugin may raise anything)
        raise failure(
            f"sink {target.sink}: the plugin for `{target.kind}` raised {type(error).__name__}",
            hint="this is an error in the plugin; the secret is kept",
        ) from None


def _order(kind: str) -> tuple[bool, bool, str]:
    """Probe files before commands, and plugins last."""
    return kind not in plugins.BUILT_IN[plugins.SINKS], kind != "file", kind


def _report(found: Sequence[UnusableTarget]) -> list[str]:
    groups: dict[tuple[str, str], list[str]] = {}
    for each in found:
        groups.setdefault((each.before, each.why), []).append(each.what)
    reasons = [
        f"{before}{join_limited(names, _NAMED)}{why}" for (before, why), names in groups.items()
    ]
    shown = [f"{plural(len(found), 'sink target')} cannot take a secret:", *reasons[:_REASONS]]
    if len(reasons) > _REASONS:
        shown.append(f"and {len(reasons) - _REASONS:,} more reasons")
    return shown
