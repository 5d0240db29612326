"""The public Python API. Import it from `reconciler`."""

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from reconciler import bootstrap
from reconciler.model.timestamps import format_utc
from reconciler.operations.apply import ApplyReport, ApplyRequest
from reconciler.operations.callback_listener import CallbackListener
from reconciler.operations.check import CheckReport
from reconciler.operations.plan import PlanOptions
from reconciler.operations.reviewed_plan import ReviewedPlan
from reconciler.operations.verify import VerifyReport
from reconciler.operations.workspace import LoadedState, ProjectPaths, load_state, read_manifest

if TYPE_CHECKING:
    from reconciler.apply.events import Event
    from reconciler.model.manifest import Manifest
    from reconciler.operations.import_clients import ImportReport
    from reconciler.plan.action import Plan
    from reconciler.plan.selection import Selection
    from reconciler.stores.encryption import Identity

_NO_LABELS: Mapping[str, str] = {}


class Project:
    """A manifest and its state, on this machine.

    Open it with `Project.open`. The manifest is read once; the state is read by each method. The
    methods of one project may be called from several threads, but only one apply at a time gets
    the lock of the state.
    """

    def __init__(
        self,
        machine: bootstrap.Machine,
        paths: ProjectPaths,
        *,
        as_of: str | None = None,
        identities: "Sequence[Identity]" = (),
        identity_files: Sequence[str] = (),
    ) -> None:
        self._machine = machine
        self._paths = paths
        self._as_of = as_of
        self._identities = tuple(identities)
        self._identity_files = tuple(identity_files)

    @classmethod
    def open(  # noqa: PLR0913 (every argument but the first is optional)
        cls,
        path: "str | os.PathLike[str]" = "reconciler.yaml",
        *,
        state: "str | os.PathLike[str] | None" = None,
        identities: "Sequence[str | os.PathLike[str]]" = (),
        environ: Mapping[str, str] | None = None,
        concurrency: int = 16,
        rate: float | None = None,
        as_of: datetime | None = None,
    ) -> Self:
        """Read and validate a manifest, a file or a folder of files.

        Args:
            path: The manifest.
            state: The state file; by default the one that the manifest names.
            identities: Files of private keys that open sealed secrets.
            environ: The variables that credentials may refer to; by default those of this process.
            concurrency: How many instances are worked on at once.
            rate: Requests a second for each host; None for no limit.
            as_of: The instant that ages are computed at, with a time zone; by default today at
                00:00 UTC.

        Raises:
            InvalidInput: The manifest has errors. `diagnostics` contains all of them, `location` is
                the place of the first.
            CredentialUnavailable: An identity file is missing, or contains no usable key.
            ReconcilerError: A file cannot be read.
            ValueError: `as_of` has no time zone, or `concurrency` is less than 1.

        """
        if concurrency < 1:
            raise ValueError("concurrency is less than 1")
        if as_of is not None and as_of.tzinfo is None:
            raise ValueError("as_of has no time zone")
        paths = ProjectPaths(
            file=os.fspath(path), state=None if state is None else os.fspath(state)
        )
        desired = read_manifest(paths)
        files = [os.fspath(each) for each in identities]
        settings = bootstrap.Settings(
            environ=os.environ if environ is None else environ, concurrency=concurrency, rate=rate
        )
        machine = bootstrap.Machine(
            desired=desired, store=bootstrap.open_store(paths, desired), settings=settings
        )
        return cls(
            machine,
            paths,
            as_of=None if as_of is None else format_utc(as_of.astimezone(UTC)),
            identities=bootstrap.read_identities(files),
            identity_files=files,
        )

    @property
    def manifest(self) -> "Manifest":
        """The manifest, with client sets and placeholders resolved."""
        return self._machine.desired

    def plan(
        self,
        *,
        targets: Sequence[str] = (),
        excludes: Sequence[str] = (),
        labels: Mapping[str, str] = _NO_LABELS,
        refresh: bool = False,
        accept_missing: Sequence[str] = (),
    ) -> "Plan":
        """Compare the manifest with the state; without `refresh` this needs no network.

        The same manifest, state and `as_of` give the same plan.

        Args:
            targets: Instances, addresses or globs, as in `acme-*/Reporting`; by default everything.
            excludes: What to leave out, written like targets.
            labels: Labels that an instance must have.
            refresh: Sign on to the instances, and plan with what they really have.
            accept_missing: Instances of which a list without any known client is believed.

        Raises:
            UsageError: A target, an exclude or the labels match nothing.
            StateRefused: The state or a journal is corrupt, or written by a newer version.

        """
        from reconciler.operations.plan import draw_plan

        options = PlanOptions(
            as_of=self._as_of or _today(),
            targets=tuple(targets),
            excludes=tuple(excludes),
            labels=dict(labels),
            refresh=refresh,
            accept_missing=tuple(accept_missing),
        )
        return draw_plan(self._new_run(), self._load_state(), options)

    def apply(  # noqa: PLR0913 (every argument but the first is optional)
        self,
        plan: "Plan",
        *,
        on_event: "Callable[[Event], object] | None" = None,
        skip_stale: bool = False,
        override_limits: bool = False,
        prune_sinks: bool = False,
        ledger: "str | os.PathLike[str] | None" = None,
        lock_timeout: float = 0,
    ) -> ApplyReport:
        """Apply exactly this plan, or what an interrupted apply has left of it.

        An interrupt with Ctrl-C lets the changes in flight finish and raises afterwards. Call it
        outside of an event loop; `apply_async` is for one.

        Args:
            plan: What `plan` returned. It is applied without a question.
            on_event: Is called with each event of `reconciler.apply.events`. If it raises, nothing
                new starts, and the exception is raised when the run has ended.
            skip_stale: Leave out the instances whose part of the plan has changed.
            override_limits: Apply a plan that exceeds a limit of the manifest.
            prune_sinks: Remove the secret files of revoked clients.
            ledger: A file that gets a line for each change.
            lock_timeout: How many seconds to wait for the lock of the state.

        Returns:
            What was done. A failure of one instance or client is a part of it and not an exception:
            check `complete`.

        Raises:
            PlanRefused: The plan is a different one now (the message contains the difference), or
                a check stops it. Nothing was sent.
            LockHeld: Another run has the lock.
            StateRefused: The state is corrupt, newer, or was changed meanwhile. Nothing was sent.
            StateUnwritable: The state or its journal cannot be written. Nothing was sent.
            SinkFailed: A sink cannot take a secret. Nothing was sent.

        """
        listener = CallbackListener(on_event)
        request = self._request(
            plan,
            skip_stale=skip_stale,
            override_limits=override_limits,
            prune=prune_sinks,
            ledger=None if ledger is None else os.fspath(ledger),
            lock_timeout=lock_timeout,
        )
        return self._apply(request, listener)

    async def apply_async(  # noqa: PLR0913 (every argument but the first is optional)
        self,
        plan: "Plan",
        *,
        on_event: "Callable[[Event], object] | None" = None,
        skip_stale: bool = False,
        override_limits: bool = False,
        prune_sinks: bool = False,
        ledger: "str | os.PathLike[str] | None" = None,
        lock_timeout: float = 0,
    ) -> ApplyReport:
        """Apply as `apply` does, in a thread; `on_event` is called in the caller's event loop.

        A cancellation lets the changes in flight finish before it is raised.

        Raises:
            The same errors as `apply`.

        """
        loop = asyncio.get_running_loop()

        def forward(event: "Event") -> None:
            if on_event is not None:
                loop.call_soon_threadsafe(on_event, event)

        listener = CallbackListener(forward)
        request = self._request(
            plan,
            skip_stale=skip_stale,
            override_limits=override_limits,
            prune=prune_sinks,
            ledger=None if ledger is None else os.fspath(ledger),
            lock_timeout=lock_timeout,
        )
        run = asyncio.ensure_future(asyncio.to_thread(self._apply, request, listener))
        try:
            return await asyncio.shield(run)
        except asyncio.CancelledError:
            listener.stop()
            await asyncio.wait([run])
            raise

    def check(
        self,
        *,
        targets: Sequence[str] = (),
        excludes: Sequence[str] = (),
        labels: Mapping[str, str] = _NO_LABELS,
    ) -> CheckReport:
        """Sign on to every instance and probe every sink; change nothing.

        Raises:
            UsageError: A target, an exclude or the labels match nothing.

        """
        from reconciler.operations import check

        return check.check(self._new_run(), _selection(targets, excludes, labels))

    def verify(
        self,
        *,
        targets: Sequence[str] = (),
        excludes: Sequence[str] = (),
        labels: Mapping[str, str] = _NO_LABELS,
    ) -> VerifyReport:
        """Sign in with every secret that may be read; change nothing.

        A sealed secret is tried if one of the project's identities opens it.

        Raises:
            UsageError: A target, an exclude or the labels match nothing.
            StateRefused: The state or a journal is corrupt, or written by a newer version.

        """
        from reconciler.operations import verify

        return verify.verify(
            self._new_run(),
            self._load_state(),
            _selection(targets, excludes, labels),
            identity_files=self._identity_files,
        )

    def import_clients(
        self,
        *,
        targets: Sequence[str] = (),
        excludes: Sequence[str] = (),
        labels: Mapping[str, str] = _NO_LABELS,
        take_over: bool = False,
        lock_timeout: float = 0,
    ) -> "ImportReport":
        """Import every client of the manifest that exists at Domo and is not managed.

        Nothing is changed at Domo. `take_over` imports clients with the mark of another state, for
        a state that no longer exists.

        Raises:
            UsageError: A target, an exclude or the labels match nothing.
            LockHeld: Another run has the lock.
            StateRefused: The state or a journal is corrupt, or written by a newer version.
            StateUnwritable: The state cannot be written.

        """
        from reconciler.operations.import_clients import import_all
        from reconciler.plan.imports import ImportOptions

        instances = self.manifest.instances
        return import_all(
            self._new_run(),
            [key for key, each in instances.items() if each.auth is not None],
            _selection(targets, excludes, labels),
            ImportOptions(take_over=take_over),
            lock_timeout=lock_timeout,
        )

    def _new_run(self) -> bootstrap.Machine:
        """Return adapters of their own for one call: each run has its own name and error log."""
        settings = replace(self._machine.settings, run=bootstrap.new_run())
        return bootstrap.Machine(
            desired=self._machine.desired,
            store=bootstrap.open_store(self._paths, self._machine.desired),
            settings=settings,
        )

    def _load_state(self) -> LoadedState:
        return load_state(self._machine.store, self._identities)

    def _request(
        self,
        plan: "Plan",
        *,
        skip_stale: bool,
        override_limits: bool,
        prune: bool,
        ledger: str | None,
        lock_timeout: float,
    ) -> ApplyRequest:
        return ApplyRequest(
            paths=self._paths,
            options=PlanOptions(as_of=plan.as_of, refresh=plan.refreshed),
            reviewed=ReviewedPlan(plan_id=plan.id, saved=plan),
            skip_stale=skip_stale,
            override_limits=override_limits,
            prune=prune,
            identities=self._identities,
            lock_timeout=lock_timeout,
            ledger=ledger,
        )

    def _apply(self, request: ApplyRequest, listener: "CallbackListener") -> ApplyReport:
        from reconciler.operations.apply import apply

        report = apply(self._new_run(), request, listener)
        if listener.error is not None:
            raise listener.error
        return report


def _selection(
    targets: Sequence[str], excludes: Sequence[str], labels: Mapping[str, str]
) -> "Selection | None":
    options = PlanOptions(
        as_of="", targets=tuple(targets), excludes=tuple(excludes), labels=dict(labels)
    )
    return options.selection


def _today() -> str:
    return format_utc(datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0))
