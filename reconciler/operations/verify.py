"""Signs in with every secret that may be read."""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.model.errors import UsageError
from reconciler.model.sink import Reading
from reconciler.model.strings import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reconciler.apply.verify import SecretCheckResult
    from reconciler.model.manifest import Manifest
    from reconciler.operations.adapters import Adapters
    from reconciler.operations.workspace import LoadedState
    from reconciler.plan.selection import Predicate, Selection


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyReport:
    """What was found out about each secret, in the order of the addresses."""

    results: "Sequence[SecretCheckResult]"

    @property
    def complete(self) -> bool:
        """Return whether every place that received a secret has one that works."""
        return not any(each.finding.fails for each in self.results)


def verify(
    machine: "Adapters",
    ground: "LoadedState",
    selection: "Selection | None",
    *,
    from_sinks: frozenset[str] = frozenset(),
    identity_files: "Sequence[str]" = (),
) -> VerifyReport:
    """Sign in with the secrets of a selection; run the `read` commands of `from_sinks`.

    `identity_files` are the files of `ground.identities`, for messages.

    Raises:
        UsageError: the selection matches nothing.

    """
    from reconciler.apply.verify import with_identity_errors, with_location
    from reconciler.plan.selection import predicate

    meant = predicate(selection, machine.desired, ground.known)
    found = asyncio.run(_sign_in(machine, ground, meant, from_sinks))
    placed = with_location(found, ground.working, ground.state)
    return VerifyReport(results=tuple(with_identity_errors(placed, identity_files)))


def readable_sinks(desired: "Manifest", names: "Iterable[str]") -> frozenset[str]:
    """Return the sinks of these names, which a command can read back.

    Raises:
        UsageError: one is not in the manifest, or no command of it reads back.

    """
    readable = sorted(
        name for name, sink in desired.sinks.items() if sink.reading is not Reading.ALWAYS
    )
    for name in names:
        sink = desired.sinks.get(name)
        if sink is None:
            near = nearest(name, readable)
            hint = f"did you mean `{near}`?" if near else "name a sink of type exec"
            raise UsageError(f"the manifest has no sink `{name}`", hint=hint)
        if sink.reading is Reading.ALWAYS:
            raise UsageError(
                f"the sink `{name}` needs no --from-sink",
                hint=f"`verify` always reads sinks of type {sink.type}",
            )
        if sink.reading is Reading.NEVER:
            raise UsageError(f"the sink `{name}` cannot be read back", hint=sink.reading_hint)
    return frozenset(names)


async def _sign_in(
    machine: "Adapters", ground: "LoadedState", meant: "Predicate", from_sinks: frozenset[str]
) -> "Sequence[SecretCheckResult]":
    from reconciler.apply import verify

    if ground.working is None:
        return ()
    sources = verify.SecretSources(
        desired=machine.desired,
        sealing=machine.sealing(ground.identities),
        from_sinks=from_sinks,
    )
    with machine.reaper() as keeper:
        async with machine.domo() as domo:
            return await verify.verify(
                verify.trials(ground.working, sources, meant),
                prover=domo,
                reader=machine.sinks(keeper, concurrency=machine.concurrency),
                concurrency=machine.concurrency,
            )
