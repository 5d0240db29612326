"""The options of the commands that apply a plan: `apply`, `rotate`, `destroy` and `forget`."""

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reconciler.cli.options import (
    Command,
    as_of_option,
    format_option,
    identity_option,
    lock_timeout_option,
    option,
    output_options,
    refresh_options,
    where_options,
)
from reconciler.cli.types import Duration
from reconciler.cli.values import ConnectionOptions, SelectionOptions, plan_options
from reconciler.operations.workspace import ProjectPaths

if TYPE_CHECKING:
    from reconciler.operations.apply import ApplyRequest, RequestBuilder
    from reconciler.operations.reviewed_plan import ReviewedPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyOptions:
    """The options of every command that carries a plan out; times are in seconds."""

    where: ProjectPaths
    as_of: str
    reach: ConnectionOptions
    auto_approve: bool
    override_limits: bool
    identities: tuple[str, ...]
    lock_timeout: float
    absence_window: float
    ledger: str | None
    output: str

    def request(
        self,
        purpose: str,
        *,
        chosen: SelectionOptions | None = None,
        build_request: "RequestBuilder | None" = None,
        reviewed: "ReviewedPlan | None" = None,
        skip_stale: bool = False,
        prune: bool = False,
    ) -> "ApplyRequest":
        """Return the request that these options make."""
        from reconciler.operations.apply import ApplyRequest

        return ApplyRequest(
            paths=self.where,
            options=plan_options(chosen or SelectionOptions(), self.reach, self.as_of),
            purpose=purpose,
            build_request=build_request,
            reviewed=reviewed,
            skip_stale=skip_stale,
            override_limits=self.override_limits,
            prune=prune,
            lock_timeout=self.lock_timeout,
            absence_window=self.absence_window,
            ledger=self.ledger,
        )


def applying_options(command: Command) -> Command:
    """Add the options of every command that applies a plan; the command gets `how`."""

    @where_options
    @as_of_option
    @option(
        "--auto-approve", is_flag=True,
        help="Do not ask for approval; required if there is no terminal.",
    )  # fmt: skip
    @option(
        "--override-limits", is_flag=True,
        help="Apply a plan that exceeds a limit of the manifest.",
    )  # fmt: skip
    @refresh_options
    @identity_option
    @lock_timeout_option
    @option(
        "--absence-window", type=Duration(), default="5s", show_default=True, metavar="DURATION",
        help="How long a client must be missing from the lists to count as not created.",
    )  # fmt: skip
    @option("--ledger", metavar="FILE", help="Append a line to this file for each change.")
    @format_option("text", "json")
    @output_options
    @functools.wraps(command)
    def wrapped(  # noqa: PLR0913 (one argument for each option)
        *args: Any,
        where: ProjectPaths,
        as_of: str,
        reach: ConnectionOptions,
        auto_approve: bool,
        override_limits: bool,
        identities: tuple[str, ...],
        lock_timeout: float,
        absence_window: float,
        ledger: str | None,
        output: str,
        **others: Any,
    ) -> int:
        how = ApplyOptions(
            where=where,
            as_of=as_of,
            reach=reach,
            auto_approve=auto_approve,
            override_limits=override_limits,
            identities=identities,
            lock_timeout=lock_timeout,
            absence_window=absence_window,
            ledger=ledger,
            output=output,
        )
        return command(*args, how=how, **others)

    return wrapped


prune_option = option(
    "--prune-sinks", "prune", is_flag=True,
    help="Remove the secret files of revoked clients, if they are what was delivered.",
)  # fmt: skip
out_option = option("--out", metavar="FILE", help="Save the plan, for `reconciler apply FILE`.")
