"""The options that commands share, with one name and one environment variable each.

Every option reads `RECONCILER_<OPTION>` as well, the same variable for each command that has it;
a repeatable one takes a value from each line of its variable. A group of options is a decorator
that hands the command one value.
"""

import functools
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.types import Duration, Instant, Label, Lines, Rate, completed
from reconciler.cli.values import MANIFEST, ConnectionOptions, SelectionOptions
from reconciler.cli.views.console import Console
from reconciler.model import timestamps
from reconciler.operations.workspace import ProjectPaths

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

Command = Callable[..., int]
Decorator = Callable[[Command], Command]


def option(*names: str, **settings: Any) -> Decorator:
    """Return a `click.option` whose environment variable is `RECONCILER_` and its long name."""
    long = next(name for name in names if name.startswith("--"))
    variable = "RECONCILER_" + long.removeprefix("--").replace("-", "_").upper()
    settings.setdefault("envvar", variable)
    settings.setdefault("show_envvar", True)
    if settings.get("metavar") in ("PATH", "FILE"):
        settings.setdefault("shell_complete", _complete_files)
    return click.option(*names, **settings)


def _complete_files(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> "list[CompletionItem[str]]":
    del param
    return completed("files", ctx, incomplete)


def where_options(command: Command) -> Command:
    """Add `-f` and `--state`; the command gets `where`."""

    @_file_option
    @option("--state", metavar="PATH", help="State file; by default the one the manifest names.")
    @functools.wraps(command)
    def wrapped(*args: Any, file: str, state: str | None, **others: Any) -> int:
        return command(*args, where=ProjectPaths(file=file, state=state), **others)

    return wrapped


def file_option(command: Command) -> Command:
    """Add `-f` alone; the command gets `where`."""

    @_file_option
    @functools.wraps(command)
    def wrapped(*args: Any, file: str, **others: Any) -> int:
        return command(*args, where=ProjectPaths(file=file), **others)

    return wrapped


def chosen_options(command: Command) -> Command:
    """Add `--target`, `--exclude` and `--label`; the command gets `chosen`."""

    @option(
        "--target", "targets", type=Lines("address", "targets"), multiple=True, metavar="ADDRESS",
        help="Only this address, instance or glob, as in 'acme-*/Reporting' (repeatable).",
    )  # fmt: skip
    @option(
        "--exclude", "excludes", type=Lines("address", "targets"), multiple=True, metavar="ADDRESS",
        help="All but this address, instance or glob (repeatable).",
    )  # fmt: skip
    @option(
        "--label", "labels", type=Label(), multiple=True, metavar="K=V",
        help="Only instances with this label (repeatable: with all of them).",
    )  # fmt: skip
    @functools.wraps(command)
    def wrapped(
        *args: Any,
        targets: tuple[str, ...],
        excludes: tuple[str, ...],
        labels: tuple[tuple[str, str], ...],
        **others: Any,
    ) -> int:
        chosen = SelectionOptions(targets=targets, excludes=excludes, labels=labels)
        return command(*args, chosen=chosen, **others)

    return wrapped


def format_option(*formats: str) -> Decorator:
    """Add `--format` with these choices, the first being the default; gives `output`."""
    return option(
        "--format", "output", type=click.Choice(formats), default=formats[0], show_default=True,
        help="How the answer is written.",
    )  # fmt: skip


def link_option(command: Command) -> Command:
    """Add `--link-base`; the command gets `link_base`, None without it.

    It becomes the target of links, so nothing but a page can be one.
    """

    def check(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
        if value is not None and not value.startswith(("https://", "http://")):
            raise click.BadParameter("write a URL, as in https://…", ctx=ctx, param=param)
        return value

    return option(
        "--link-base", metavar="URL", callback=check,
        help="Where markdown and html link the manifest's lines to: the URL of its folder.",
    )(command)  # fmt: skip


def as_of_option(command: Command) -> Command:
    """Add `--as-of`; the command gets `as_of`, a UTC stamp, by default today's 00:00 UTC."""

    @option(
        "--as-of", "as_of", type=Instant(), metavar="INSTANT",
        help="The instant at which ages are computed, as in 2026-01-31; default: today, 00:00 UTC.",
    )  # fmt: skip
    @functools.wraps(command)
    def wrapped(*args: Any, as_of: datetime | None, **others: Any) -> int:
        moment = as_of or datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return command(*args, as_of=timestamps.format_utc(moment), **others)

    return wrapped


def refresh_options(command: Command) -> Command:
    """Add what a refresh needs; the command gets `reach`."""

    @option(
        "--refresh", is_flag=True,
        help="Sign on to the instances and plan with what they really have.",
    )  # fmt: skip
    @option(
        "--accept-missing", type=Lines("key", "instances"), multiple=True, metavar="INSTANCE",
        help="Believe a list that shows none of the clients known on INSTANCE (repeatable).",
    )  # fmt: skip
    @reach_options("Instances worked on at once.")
    @functools.wraps(command)
    def wrapped(
        *args: Any,
        refresh: bool,
        accept_missing: tuple[str, ...],
        reach: ConnectionOptions,
        **others: Any,
    ) -> int:
        reach = replace(reach, refresh=refresh, accept_missing=accept_missing)
        return command(*args, reach=reach, **others)

    return wrapped


def reach_options(at_once: str) -> Decorator:
    """Add `--concurrency`, which says what is done `at_once`, and `--rate`; gives `reach`."""

    def decorator(command: Command) -> Command:
        @option(
            "--concurrency", type=click.IntRange(1, 512), default=16, show_default=True,
            metavar="N", help=at_once,
        )  # fmt: skip
        @option(
            "--rate", type=Rate(), metavar="N",
            help="Requests a second for each host; no limit without it.",
        )  # fmt: skip
        @functools.wraps(command)
        def wrapped(*args: Any, concurrency: int, rate: float | None, **others: Any) -> int:
            return command(
                *args, reach=ConnectionOptions(concurrency=concurrency, rate=rate), **others
            )

        return wrapped

    return decorator


def identity_option(command: Command) -> Command:
    """Add `--identity`; the command gets `identities`, the files of private keys."""
    return option(
        "--identity", "identities", type=Lines("file"), multiple=True, metavar="FILE",
        help="File of a key that opens sealed secrets; - reads standard input (repeatable).",
    )(command)  # fmt: skip


def print_secrets_option(command: Command) -> Command:
    """Add `--yes-print-secrets`; the command gets `yes_print_secrets`."""
    return option(
        "--yes-print-secrets", is_flag=True,
        help="Print a secret even if standard output is not a terminal.",
    )(command)  # fmt: skip


def approve_option(command: Command) -> Command:
    """Add `--auto-approve`; the command gets `auto_approve`."""
    return option("--auto-approve", is_flag=True, help="Do not ask.")(command)


def lock_timeout_option(command: Command) -> Command:
    """Add `--lock-timeout`; the command gets `lock_timeout`, in seconds."""
    return option(
        "--lock-timeout", type=Duration(), default="0", show_default=True, metavar="DURATION",
        help="How long to wait for another run to end, as in 5m.",
    )(command)  # fmt: skip


def output_options(command: Command) -> Command:
    """Add `-v`, `-q`, `--log-format` and `--no-color`; they change the console."""
    settings = (
        _setting("--no-color", is_flag=True, help="No colour, as with NO_COLOR set."),
        _setting(
            "--log-format", type=click.Choice(["text", "json"]), default="text", show_default=True,
            help="How messages on standard error are written.",
        ),
        _setting(
            "-q", "--quiet", is_flag=True,
            help="Only errors, no text for a reader; data such as JSON is still written.",
        ),
        _setting("-v", "--verbose", count=True, help="Say more; -vv for the place of a bug."),
    )  # fmt: skip
    for setting in settings:
        command = setting(command)
    return command


def _file_option(command: Command) -> Command:
    return option(
        "-f", "--file", metavar="PATH", default=MANIFEST, show_default=True,
        help="The manifest: a file, or a folder of them.",
    )(command)  # fmt: skip


def _setting(*names: str, **settings: Any) -> Decorator:
    return option(*names, expose_value=False, callback=_apply_setting, **settings)


def _apply_setting(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    console = ctx.find_object(Console)
    if console is None:
        return
    match param.name:
        case "verbose":
            console.verbosity = value
        case "quiet":
            console.quiet = value
        case "log_format":
            console.log_format = value
        case _:
            console.colour_allowed = console.colour_allowed and not value
